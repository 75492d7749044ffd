"""Works in the functions of an extension module, called directly and from Python code that the
module calls back: `extension.py SECONDS FOLDER`, FOLDER holding extension.so.

Before it is loaded, its file is mapped once more, as code, from its start: a stale mapping must not
be taken for the loaded one.
"""
import mmap
import os
import sys

import common

FOLDER = sys.argv[2]


def map_as_code(path):
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)


def cranks():
    extension.crank()


def presses():
    extension.press()


def called_back():
    presses()


def calls_back():
    extension.call_back(called_back)


def main():
    run = common.Run()
    common.ready()
    while run:
        cranks()
        calls_back()


stale = map_as_code(os.path.join(FOLDER, "extension.so"))
sys.path.insert(0, FOLDER)
import extension  # noqa: E402

if __name__ == "__main__":
    main()
