#!/usr/bin/env python3
"""What is wrong with a queue directory: each fault a line, exit code 1 where there is any.

    queue_state.py QUEUE            after a crash, with nothing running
    queue_state.py --quiet QUEUE    at rest: besides, no litter may lie about

Litter (states S2 and S3, files in pid/) is what a killed qmail-queue leaves; it is collected after
36 hours. Faults are what no crash may leave, whatever was stopped, and when.
"""

import os
import re
import stat
import sys

ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def records(data):
    """The NUL-terminated records, and the tail that has no NUL."""
    *whole, tail = data.split(b"\0")
    return whole, tail


def envelope_fault(data):
    """Why these bytes are no whole todo file; None where they are."""
    whole, tail = records(data)
    if tail:
        return "is cut inside a record"
    letters = b"".join(record[:1] or b"?" for record in whole)
    if not re.fullmatch(rb"upp?F(Tp?)*", letters):
        return f"has the records {letters.decode(errors='replace')[:40]!r}"
    for record in whole:
        if record[:1] in b"up" and not re.match(rb".[0-9]+( |$)", record):
            return f"has the record {record!r}"
    return None


class Queue:
    """All that lies in a queue directory, read once."""

    def __init__(self, path):
        self.path = path
        self.faults = []
        self.litter = []
        self.split = sum(name.isdigit() for name in os.listdir(os.path.join(path, "mess")))
        self.outcomes = set()
        self.mess = self.hashed("mess")
        self.info = self.hashed("info")
        self.local = self.hashed("local")
        self.remote = self.hashed("remote")
        self.todo = self.flat("todo")
        self.intd = self.flat("intd")
        self.bounce = self.flat("bounce")
        self.quarantine = {}
        if os.path.isdir(os.path.join(path, "quarantine")):
            self.quarantine = self.files("quarantine")
        self.pid = self.files("pid")

    def fault(self, text):
        self.faults.append(text)

    def files(self, folder):
        """Name: status, for what must be regular files."""
        found = {}
        for name in os.listdir(os.path.join(self.path, folder)):
            about = os.lstat(os.path.join(self.path, folder, name))
            if stat.S_ISREG(about.st_mode):
                found[name] = about
            elif not (f"{folder}/{name}" == "bounce/.hold" and stat.S_ISSOCK(about.st_mode)):
                self.fault(f"{folder}/{name} is no regular file")
        return found

    def flat(self, folder):
        numbered = {}
        for name, about in self.files(folder).items():
            if name.isdigit():
                numbered[int(name)] = about
            elif folder.startswith("info/") and re.fullmatch(r"[0-9]+\.new", name):
                self.litter.append(f"{folder}/{name}")   # gone at the next start
            elif folder == "bounce" and re.fullmatch(r"[0-9]+\.dsn", name):
                self.outcomes.add(int(name.removesuffix(".dsn")))
            else:
                self.fault(f"{folder}/{name} is no message number")
        return numbered

    def hashed(self, folder):
        numbered = {}
        for part in os.listdir(os.path.join(self.path, folder)):
            for number, about in self.flat(f"{folder}/{part}").items():
                if number % self.split == int(part):
                    numbered[number] = about
                else:
                    self.fault(f"{folder}/{part}/{number} is in the wrong place")
        return numbered

    def name(self, folder, number):
        flat = folder in ("todo", "intd", "bounce")
        return f"{folder}/{number}" if flat else f"{folder}/{number % self.split}/{number}"

    def read(self, name):
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()

    def check(self):
        for number, about in self.mess.items():
            if about.st_ino != number:
                self.fault(f"{self.name('mess', number)} has the inode number {about.st_ino}")
        # The number is given out again once mess is gone: no other name may outlive it.
        for folder in ("todo", "intd", "info", "local", "remote", "bounce"):
            for number in getattr(self, folder):
                if number not in self.mess:
                    self.fault(f"{self.name(folder, number)} is there, its mess file is not")
        for number in self.outcomes - self.mess.keys():
            self.fault(f"bounce/{number}.dsn is there, its mess file is not")
        for number in self.todo:
            self.check_todo(number)
        for number in self.info:
            whole, _ = records(self.read(self.name("info", number)))
            if number not in self.todo and not (whole and whole[0].startswith(b"F")):
                self.fault(f"{self.name('info', number)} has no sender")
        for folder in ("local", "remote"):
            for number in getattr(self, folder):
                self.check_channel(folder, number)
        for number in self.mess:
            if number not in self.todo and number not in self.info:
                self.litter.append(self.name("mess", number))
        self.litter += [f"pid/{name}" for name in self.pid]
        self.check_quarantine()

    def check_todo(self, number):
        why = envelope_fault(self.read(self.name("todo", number)))
        if why:
            self.fault(f"todo/{number} {why}")
        if number in self.intd and self.intd[number].st_ino != self.todo[number].st_ino:
            self.fault(f"intd/{number} is another file than todo/{number}")
        if number in self.mess and self.mess[number].st_size == 0:
            self.fault(f"todo/{number} is there, its message is empty")

    def check_channel(self, folder, number):
        name = self.name(folder, number)
        if number in self.todo:
            return   # written anew from todo
        if number not in self.info:
            self.fault(f"{name} is there, without info or todo")
        whole, _ = records(self.read(name))
        for record in whole:
            if record[:1] not in (b"T", b"D"):
                self.fault(f"{name} has the record {record[:40]!r}")

    def check_quarantine(self):
        for name in self.quarantine:
            if not re.fullmatch(ID + r"\.(mess|env)", name):
                self.fault(f"quarantine/{name} has a strange name")
                continue
            stem, kind = name.split(".")
            if kind == "mess" and stem + ".env" not in self.quarantine:
                self.litter.append(f"quarantine/{name}")
            if kind == "env":
                if stem + ".mess" not in self.quarantine:
                    self.fault(f"quarantine/{name} is there without its message")
                why = envelope_fault(self.read(f"quarantine/{name}"))
                if why:
                    self.fault(f"quarantine/{name} {why}")


def look_at(path):
    queue = Queue(path)
    queue.check()
    return queue


def main():
    quiet = sys.argv[1:2] == ["--quiet"]
    queue = look_at(sys.argv[-1])
    found = queue.faults + ([f"{name} is left over" for name in queue.litter] if quiet else [])
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
