"""One OS thread in three interpreters: `outer` runs `middle` in a second one, which runs `inner` in a
third. Needs CPython's private module of subinterpreters (3.8+); exit code 77 without.

Answer: {"cpu": seconds in `outer`}. Nearly all of it is below `inner`, with the frames of all three.
"""
import common

LOADER = """
try:
    import _interpreters as module
    create, run = module.create, module.exec
except ImportError:
    import _xxsubinterpreters as module
    create, run = module.create, module.run_string
"""
INNER = """
import time
def inner():
    end = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) + 0.05
    x = 0
    while time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) < end:
        for i in range(2000):
            x = (x * 31 + i) % 1000003
inner()
"""
MIDDLE = LOADER + """
INNER = %r
if "identity" not in globals():
    identity = create()
def middle():
    run(identity, INNER)
middle()
""" % INNER


def outer(run_string, identity):
    run_string(identity, MIDDLE)


def main():
    run = common.Run()
    scope = {}
    try:
        exec(LOADER, scope)
    except ImportError:
        common.skip("no module of subinterpreters")
    identity = scope["create"]()
    outer(scope["run"], identity)
    common.ready()
    begin = common.clock()
    while run:
        outer(scope["run"], identity)
    common.report(cpu=common.clock() - begin)


if __name__ == "__main__":
    main()
