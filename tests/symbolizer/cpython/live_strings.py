"""Prints `kind address expected-bytes-in-hex` for strings that it keeps until its input ends."""
import warnings


class Text(str):
    pass


def printable(text):
    return ''.join('\ufffd' if 0xD800 <= ord(c) <= 0xDFFF else c for c in text).encode()


def show(kind, value, expected):
    print('%s %x %s' % (kind, id(value), expected.hex() or '-'))


STRINGS = ['', 'a', 'plain ascii', '\x00\x7f', 'na\xefve \xff', 'gr\xfc\xdfe' * 100,
           '\u65e5\u672c\u8a9e', 'a\uffff', '\U0001f40d snake', '\U0010ffff', 'x' * 5000,
           '\u0416' * 3000, '\U0001f600' * 2000, 'lone \ud800 and \udfff', '\ud83d\ude00']
STRINGS += [Text(s) for s in STRINGS]
BYTES = [b'', b'\x00', bytes(range(256)), b'y' * 4096]
for string in STRINGS:
    show('str', string, printable(string))
for value in BYTES:
    show('bytes', value, value)
if sys.version_info < (3, 12):
    warnings.simplefilter('ignore', DeprecationWarning)
    _new = ctypes.pythonapi.PyUnicode_FromUnicode
    _new.restype = ctypes.py_object
    unready = _new(None, ctypes.c_ssize_t(5))
    show('unready', unready, b'')
print('ready', flush=True)
sys.stdin.read()
