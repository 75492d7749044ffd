"""idle.py FD COUNT: COUNT processes (this one included) that wake up ten times a second."""
import os
import sys
import time


def wait_for_work(parent):
    while os.getppid() == parent:  # ends with whoever started it
        time.sleep(0.1)


first = os.getpid()
for _ in range(int(sys.argv[2]) - 1):
    if os.fork() == 0:
        wait_for_work(first)
        os._exit(0)
print("READY", flush=True)
wait_for_work(os.getppid())
