#!/usr/bin/env python3
"""Packs the page's modules, style and markup into one C++ string.

usage: pack.py DIRECTORY OUTPUT.cc     (OUTPUT.html: the page itself, without data)

The modules are concatenated in the order of their imports, so that a page opened from a file, where
browsers refuse `import`, can run them. Hence the rules, checked here: named imports from relative
paths, `export` before declarations only, and no top-level name twice. Comments, spaces and long
names of variables are left out: the page is part of every file.
"""
import collections
import os
import re
import sys

LIMIT = 100_000  # bytes of the page without data
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

    def pack(self, entry, names):
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
            parts.append(minify(text, names))
        whole = "".join(parts)
        used = ["%s=%s" % (names[name], name) for name in ALIASED if re.search(r"\b%s\b" % names[name], whole)]
        return "'use strict';let %s;" % ",".join(used) + whole


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


def tokens(text):
    """(kind, token) of JavaScript, comments as spaces."""
    at, last = 0, "\n"
    while at < len(text):
        match = TOKEN.match(text, at)
        token, kind = match.group(), match.lastgroup
        regex = REGEX.match(text, at) if token == "/" else None
        if token == "`":
            token, kind = text[at:template_end(text, at)], "string"
        elif regex and (last[-1] in BEFORE_REGEX or last == "return"):
            token, kind = regex.group(), "string"
        at += len(token)
        if kind == "comment":
            token, kind = "\n" * token.count("\n"), "space"
        if kind != "space":
            last = token
        yield kind, token


def minify(text, names):
    """Without comments and the spaces that JavaScript does not need; lines stay lines."""
    out, last, gap, statement = [], "\n", "", [""]
    word = re.compile(r"[A-Za-z0-9_$]")
    for kind, token in tokens(text):
        if kind == "space":
            gap = "\n" if "\n" in token else gap or (" " if token else "")
            continue
        token = names.get(token, token) if kind == "word" else token
        token = {"const": "let", "undefined": "void 0"}.get(token, token)
        # Declarations that follow each other are one.
        if token == "let" and last == ";" and statement[-1] == "let":
            out[-1] = last = ","
            gap, token = "", ""
        elif last in ";{\n" or last == "}" and kind == "word":
            statement[-1] = token
        if token and token in "([{":
            statement.append("")
        elif token and token in ")]}":
            statement.pop()
        if not token:
            continue
        joins = word.match(token[0]) and word.match(last[-1])
        if gap == "\n" and last[-1] not in ",({[;:&|?=\n" and token[0] not in ")]}.&|?:":
            out.append("\n")
        elif gap and (joins or (token[0] in "+-" and token[0] == last[-1])):
            out.append(" ")
        gap = ""
        out.append(token)
        last = token
    return "".join(out) + "\n"


# Long names of the browser's own that are used often.
ALIASED = ("Float64Array", "Int32Array", "Uint8Array", "document", "Math")
# Names of the browser's own that are also fit for a variable.
GLOBALS = {"self", "window", "document", "location", "history", "performance", "navigator", "name",
           "top", "parent", "status", "length", "event", "origin", "of", "async", "get", "static"}


def parameters(line):
    """Names between the brackets of functions, arrows and methods."""
    opened, found = [], set()
    for i, token in enumerate(line):
        if token == "(":
            opened.append(i)
        elif token == ")":
            begin = opened.pop()
            after = line[i + 1] if i + 1 < len(line) else ""
            if after == "=>" or after == "{" and line[begin - 1] not in ("if", "for", "while", "switch", "catch"):
                found.update(word for before, word in zip(line[begin:i], line[begin + 1:i])
                             if before in "(," and re.fullmatch(r"[A-Za-z_]\w*", word))
    return found


def short_names(texts):
    """{name: shorter} for variables that are nothing else: no property, key, or word in a string."""
    declared, other, count = set(), set(GLOBALS), collections.Counter()
    for text in texts:
        line = [(kind, token) for kind, token in tokens(text) if kind != "space"]
        declared.update(parameters([token for _, token in line]))
        around = []  # open brackets
        for i, (kind, token) in enumerate(line):
            before, after = line[i - 1][1] if i else "", line[i + 1][1] if i + 1 < len(line) else ""
            if kind == "string":
                other.update(re.findall(r"\w+", token))
            elif kind == "word":
                count[token] += 1
                if before in ("const", "let", "function", "class"):
                    declared.add(token)
                # A property, a key (or a ternary's middle), or a shorthand of both.
                spread = before == "." and line[i - 2][1] == "." and line[i - 3][1] == "."
                if token in ALIASED and before == "." and not spread:
                    sys.exit("pack: .%s is not what its alias stands for" % token)
                if (before == "." and not spread or before in ("get", "set") or after == ":" or
                        around and around[-1] == "{" and before in "{," and after in "},=("):
                    other.add(token)
            elif token in "([{":
                around.append(token)
            elif token in ")]}":
                around.pop()
    fit = sorted((name for name in (declared - other) | set(ALIASED) if len(name) > 2),
                 key=lambda name: (-count[name] * (len(name) - 2), name))
    taken = set(count) | other
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    free = (a + b for a in ("", *letters) for b in letters if a + b not in taken | {"do", "if", "in"})
    return dict(zip(fit, free))


def page(root):
    def read(name):
        with open(os.path.join(root, name), encoding="utf-8") as file:
            return file.read()

    modules = Modules(root)
    for entry in ("model/worker.js", "view/main.js"):
        modules.order(entry, [])
    names = short_names(EXPORT.sub("", IMPORT.sub("", text)) for text in modules.text.values())
    parts = {"style": squeeze(re.sub(r"/\*.*?\*/", "", read("page.css"), flags=re.DOTALL)).replace("\n", ""),
             "worker": modules.pack("model/worker.js", names),
             "script": modules.pack("view/main.js", names)}
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
