"""Every kind of code object: generator, coroutine, async generator, lambda, comprehension,
closure, method, class body, executed text. Each does the same work in its own frame.

Answer: {"shares": {name: share}, "inlined": [...]}: `name` is co_qualname from 3.11, co_name
before. Comprehensions are part of their function from 3.12, and are listed as inlined then.
"""
import sys

import common

gettime, thread = common.clock.__defaults__
BLOCK = list(range(30000))


def function():
    sum(BLOCK)


def generator():
    while True:
        sum(BLOCK)
        yield


async def coroutine():
    sum(BLOCK)


async def async_generator():
    while True:
        sum(BLOCK)
        yield


def drive(awaitable):
    try:
        awaitable.send(None)
    except StopIteration:
        pass


def comprehension():
    return [sum(block) for block in (BLOCK,)]


def make_closure():
    def closure():
        sum(BLOCK)

    return closure


class Class:
    def method(self):
        sum(BLOCK)

    @staticmethod
    def static():
        sum(BLOCK)

    @property
    def prop(self):
        sum(BLOCK)


def class_body():
    class Body:
        sum(BLOCK)


def comprehension_code():
    for constant in comprehension.__code__.co_consts:
        if hasattr(constant, "co_code"):
            return constant
    return None


def main():
    run = common.Run()
    running_generator = generator()
    running_async = async_generator()
    closure = make_closure()
    instance = Class()
    anonymous = lambda: sum(BLOCK)  # noqa: E731
    first, second = (lambda: sum(BLOCK)), (lambda: (None, sum(BLOCK)))
    scope = {"BLOCK": BLOCK}
    exec(compile("def executed():\n    sum(BLOCK)\n", "<executed>", "exec"), scope)
    body = next(c for c in class_body.__code__.co_consts if hasattr(c, "co_code"))
    inner = comprehension_code()
    shapes = [
        (function.__code__, function),
        (running_generator.gi_code, lambda: next(running_generator)),
        (coroutine.__code__, lambda: drive(coroutine())),
        (running_async.ag_code, lambda: drive(running_async.__anext__())),
        (anonymous.__code__, anonymous),
        (first.__code__, first),
        (second.__code__, second),
        (closure.__code__, closure),
        (Class.method.__code__, instance.method),
        (Class.static.__code__, Class.static),
        (Class.prop.fget.__code__, lambda: instance.prop),
        (inner or comprehension.__code__, comprehension),
        (body, class_body),
        (scope["executed"].__code__, scope["executed"]),
    ]
    spent = {}
    common.ready()
    while run:
        for code, call in shapes:
            begin = gettime(thread)
            call()
            name = common.qualname(code)
            spent[name] = spent.get(name, 0.0) + gettime(thread) - begin
        common.change_phase()
    common.report(shares=common.shares(spent), inlined=[] if inner else ["comprehension"])


if __name__ == "__main__":
    sys.exit(main())
