"""Functions and files named outside ASCII: Latin-1, BMP, astral planes, and a file name that is no
UTF-8 (a lone surrogate inside Python; profilers must replace it).

Facts:  {"functions": {name: [file, line]}}, ASCII-escaped JSON.
Answer: {"shares": {name: share}}.
"""
import common

gettime, thread = common.clock.__defaults__
BLOCK = list(range(30000))
NAMES = [
    ("ascii_name", "plain.py"),
    ("\u00e9t\u00e9", "caf\u00e9.py"),
    ("\u6570\u3048\u308b", "\u6587\u5b57.py"),
    ("\U00020000\U00020001", "\U0001f40d.py"),
    ("\u0436\u00e9\U00020002", "mixed-\u0436\U0001f40d.py"),
    ("bad_file", "bad-\udcff.py"),
]


def main():
    run = common.Run()
    functions = []
    for name, path in NAMES:
        scope = {"BLOCK": BLOCK}
        exec(compile("\n\ndef %s():\n    sum(BLOCK)\n" % name, path, "exec"), scope)
        functions.append((name, scope[name]))
    spent = dict.fromkeys((name for name, _ in NAMES), 0.0)
    common.ready(functions={name: [path, 4] for name, path in NAMES})
    while run:
        for name, function in functions:
            begin = gettime(thread)
            function()
            spent[name] += gettime(thread) - begin
        common.change_phase()
    common.report(shares=common.shares(spent))


if __name__ == "__main__":
    main()
