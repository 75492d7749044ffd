"""idle.py FD COUNT: COUNT processes (this one included) that wake up ten times a second."""
import os
import sys
import time


def wait_for_work():
    parent = os.getppid()
    while os.getppid() == parent:  # ends with whoever started it
        time.sleep(0.1)


for _ in range(int(sys.argv[2]) - 1):
    if os.fork() == 0:
        sys.stdout = None
        wait_for_work()
        os._exit(0)
print("READY", flush=True)
wait_for_work()
