"""Prints version (hex), free-threaded (0 or 1), and the addresses of the first interpreter state
and of _PyRuntime (0 before 3.7). Prefixed to the live_*.py programs."""
import ctypes
import sys

_head = ctypes.pythonapi.PyInterpreterState_Head
_head.restype = ctypes.c_void_p
_runtime = 0
if sys.version_info >= (3, 7):
    _runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, '_PyRuntime'))
print('%x %d %x %x' % (sys.hexversion, 't' in sys.abiflags, _head(), _runtime), flush=True)
