"""Short lives: `births.py SECONDS COUNT CPU_MS` starts COUNT processes (default 50; 0: until stopped), two
at a time, each burning CPU_MS (default 100) in a function of its own name, `born_<number>`.

Answer: a JSON line per process, {"pid", "function", "cpu"}: cpu is its whole rusage in seconds,
start of the interpreter included; then {"processes", "cpu"}.
"""
import os
import subprocess
import sys

import common

CHILD = """
import time
def born_{0}():
    x = 0
    while time.process_time() < {1}:
        for i in range(2000):
            x = (x * 31 + i) % 1000003
born_{0}()
"""


def main():
    run = common.Run()
    count = common.argument(0, 50)
    cpu_seconds = common.argument(1, 100) / 1000.0
    living, started, total = {}, 0, 0.0
    common.ready()
    while True:
        while len(living) < 2 and run and (count == 0 or started < count):
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", CHILD.format(started, cpu_seconds)])
            living[child.pid] = (child, "born_%d" % started)
            started += 1
        if not living:
            break
        pid, status, usage = os.wait4(-1, 0)
        child, function = living.pop(pid)
        child.returncode = status
        cpu = usage.ru_utime + usage.ru_stime
        total += cpu
        common.report(pid=pid, function=function, cpu=cpu)
    common.report(processes=started, cpu=total)


if __name__ == "__main__":
    main()
