"""A stack of DEPTH frames that stands still: stack.py FD DEPTH."""
import sys
import threading

import counted

DEPTH = int(sys.argv[2])


def unit():
    x = 0
    for i in range(20000):
        x = (x * 31 + i) % 1000003


def descend(left):
    if left > 0:
        descend(left - 1)
    else:
        counted.forever(unit)


sys.setrecursionlimit(DEPTH + 1000)
# Up to 3.10 each Python call is a C call: about 0.5 KiB to 1 KiB of stack.
threading.stack_size(max(DEPTH * 2048, 1 << 20) // 4096 * 4096)
# Below the deepest `descend` are the thread's three frames, above it `forever` and `unit`.
threading.Thread(target=descend, args=(max(DEPTH - 6, 0),)).start()
