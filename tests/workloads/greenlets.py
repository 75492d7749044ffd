"""Greenlets: two that switch to each other, each burning CPU in a function of its own. Needs the
package greenlet; exit code 77 without.

Answer: {"shares": {"ping": share, "pong": share}}. Stacks end at the greenlet's root, not the
thread's: `ping` or `pong` is the outermost frame.
"""
import common

gettime, thread = common.clock.__defaults__
BLOCK = list(range(30000))
spent = {"ping": 0.0, "pong": 0.0}


def ping():
    while True:
        begin = gettime(thread)
        sum(BLOCK)
        spent["ping"] += gettime(thread) - begin
        green["pong"].switch()


def pong():
    while True:
        begin = gettime(thread)
        sum(BLOCK)
        sum(BLOCK)
        spent["pong"] += gettime(thread) - begin
        green["main"].switch()


def main():
    try:
        import greenlet
    except ImportError:
        common.skip("no package greenlet")
    run = common.Run()
    green.update(main=greenlet.getcurrent(), ping=greenlet.greenlet(ping), pong=greenlet.greenlet(pong))
    common.ready()
    while run:
        green["ping"].switch()
        common.change_phase()
    common.report(shares=common.shares(spent))


green = {}
if __name__ == "__main__":
    main()
