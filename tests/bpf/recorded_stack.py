# A known nest of functions, which tells its frames and then waits in it for a line of input.
import functools
import sys
import threading

SHAPE = sys.argv[1]


def tell_and_wait():
    lines = ["%x" % threading.get_ident()]
    frame = sys._getframe()
    while frame is not None:
        code = frame.f_code
        lines.append("%x %d %d %s" % (id(code), frame.f_lasti, frame.f_lineno, code.co_name))
        frame = frame.f_back
    print("\n".join(lines) + "\n.", flush=True)
    sys.stdin.readline()


def nest(depth):
    if depth > 0:
        nest(depth - 1)
    else:
        tell_and_wait()


def through_c(depth):
    if depth == 0:
        tell_and_wait()
    elif depth % 2:
        sorted([depth], key=lambda value: through_c(value - 1))
    else:
        functools.partial(through_c, depth - 1)()


def generator(depth):
    yield generator_step(depth)


def generator_step(depth):
    if depth:
        for _ in generator(depth - 1):
            pass
    else:
        tell_and_wait()


class Mixed:
    def method(self):
        [self.item() for _ in range(1)]

    def item(self):
        (lambda: generator_step(3))()


# A name of a user's own, whatever an interpreter may call its entry frames.
def trampoline():
    def function():
        tell_and_wait()

    code = function.__code__
    if hasattr(code, "replace"):
        code = code.replace(co_name="<interpreter trampoline>")
    function.__code__ = code
    function()


def in_thread():
    thread = threading.Thread(target=nest, args=(20,))
    thread.start()
    thread.join()


sys.setrecursionlimit(5000)
{
    "nest": lambda: nest(30),
    "deep": lambda: nest(1500),
    "through_c": lambda: through_c(300),
    "mixed": lambda: Mixed().method(),
    "trampoline": trampoline,
    "thread": in_thread,
}[SHAPE]()
