"""Code objects whose memory is used again: functions of equal size and lines are made, called for
about 2 ms each, and dropped, each with a name and a file of its own.

Facts:  {"function": "made_", "file": "reuse-"}.
Answer: {"calls", "addresses", "cpu"}: how many functions ran, at how many different addresses.
A sample is right when the numbers in its function's name and file agree.
"""
import types

import common

gettime, thread = common.clock.__defaults__
SOURCE = """def made_{0:06d}(gettime, thread):
    end = gettime(thread) + 0.002
    x = 0
    while gettime(thread) < end:
        for i in range(300):
            x = (x * 31 + i) % 1000003
"""


def compiled(number):
    scope = {}
    exec(compile(SOURCE.format(number), "reuse-%06d.py" % number, "exec"), scope)
    return scope["made_%06d" % number]


TEMPLATE = compiled(0)


def renamed(number):
    """As unpickled functions are (3.8+): nobody has hashed their names."""
    names = {"co_name": "made_%06d" % number, "co_filename": "reuse-%06d.py" % number}
    if hasattr(TEMPLATE.__code__, "co_qualname"):
        names["co_qualname"] = names["co_name"]
    return types.FunctionType(TEMPLATE.__code__.replace(**names), TEMPLATE.__globals__)


def main():
    make = {"compiled": compiled, "renamed": renamed}[common.argument(0, "compiled")]
    run = common.Run()
    calls, cpu, addresses = 0, 0.0, set()
    common.ready(function="made_", file="reuse-")
    while run:
        function = make(calls)
        addresses.add(id(function.__code__))
        begin = gettime(thread)
        function(gettime, thread)
        cpu += gettime(thread) - begin
        calls += 1
        del function
    common.report(calls=calls, addresses=len(addresses), cpu=cpu)


if __name__ == "__main__":
    main()
