"""Named threads: `threads.py SECONDS N` (default 8), of three kinds in turn: Python code, zlib and
hashlib. The last two release the GIL while they work.

Answer: {"threads": {name: [kind, CPU seconds]}}. Every sample of a thread must show its kind's
function, the GIL held or not.
"""
import hashlib
import threading

import common

try:
    import zlib
except ImportError:  # an interpreter built without
    zlib = None

DATA = bytes(range(256)) * 4096
spent = {}


def in_python(run):
    x = 0
    while run:
        for i in range(20000):
            x = (x * 31 + i) % 1000003


def in_zlib(run):
    while run:
        zlib.crc32(DATA)
        zlib.compress(DATA, 6)


def in_hashlib(run):
    while run:
        hashlib.sha256(DATA).digest()


def work(kind, name, run, barrier):
    try:
        common.name_thread(name)
    except OSError:
        barrier.abort()  # no /proc: end, do not hang
        raise
    barrier.wait()
    kind(run)
    spent[name] = [kind.__name__, common.clock()]


def main():
    run = common.Run()
    count = common.argument(0, 8)
    barrier = threading.Barrier(count + 1)
    kinds = (in_python, in_zlib, in_hashlib) if zlib else (in_python, in_hashlib)
    threads = []
    for i in range(count):
        name = "worker-%d" % i
        arguments = (kinds[i % len(kinds)], name, run, barrier)
        threads.append(threading.Thread(target=work, name=name, args=arguments))
        threads[-1].start()
    barrier.wait()
    common.ready()
    for thread in threads:
        thread.join()
    common.report(threads=spent)


if __name__ == "__main__":
    main()
