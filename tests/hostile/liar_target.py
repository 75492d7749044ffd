"""A Python process that forges its own structures while it spins: liar_target.py KIND

Works on the interpreter that runs it, 3.11 and later; finds fields by the values they hold.
"""
import ctypes
import mmap
import os
import sys
import types

WILD = 0x7E57_0000_0000  # canonical, and nothing is ever mapped there
NOT_CANONICAL = 0x4141_4141_4141_4141
KERNEL = 0xFFFF_8880_0000_1000
KEPT = []


def word(address):
    return ctypes.c_uint64.from_address(address)


def field(address, value, size=256):
    """Address of the field that holds `value`."""
    for offset in range(16, size, 8):
        if word(address + offset).value == value:
            return address + offset
    raise SystemExit("no such field")


def field_of_code(code, attribute):
    return field(id(code), id(getattr(code, attribute)))


def frame_address(frame):
    return word(id(frame) + 24).value  # PyFrameObject.f_frame


def forged_copy(value, size_offset, size):
    """A copy of a str or bytes object that claims to be longer than it is."""
    buffer = ctypes.create_string_buffer(ctypes.string_at(id(value), sys.getsizeof(value)))
    KEPT.append(buffer)
    word(ctypes.addressof(buffer) + size_offset).value = size
    return ctypes.addressof(buffer)


def lying_spin(prepare):
    prepare(sys._getframe())
    while True:
        pass


def link(target):
    def prepare(frame):
        address = frame_address(frame)
        previous = field(address, frame_address(frame.f_back), 96)
        word(previous).value = address if target is None else target
    return prepare


def point(attribute, target):
    def prepare(frame):
        word(field_of_code(frame.f_code, attribute)).value = target(frame.f_code)
    return prepare


def blocking_page(_):
    """A page that is never served, by userfaultfd(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(323, os.O_CLOEXEC)
    if fd < 0:
        raise SystemExit("userfaultfd: " + os.strerror(ctypes.get_errno()))
    api = (ctypes.c_uint64 * 3)(0xAA, 0, 0)
    memory = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    register = (ctypes.c_uint64 * 4)(address, 4096, 1, 0)
    # linux/userfaultfd.h: UFFDIO_API, UFFDIO_REGISTER
    if libc.ioctl(fd, ctypes.c_ulong(0xC018AA3F), api) or \
            libc.ioctl(fd, ctypes.c_ulong(0xC020AA00), register):
        raise SystemExit("userfaultfd: " + os.strerror(ctypes.get_errno()))
    KEPT.extend([memory, register])
    return address


def paged_out(frame):
    """The code object and its names leave memory, as under pressure (Pitfall 38)."""
    libc = ctypes.CDLL(None, use_errno=True)
    page = mmap.PAGESIZE
    for thing in (frame.f_code, frame.f_code.co_qualname, frame.f_code.co_filename,
                  frame.f_code.co_linetable):
        libc.madvise(ctypes.c_void_p(id(thing) & -page), ctypes.c_size_t(page), 21)


def flood():
    """New code objects without end, each with names and a line table as large as they get."""
    body = "\n" * 2 + "    x = 1\n" * 2000
    number = 0
    while True:
        number += 1
        name = "flood_%d_%s" % (number, "x" * 900)
        scope = {}
        exec(compile("def %s():\n%s" % (name, body), "/" + name, "exec"), scope)
        for _ in range(30):
            scope[name]()


KINDS = {
    "cycle": link(None),
    "wild_frame": link(WILD),
    "odd_frame": link(NOT_CANONICAL),
    "kernel_frame": link(KERNEL),
    "wild_name": point("co_qualname", lambda code: WILD),
    "kernel_name": point("co_qualname", lambda code: KERNEL),
    "long_name": point("co_qualname", lambda code: forged_copy(code.co_qualname, 16, 1 << 60)),
    "long_file": point("co_filename", lambda code: forged_copy(code.co_filename, 16, 1 << 60)),
    "negative_name": point("co_qualname", lambda code: forged_copy(code.co_qualname, 16, 1 << 63)),
    "long_lines": point("co_linetable", lambda code: forged_copy(code.co_linetable, 16, 1 << 60)),
    "wild_lines": point("co_linetable", lambda code: WILD),
    "blocking": point("co_qualname", blocking_page),
    "paged_out": paged_out,
}

if sys.version_info < (3, 11):
    raise SystemExit("needs 3.11")
kind = sys.argv[1]
if kind == "flood":
    print("ready", flush=True)
    flood()
# A code object of its own each: what was forged must not be found under an honest one's names.
mine = types.FunctionType(lying_spin.__code__.replace(co_name="name", co_qualname=kind), globals())


def prepare_and_report(frame):
    KINDS[kind](frame)
    os.write(1, b"ready\n")


mine(prepare_and_report)
