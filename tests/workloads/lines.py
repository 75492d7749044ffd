"""Hot lines: near by in one function, and a thousand lines apart in another: `lines.py SECONDS VARY`;
VARY 1: a random time passes after each round.

Facts:  {"lines": {label: [function, file, line]}}.
Answer: {"shares": {label: share}}: the CPU time spent on that line; each label's line holds one
call into C, which has no Python frame of its own.
"""
import common

gettime, thread = common.clock.__defaults__
SMALL = list(range(60000))
LARGE = list(range(180000))
spent = {"near-large": 0.0, "near-small": 0.0, "far-small": 0.0, "far-large": 0.0}


def near():
    t0 = gettime(thread)
    sum(LARGE)  # near-large
    t1 = gettime(thread)
    sum(SMALL)  # near-small
    t2 = gettime(thread)
    spent["near-large"] += t1 - t0
    spent["near-small"] += t2 - t1


FAR = """def far():
    t0 = gettime(thread)
    sum(SMALL)  # far-small
    t1 = gettime(thread)
{gap}
    t2 = gettime(thread)
    sum(LARGE)  # far-large
    t3 = gettime(thread)
    spent["far-small"] += t1 - t0
    spent["far-large"] += t3 - t2
""".format(gap="\n" * 1000)


def label_lines():
    found = {}
    with open(__file__, encoding="utf-8") as file:
        texts = (("near", __file__, file.read()), ("far", "far.py", FAR))
    for function, path, text in texts:
        for number, line in enumerate(text.split("\n"), 1):
            label = line.rpartition("  # ")[2]
            if label in spent and label.startswith(function) and "sum(" in line:
                found.setdefault(label, [function, path, number])
    return found


def main():
    run = common.Run()
    vary = common.argument(0, 0)
    exec(compile(FAR, "far.py", "exec"), globals())
    common.ready(lines=label_lines())
    while run:
        near()
        globals()["far"]()
        if vary:
            common.change_phase()
    common.report(shares=common.shares(spent))


if __name__ == "__main__":
    main()
