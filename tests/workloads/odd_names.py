"""Names that mislead: functions called as CPython calls its own shims, and two lambdas of equal name
in one function.

Facts:  {"lambdas": {label: line}}.
Answer: {"shares": {name or label: share}}.
"""
import types

import common

gettime, thread = common.clock.__defaults__
BLOCK = list(range(30000))
ODD = ["<interpreter trampoline>", "<shim>"]


def renamed(function, name):
    code = function.__code__
    if hasattr(code, "replace"):
        names = {"co_name": name}
        if hasattr(code, "co_qualname"):
            names["co_qualname"] = name
        return types.FunctionType(code.replace(**names), globals())
    return types.FunctionType(
        types.CodeType(code.co_argcount, code.co_kwonlyargcount, code.co_nlocals,
                       code.co_stacksize, code.co_flags, code.co_code, code.co_consts,
                       code.co_names, code.co_varnames, code.co_filename, name,
                       code.co_firstlineno, code.co_lnotab), globals())


def work():
    sum(BLOCK)


def two_lambdas():
    small = lambda: sum(BLOCK)  # noqa: E731
    large = lambda: (sum(BLOCK), sum(BLOCK), sum(BLOCK))  # noqa: E731
    return small, large


def main():
    run = common.Run()
    small, large = two_lambdas()
    calls = [(name, renamed(work, name)) for name in ODD] + [("small", small), ("large", large)]
    spent = dict.fromkeys((name for name, _ in calls), 0.0)
    common.ready(lambdas={"small": small.__code__.co_firstlineno,
                          "large": large.__code__.co_firstlineno})
    while run:
        for name, call in calls:
            begin = gettime(thread)
            call()
            spent[name] += gettime(thread) - begin
        common.change_phase()
    common.report(shares=common.shares(spent))


if __name__ == "__main__":
    main()
