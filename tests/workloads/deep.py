"""Recursion: `deep.py SECONDS DEPTH` (default 100) keeps `bottom` spinning under DEPTH calls.

Facts: {"frames": N}: all Python frames of the spinning thread, counted by sys._getframe.
Every sample of thread "deep" must have N frames: bottom, DEPTH times descend, then the thread's.
"""
import sys
import threading

import common


def bottom(run, depth):
    frames, frame = 0, sys._getframe()
    while frame:
        frames, frame = frames + 1, frame.f_back
    common.ready(frames=frames, depth=depth)
    x = 0
    running = run.__bool__
    while running():
        for i in range(100000):
            x = (x * 31 + i) % 1000003


def descend(run, depth, left):
    if left > 1:
        descend(run, depth, left - 1)
    else:
        bottom(run, depth)


def main():
    run = common.Run()
    depth = common.argument(0, 100)
    sys.setrecursionlimit(depth + 1000)
    # Up to 3.10 each Python call is a C call: about 0.5 KiB to 1 KiB of stack.
    threading.stack_size(min(max(depth * 2048, 1 << 20), 1 << 30) // 4096 * 4096)
    thread = threading.Thread(target=descend, args=(run, depth, depth))
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
