"""Time in the kernel: reads of /dev/zero in one function, random numbers in another.

Answer: {"shares": {function: share}}. The leaf of nearly every sample is a kernel function, and the
Python function stands below it.
"""
import common

gettime, thread = common.clock.__defaults__
BUFFER = bytearray(1 << 22)
RANDOM = bytearray(1 << 16)
spent = {"read_zero": 0.0, "get_random": 0.0}


def read_zero(file):
    begin = gettime(thread)
    file.readinto(BUFFER)
    file.readinto(BUFFER)
    spent["read_zero"] += gettime(thread) - begin


def get_random(file):
    # Not os.urandom: the vDSO can serve that without the kernel.
    begin = gettime(thread)
    file.readinto(RANDOM)
    spent["get_random"] += gettime(thread) - begin


def main():
    run = common.Run()
    with open("/dev/zero", "rb", buffering=0) as zero, \
            open("/dev/urandom", "rb", buffering=0) as random:
        common.ready()
        while run:
            read_zero(zero)
            get_random(random)
            common.change_phase()
    common.report(shares=common.shares(spent))


if __name__ == "__main__":
    main()
