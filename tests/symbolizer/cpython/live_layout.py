# Stops in a chain of calls and says what it looks like from inside, one JSON object a line.
import json
import os
import sys
import threading

try:
    import dis
    RESUME = dis.opmap.get("RESUME")
except ImportError:
    RESUME = None


def describe(frame, leaf):
    code = frame.f_code
    table = getattr(code, "co_linetable", None) if sys.version_info >= (3, 10) else code.co_lnotab
    first = list(code.co_code[::2]).index(RESUME) if RESUME is not None else -1
    return {
        "name": [ord(c) for c in code.co_name],
        "name_hash": hash(code.co_name) & (2**64 - 1),
        "qualname": [ord(c) for c in getattr(code, "co_qualname", code.co_name)],
        "filename": [ord(c) for c in code.co_filename],
        "first_line": code.co_firstlineno,
        "lasti": -1 if leaf else frame.f_lasti,
        "line_table": list(table),
        "code_bytes": len(code.co_code),
        "first_traceable": first,
        "code": id(code),
    }


def leaf():
    frames = []
    frame = sys._getframe()
    while frame is not None:
        frames.append(describe(frame, not frames))
        frame = frame.f_back
    native = getattr(threading, "get_native_id", lambda: 0)
    report = {
        "hexversion": sys.hexversion,
        "main": {"ident": threading.get_ident(), "native": native()},
        "spinner": spinner,
        "frames": frames,
        "modules": id(sys.modules),
    }
    print(json.dumps(report), flush=True)
    while os.read(0, 1):
        exec("def freed(): pass\ndel freed", {})
        print("freed", flush=True)


def spin():
    native = getattr(threading, "get_native_id", lambda: 0)
    spinner.update(ident=threading.get_ident(), native=native())
    started.set()
    while True:
        pass


def closure(callee):
    def inside():
        return callee()

    return inside()


class Method:
    def call(self, callee):
        return closure(callee)


spinner = {}
started = threading.Event()
threading.Thread(target=spin, daemon=True).start()
started.wait()
scope = {}
for name, callee in [("caf\u00e9", "leaf"), ("\u540d\u524d", "caf\u00e9"), ("\U00010400", "\u540d\u524d")]:
    exec("def %s(): return %s()" % (name, callee), dict(scope, leaf=leaf), scope)
# sorted() enters the interpreter anew through C.
sorted([0], key=lambda _: Method().call(scope["\U00010400"]))
