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

LIMIT = 100_000  # bytes of page, see docs
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
            parts.append(squeeze(text))
        return "'use strict';" + "".join(parts)


def squeeze(text):
    """Without indentation, empty lines and lines that are comments."""
    lines = (line.strip() for line in text.split("\n"))
    return "".join(line + "\n" for line in lines if line and not line.startswith("//"))


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
