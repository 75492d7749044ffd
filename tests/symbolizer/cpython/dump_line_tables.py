"""Streams the line tables of this interpreter's own standard library, with the lines it gives.

Each record, little-endian: int32 co_firstlineno, uint32 table bytes, uint32 bytecode bytes,
uint32 ranges, the table, then per range (uint32 end in bytes, int32 line, 0 for none). A last
record has 0xFFFFFFFF table bytes, and the number of records in place of the bytecode's length.
"""
import ctypes
import os
import struct
import sys
import warnings

HEADER = struct.Struct('<iIII')
RANGE = struct.Struct('<Ii')


def lines_by_co_lines(code):
    for _, end, line in code.co_lines():
        yield end, line or 0


def lines_by_addr2line(code):
    """Before 3.10 (no co_lines()): what the interpreter itself puts into tracebacks."""
    addr2line = ctypes.pythonapi.PyCode_Addr2Line
    code_object = ctypes.py_object(code)
    previous = None
    for offset in range(0, len(code.co_code), 2):
        line = addr2line(code_object, offset)
        if previous is not None and line != previous:
            yield offset, previous
        previous = line
    if previous is not None:
        yield len(code.co_code), previous


HAS_CO_LINES = sys.version_info >= (3, 10)
lines_of = lines_by_co_lines if HAS_CO_LINES else lines_by_addr2line


def code_objects(code):
    pending = [code]
    while pending:
        code = pending.pop()
        yield code
        pending.extend(c for c in code.co_consts if isinstance(c, type(code)))


def library_files():
    library = os.path.dirname(os.__file__)
    for folder, folders, files in os.walk(library):
        folders[:] = sorted(f for f in folders if f not in ('site-packages', 'dist-packages'))
        for name in sorted(files):
            if name.endswith('.py'):
                yield os.path.join(folder, name)


def main():
    warnings.simplefilter('ignore')
    sys.setrecursionlimit(10000)
    out = sys.stdout.buffer
    records = 0
    for path in library_files():
        try:
            with open(path, 'rb') as file:
                module = compile(file.read(), path, 'exec', dont_inherit=True)
        except (SyntaxError, UnicodeError, ValueError, RecursionError):
            continue  # test data that is wrong on purpose
        for code in code_objects(module):
            table = code.co_linetable if HAS_CO_LINES else code.co_lnotab
            ranges = list(lines_of(code))
            out.write(HEADER.pack(code.co_firstlineno, len(table), len(code.co_code), len(ranges)))
            out.write(table)
            out.write(b''.join(RANGE.pack(*r) for r in ranges))
            records += 1
    out.write(HEADER.pack(0, 0xFFFFFFFF, records, 0))
    out.flush()


main()
