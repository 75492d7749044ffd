"""Python called from C: sorted(key=), re.sub, functools.partial and reduce, map; and one stack that
enters the interpreter again and again: `callbacks.py SECONDS REENTRIES` (default 0: none).

Facts:  {"pairs": {callee: caller}}: each callee is always right below its caller: the C function
        between them has no Python frame. {"frames": N} with REENTRIES: all frames of each sample
        that shows `innermost`.
Answer: {"shares": {callee: share}} without REENTRIES.
"""
import functools
import re
import sys

import common

gettime, thread = common.clock.__defaults__
BLOCK = list(range(20000))
ITEMS = list(range(4))
TEXT = "a b c d"
spent = {"key": 0.0, "replace": 0.0, "bound": 0.0, "fold": 0.0, "mapped": 0.0}
PAIRS = {"key": "use_sorted", "replace": "use_sub", "bound": "use_partial", "fold": "use_reduce",
         "mapped": "use_map"}


def key(item):
    begin = gettime(thread)
    sum(BLOCK)
    spent["key"] += gettime(thread) - begin
    return -item


def replace(match):
    begin = gettime(thread)
    sum(BLOCK)
    spent["replace"] += gettime(thread) - begin
    return match.group()


def bound(_, item):
    begin = gettime(thread)
    sum(BLOCK)
    spent["bound"] += gettime(thread) - begin
    return item


def fold(left, right):
    begin = gettime(thread)
    sum(BLOCK)
    spent["fold"] += gettime(thread) - begin
    return left + right


def mapped(item):
    begin = gettime(thread)
    sum(BLOCK)
    spent["mapped"] += gettime(thread) - begin
    return item


def use_sorted():
    sorted(ITEMS, key=key)


def use_sub():
    re.sub(r"\w", replace, TEXT)


def use_partial(call=functools.partial(bound, None)):
    for item in ITEMS:
        call(item)


def use_reduce():
    functools.reduce(fold, ITEMS, 0)


def use_map():
    list(map(mapped, ITEMS))


def reenter(left, run):
    if left == 0:
        innermost(run)
    else:
        sorted([left - 1], key=functools.partial(again, run=run))


def again(left, run):
    reenter(left, run)


def innermost(run):
    frames, frame = 0, sys._getframe()
    while frame:
        frames, frame = frames + 1, frame.f_back
    common.ready(pairs={}, frames=frames)
    running = run.__bool__
    x = 0
    while running():
        for i in range(100000):
            x = (x * 31 + i) % 1000003


def main():
    run = common.Run()
    reentries = common.argument(0, 0)
    if reentries:
        sys.setrecursionlimit(reentries * 10 + 1000)
        reenter(reentries, run)
        return
    common.ready(pairs=PAIRS)
    while run:
        use_sorted()
        use_sub()
        use_partial()
        use_reduce()
        use_map()
        common.change_phase()
    common.report(shares=common.shares(spent))


if __name__ == "__main__":
    main()
