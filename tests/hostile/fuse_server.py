#!/usr/bin/env python3
"""A FUSE file system with one file, read-only, spoken in the kernel's own words (linux/fuse.h).

usage: fuse_server.py MOUNTPOINT FILE SILENT

Serves FILE as MOUNTPOINT/python until it is killed. While the file SILENT exists, only reads of the
process whose PID stands in it are answered. Prints "ready" or why there is no mount, then "held" for
each read that is not answered. Ends with its standard input.
"""
import ctypes
import os
import select
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 14, 15, 17, 18
FLUSH, INIT, ACCESS, INTERRUPT, BATCH_FORGET = 25, 26, 34, 36, 42
UNANSWERED = {FORGET, INTERRUPT, BATCH_FORGET}
ROOT, FILE = 1, 2  # nodes
NAME = b"python"
ENOENT, ENOSYS = 2, 38
REQUEST = struct.Struct("<IIQQIIIHH")  # len, opcode, unique, nodeid, uid, gid, pid, …
KEEP_CACHE = 2
HOUR = 3600


def attributes(node, size):
    mode, links = (0o040755, 2) if node == ROOT else (0o100755, 1)
    blocks = (size + 511) // 512
    return struct.pack("<6Q10I", node, size, blocks, 0, 0, 0, 0, 0, 0, mode, links, 0, 0, 0, 4096, 0)


def process_of(thread):
    try:
        with open("/proc/%d/status" % thread) as status:
            return next(int(line.split()[1]) for line in status if line.startswith("Tgid:"))
    except OSError:
        return 0


class Server:
    def __init__(self, mountpoint, path, silent):
        with open(path, "rb") as file:
            self.content = file.read()
        self.silent = silent
        self.device = os.open("/dev/fuse", os.O_RDWR)
        libc = ctypes.CDLL(None, use_errno=True)
        options = "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % self.device
        if libc.mount(b"profd-test", os.fsencode(mountpoint), b"fuse", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount")
        self.held = []  # requests that wait for an end of the silence

    def size(self, node):
        return len(self.content) if node == FILE else 0

    def answer(self, opcode, node, body):
        """The payload, or an errno."""
        if opcode == INIT:
            major, minor, readahead, _ = struct.unpack_from("<4I", body)
            return struct.pack("<4I2H2I2H8I", major, min(minor, 31), readahead, 0, 12, 9,
                               1 << 17, 1, 0, 0, *[0] * 8)
        if opcode == LOOKUP:
            if node != ROOT or body.rstrip(b"\0") != NAME:
                return ENOENT
            return (struct.pack("<4Q2I", FILE, 1, HOUR, HOUR, 0, 0) +
                    attributes(FILE, self.size(FILE)))
        if opcode == GETATTR:
            return struct.pack("<Q2I", HOUR, 0, 0) + attributes(node, self.size(node))
        if opcode == OPEN:
            return struct.pack("<Q2I", 1, KEEP_CACHE, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return self.content[offset:offset + size]
        if opcode == STATFS:
            return bytes(80)
        return b"" if opcode in (RELEASE, FLUSH, ACCESS) else ENOSYS

    def is_silent_to(self, thread):
        try:
            with open(self.silent) as file:
                return process_of(thread) != int(file.read())
        except FileNotFoundError:
            return False

    def reply(self, opcode, unique, node, body):
        payload = self.answer(opcode, node, body)
        error = payload if isinstance(payload, int) else 0
        payload = b"" if error else payload
        try:
            os.write(self.device, struct.pack("<IiQ", 16 + len(payload), -error, unique) + payload)
        except FileNotFoundError:  # who asked was killed
            pass

    def serve(self):
        while True:
            readable = select.select([self.device, 0], [], [], 0.1)[0]
            if 0 in readable:
                return
            if not readable:
                if not os.path.exists(self.silent):
                    for held in self.held:
                        self.reply(*held)
                    self.held = []
                continue
            raw = os.read(self.device, 1 << 18)
            _, opcode, unique, node, _, _, thread, _, _ = REQUEST.unpack_from(raw)
            request = (opcode, unique, node, raw[REQUEST.size:])
            if opcode in UNANSWERED:
                continue
            if opcode == READ and self.is_silent_to(thread):
                self.held.append(request)
                print("held", flush=True)
            else:
                self.reply(*request)


def main():
    try:
        server = Server(*sys.argv[1:])
    except OSError as why:
        print("cannot mount: %s" % why)
        return
    print("ready", flush=True)
    server.serve()


main()
