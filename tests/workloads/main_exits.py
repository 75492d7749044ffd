"""The main thread ends by pthread_exit while a worker goes on: the process lives, its first thread
is a zombie.

Answer: {"cpu": seconds} of the worker, all of it in `survivor`; only after SECONDS, since SIGTERM ends
it at once. Needs ctypes; exit 77 without.
"""
import os
import threading

import common


def survivor(run, main_task):
    with open(main_task) as file:
        while file:
            # "Z" after the name in parentheses: the main thread has gone.
            file.seek(0)
            if file.read().rpartition(") ")[2].startswith("Z"):
                break
    common.ready()
    begin = common.clock()
    x = 0
    while run:
        for i in range(20000):
            x = (x * 31 + i) % 1000003
    common.report(cpu=common.clock() - begin)
    os._exit(0)


def main():
    try:
        import ctypes
    except ImportError:
        common.skip("no module ctypes")
    run = common.Run()
    # Python runs signal handlers in the main thread, which will be gone.
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    main_task = "/proc/self/task/%d/stat" % os.getpid()
    threading.Thread(target=survivor, args=(run, main_task), daemon=True).start()
    ctypes.CDLL(None).pthread_exit(None)  # releases the GIL first, as every ctypes.CDLL call


if __name__ == "__main__":
    main()
