#!/usr/bin/env python3
"""Packs the page's modules, style and markup into one C++ string.

usage: pack.py DIRECTORY OUTPUT.cc     (OUTPUT.html: the page itself, without data)

The modules are concatenated in the order of their imports, so that a page opened from a file, where
browsers refuse `import`, can run them. Hence the rules, checked here: named imports from relative
paths, `export` before declarations only, and no top-level name twice.
"""
import os
import re
import sys

LIMIT = 110_000
IMPORT = re.compile(r"^import \{([^}]*)\} from '(\.[^']+)';\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)


class Modules:
    def __init__(self, root):
        self.root = root
        self.text = {}

    def order(self, path, done, trail=()):
        """Appends `path` to `done`, what it imports before it."""
        if path in trail:
            sys.exit("pack: circle of imports: %s" % " -> ".join(trail + (path,)))
        if path in done:
            return
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            text = file.read()
        for names, target in IMPORT.findall(text):
            other = os.path.normpath(os.path.join(os.path.dirname(path), target))
            self.order(other, done, trail + (path,))
            missing = {name.strip() for name in names.split(",") if name.strip()} - self.exported(other)
            if missing:
                sys.exit("pack: %s: %s exports no %s" % (path, other, ", ".join(sorted(missing))))
        self.text[path] = text
        done.append(path)

    def exported(self, path):
        return set(re.findall(r"^export (?:async )?(?:function\*?|class|const|let) (\w+)",
                              self.text[path], re.MULTILINE))

    def pack(self, entry):
        done, owner, parts = [], {}, []
        self.order(entry, done)
        for path in done:
            text = self.text[path]
            for name in DECLARED.findall(text):
                if name in owner:
                    sys.exit("pack: %s: %s is declared in %s, too" % (path, name, owner[name]))
                owner[name] = path
            text = EXPORT.sub("", IMPORT.sub("", text))
            if re.search(r"^(import|export)\b", text, re.MULTILINE):
                sys.exit("pack: %s: an import or export of a form that is not known here" % path)
            parts.append(minify(text))
        return "'use strict';" + "".join(parts)


def squeeze(text):
    """Without indentation and empty lines."""
    return "".join(line.strip() + "\n" for line in text.split("\n") if line.strip())


TOKEN = re.compile(r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<string> '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" )
  | (?P<space> [ \t\n]+ )
  | (?P<word> [A-Za-z0-9_$]+ )
  | (?P<sign> . )
""", re.VERBOSE | re.DOTALL)
# A slash behind one of these begins a regular expression, behind anything else it divides.
BEFORE_REGEX = set("(,=:[!&|?{};+-*%<>~^\n")
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")


def template_end(text, at):
    """Behind the template literal that begins at `at`."""
    at += 1
    while text[at] != "`":
        if text[at] == "\\":
            at += 2
        elif text.startswith("${", at):
            at, depth = at + 2, 1
            while depth:
                if text[at] == "`":
                    at = template_end(text, at)
                    continue
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                at += 1
        else:
            at += 1
    return at + 1


def minify(text):
    """Without comments and the spaces that JavaScript does not need. Lines stay lines."""
    out, at, last, gap = [], 0, "\n", ""
    while at < len(text):
        match = TOKEN.match(text, at)
        token, kind = match.group(), match.lastgroup
        regex = REGEX.match(text, at) if token[0] == "/" and kind != "comment" else None
        if kind == "comment":
            token, kind = "", "space"
            at = match.end()
        elif text[at] == "`":
            token = text[at:template_end(text, at)]
            at += len(token)
        elif regex and (last[-1] in BEFORE_REGEX or last == "return"):
            token = regex.group()
            at = regex.end()
        else:
            at = match.end()
        if kind == "space":
            gap = "\n" if "\n" in token else gap or (" " if token else "")
            continue
        word = re.compile(r"[A-Za-z0-9_$]")
        joins = word.match(token[0]) and word.match(last[-1])
        if gap == "\n" and last[-1] not in ",({[;:&|?=\n" and token[0] not in ")]}.&|?:":
            out.append("\n")
        elif gap and (joins or (token[0] in "+-" and token[0] == last[-1])):
            out.append(" ")
        gap = ""
        out.append(token)
        last = token
    return "".join(out) + "\n"


def page(root):
    def read(name):
        with open(os.path.join(root, name), encoding="utf-8") as file:
            return file.read()

    modules = Modules(root)
    parts = {"style": squeeze(re.sub(r"/\*.*?\*/", "", read("page.css"), flags=re.DOTALL)),
             "worker": modules.pack("model/worker.js"),
             "script": modules.pack("view/main.js")}
    for name, text in parts.items():
        if "</s" in text or "<!--" in text:
            sys.exit("pack: %s holds what would end its element" % name)
    whole = re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match.group(1)], squeeze(read("page.html")))
    if len(whole.encode()) > LIMIT:
        sys.exit("pack: the page has %d bytes; %d are allowed" % (len(whole.encode()), LIMIT))
    return whole


def main():
    root, output = sys.argv[1:]
    whole = page(root)
    if output.endswith(".html"):
        text = whole
    else:
        # Compilers need to take no string past 65,536 bytes (C++ [implimits]): an array of them.
        data = whole.encode()
        rows = (",".join("%d" % byte for byte in data[at:at + 40]) for at in range(0, len(data), 40))
        text = ('#include "userspace/page/page.h"\n\nnamespace profd {\nnamespace {\n'
                "constexpr unsigned char kPage[] = {\n%s};\n}  // namespace\n\n"
                "absl::string_view PageTemplate() {\n"
                "  return {reinterpret_cast<const char*>(kPage), sizeof(kPage)};\n}\n"
                "}  // namespace profd\n" % ",\n".join(rows))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
