"""Three functions with CPU shares of 60, 30 and 10%: `shares.py SECONDS VARY`; VARY 1: a random time
passes after each round.

Answer: {"shares": {name: share}}, as this thread's CPU clock measured them.
"""
import common
from common import clock

spent = {"sixty": 0.0, "thirty": 0.0, "ten": 0.0}


def sixty():
    begin = clock_now = clock()
    x = 0
    while clock_now - begin < 0.006:
        for i in range(300):
            x = (x * 31 + i) % 1000003
        clock_now = gettime(thread)
    spent["sixty"] += clock_now - begin


def thirty():
    begin = clock_now = clock()
    x = 0
    while clock_now - begin < 0.003:
        for i in range(300):
            x = (x * 31 + i) % 1000003
        clock_now = gettime(thread)
    spent["thirty"] += clock_now - begin


def ten():
    begin = clock_now = clock()
    x = 0
    while clock_now - begin < 0.001:
        for i in range(300):
            x = (x * 31 + i) % 1000003
        clock_now = gettime(thread)
    spent["ten"] += clock_now - begin


def main():
    run = common.Run()
    vary = common.argument(0, 0)
    common.ready()
    while run:
        sixty()
        thirty()
        ten()
        if vary:
            common.change_phase()
    common.report(shares=common.shares(spent))


# The C function itself: a call of it adds no Python frame.
gettime, thread = clock.__defaults__
if __name__ == "__main__":
    main()
