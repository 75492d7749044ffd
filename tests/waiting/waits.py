"""Threads that wait for what their functions are called after. Arguments: names of them, or
"busy N" for N threads that compete for the GIL. Prints READY once all have begun; ends with its
input."""
import os
import random
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time

HELD = threading.Lock()
HELD.acquire()
STARTED = []


def sleep():
    time.sleep(3600)


def lock():
    HELD.acquire()


def receive():
    here, there = socket.socketpair()
    STARTED.append(there)
    here.recv(1)


def poll():
    here, there = socket.socketpair()
    STARTED.append(there)
    select.select([here], [], [])


def child():
    # Ends with us, however we end.
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    process.wait()


def pipe():
    end, other = os.pipe()
    STARTED.append(other)
    os.read(end, 1)


PIECE = b"x" * (4 << 20)  # some milliseconds of waiting on a fast disk


def disk():
    with tempfile.TemporaryFile(dir=".") as file:
        while True:
            file.seek(0)
            file.write(PIECE)
            file.flush()
            os.fsync(file.fileno())


def half():
    """Half of its time on the CPU, by its own clock, half asleep; never in step with a sampler."""
    while True:
        end = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) + random.uniform(0.002, 0.008)
        begin = time.monotonic()
        while time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) < end:
            pass
        time.sleep(time.monotonic() - begin)


def busy():
    while True:
        pass


def deep(depth=50):
    if depth:
        return deep(depth - 1)
    time.sleep(3600)


def brief():
    while True:
        thread = threading.Thread(target=time.sleep, args=(0.02,), name="brief-child")
        thread.start()
        thread.join()


def main():
    names = sys.argv[1:]
    if names[0] == "busy":
        names = ["busy"] * int(names[1])
    elif names[0] == "many":
        names = ["sleep"] * int(names[1])
    for number, name in enumerate(names):
        label = name if names.count(name) == 1 else "%s-%d" % (name, number)
        threading.Thread(target=globals()[name], name=label, daemon=True).start()
    time.sleep(0.2)
    print("READY", flush=True)
    sys.stdin.readline()
    os._exit(0)


main()
