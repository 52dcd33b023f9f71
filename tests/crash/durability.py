"""From the system calls of one qmail-queue, what a power cut could still take away when it said 0.

The model: written bytes are on disk after a successful fsync of that file, a name after a successful
fsync of its directory. Nothing else counts, whatever file systems do beyond it.
"""

import posixpath
import re

CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += +(-?\d+|\?)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Disk:
    def __init__(self):
        self.descriptors = {}   # number: what it was opened as
        self.inode = {}         # name: a label for the file behind it
        self.dirty = set()      # labels with bytes that are not on disk
        self.volatile = set()   # names that are not on disk
        self.faults = []
        self.made = 0

    def follow(self, line):
        match = CALL.match(line)
        if not match or match[3] in ("?", "-1"):
            return
        call, arguments, result = match[1], match[2], int(match[3])
        names = [posixpath.normpath(name) for name in QUOTED.findall(arguments)]
        number = re.match(r"(\d+)", arguments)
        opened = self.descriptors.get(int(number[1])) if number else None
        if call == "openat":
            self.descriptors[result] = self.inode.get(names[0], names[0])
            if "O_CREAT" in arguments:
                self.made += 1
                label = f"{names[0]} ({self.made})"
                self.descriptors[result] = self.inode[names[0]] = label
                self.volatile.add(names[0])
        elif call in ("write", "pwrite64", "ftruncate") and opened in self.inode.values():
            self.dirty.add(opened)
        elif call == "fsync":
            self.dirty.discard(opened)
            self.volatile = {n for n in self.volatile if posixpath.dirname(n) != opened}
        elif call == "syncfs":
            self.dirty.clear()
            self.volatile.clear()
        elif call == "link":
            self.link(*names[:2])
        elif call == "renameat2":
            self.link(*names[:2])
            self.forget(names[0])
        elif call == "unlink":
            self.forget(names[0])
        elif call == "close" and number:
            self.descriptors.pop(int(number[1]), None)

    def forget(self, name):
        self.inode.pop(name, None)
        self.volatile.discard(name)

    def link(self, old, new):
        self.inode[new] = self.inode.get(old, old)
        self.volatile.add(new)
        if posixpath.dirname(new) == "todo" or new.endswith(".env"):
            for label in self.dirty:
                self.faults.append(f"{new} was linked while {label} was not on disk")

    def at_the_answer(self):
        needed = [n for n in self.inode if n.startswith("quarantine/")]
        if not needed:
            needed = [n for n in self.inode if n.startswith(("todo/", "mess/"))]
        if not any(n.startswith(("todo/", "quarantine/")) for n in needed):
            self.faults.append("0 was said and nothing was queued")
        for name in needed:
            if name in self.volatile:
                self.faults.append(f"0 was said and the name {name} was not on disk")
            if self.inode[name] in self.dirty:
                self.faults.append(f"0 was said and the bytes of {name} were not on disk")


def faults(trace_lines):
    disk = Disk()
    for line in trace_lines:
        disk.follow(line)
    disk.at_the_answer()
    return disk.faults
