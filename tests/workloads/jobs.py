"""One thread after the other, each named after its job, as glibc gives them the same ID: jobs.py SECONDS"""
import sys
import threading
import time


def burn(cpu_seconds):
    begin = time.thread_time()
    while time.thread_time() - begin < cpu_seconds:
        for _ in range(10000):
            pass


def payment():
    burn(0.15)


def report():
    burn(0.15)


def cleanup():
    burn(0.15)


def main():
    print("READY", flush=True)
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        for job in (payment, report, cleanup):
            thread = threading.Thread(target=job, name="job-" + job.__name__)
            thread.start()
            thread.join()


if __name__ == "__main__":
    main()
