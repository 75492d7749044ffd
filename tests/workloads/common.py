"""What the workloads share. Every program here:

  PROGRAM [SECONDS [MORE...]]     SECONDS 0 or absent: until SIGTERM or SIGINT

prints a JSON line of facts known beforehand (if any), then READY, works, and at the end prints
its answer, measured by its own CPU clock, as one JSON line. Exit code 77: cannot run here.
Everything runs on CPython 3.6 to 3.15 without packages, and waits for nothing by sleeping.
"""
import json
import signal
import sys
import time


def clock(_gettime=time.clock_gettime, _id=time.CLOCK_THREAD_CPUTIME_ID):
    """CPU seconds of this thread (time.thread_time is 3.7+). Hot code calls cpu() instead."""
    return _gettime(_id)


class Run:
    """True while the program is to go on."""

    def __init__(self):
        seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
        self._end = time.monotonic() + seconds if seconds > 0 else None
        self._stopped = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, *_):
        self._stopped = True

    def __bool__(self):
        return not self._stopped and (self._end is None or time.monotonic() < self._end)


def change_phase(_state=[1], _sleep=time.sleep):
    """Lets a random time pass, up to a millisecond, without using the CPU: a sampler's fixed period
    would else stay in step with a program that repeats itself. For the end of each round."""
    _state[0] = (_state[0] * 1103515245 + 12345) & 0x7FFFFFFF
    _sleep((_state[0] >> 11) * 1e-9)
    for _ in range(2000):
        pass  # what waking up costs is not the next function's


def argument(index, default):
    """The index-th argument after SECONDS, as the type of `default`."""
    return type(default)(sys.argv[index + 2]) if len(sys.argv) > index + 2 else default


def ready(**facts):
    if facts:
        print(json.dumps(facts, sort_keys=True))
    print("READY", flush=True)


def report(**answer):
    print(json.dumps(answer, sort_keys=True), flush=True)


def shares(seconds_by_name):
    total = sum(seconds_by_name.values()) or 1.0
    return {name: seconds / total for name, seconds in seconds_by_name.items()}


def qualname(code):
    """The name a profiler can know: co_qualname from 3.11, co_name before."""
    return getattr(code, "co_qualname", code.co_name)


def name_thread(name):
    """Names the calling thread as the kernel sees it (Python does so itself only from 3.14)."""
    with open("/proc/thread-self/comm", "w") as file:
        file.write(name)


def skip(reason):
    print("SKIP", reason, flush=True)
    sys.exit(77)
