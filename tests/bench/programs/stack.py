"""A stack of DEPTH frames that stands still: stack.py FD DEPTH [FUNCTIONS]. It is made of so many
different functions, called in turn: 1 is plain recursion, 40 is what servers look like."""
import sys
import threading

import counted

DEPTH = int(sys.argv[2])
FUNCTIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 40

SOURCE = """
def descend_{0}(left):
    if left > 0:
        FUNCTION[(left - 1) % FUNCTIONS](left - 1)
    else:
        forever(unit)
"""


def unit():
    x = 0
    for i in range(20000):
        x = (x * 31 + i) % 1000003


space = {"FUNCTIONS": FUNCTIONS, "forever": counted.forever, "unit": unit, "FUNCTION": []}
for number in range(FUNCTIONS):
    exec(compile(SOURCE.format(number), "stack_%d.py" % number, "exec"), space)
    space["FUNCTION"].append(space["descend_%d" % number])

sys.setrecursionlimit(DEPTH + 1000)
# Up to 3.10 each Python call is a C call: about 0.5 KiB to 1 KiB of stack.
threading.stack_size(max(DEPTH * 2048, 1 << 20) // 4096 * 4096)
# Below the deepest are the thread's three frames, above it `forever` and `unit`.
threading.Thread(target=space["FUNCTION"][0], args=(max(DEPTH - 6, 0),)).start()
