#!/usr/bin/env python3
"""Stops qmail-local at every system call of a Maildir and of an mbox delivery, and makes each of them fail.

    local_sweep.py BIN [--broken] [--verbose]

After each run the recipient's files are looked at. What was answered with 0 is there, whole, and was synced
with its name; a failure takes back what was written; nothing half is ever in new/. With --broken the
program is made wrong: the run then succeeds if each wrong way is noticed. Exit code 77: it could not be done here, with
the reason.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

import sweep

CALLS = "openat,read,write,renameat2,linkat,unlinkat,fsync,syncfs,close,newfstatat,lseek,flock,ftruncate,chdir"
ERRORS = ("EIO", "ENOSPC", "EMFILE", "EINTR")
KILLED = 137
MESSAGE = b"Subject: tide\n\nHigh at noon.\n" + b"From here on it falls.\n" * 1000
TRACE = b"Return-Path: <s@far.example>\nDelivered-To: joe@here.example\n"
OLD = b"From old@far.example Sun Nov 22 10:00:00 2026\n\nold\n\n"


class Delivery:
    """One kind of delivery: what is there before, and what may be there after."""

    def __init__(self, name, instruction, before=None, always=None):
        self.name, self.instruction, self.before = name, instruction, before
        self.always = always   # a call that never works here

    def prepare(self, home):
        os.mkdir(f"{home}/control")
        os.makedirs(f"{home}/joe/Maildir/tmp")
        for folder in ("new", "cur"):
            os.mkdir(f"{home}/joe/Maildir/{folder}")
        if self.before is not None:
            write(f"{home}/joe/box", self.before)
        write(f"{home}/joe/.qmail", self.instruction)
        write(f"{home}/message", MESSAGE)

    def faults(self, home, code, lines, injected):
        if code not in (0, 111, KILLED):
            return [f"exit code {code}"]
        if self.name.startswith("maildir"):
            return self.maildir_faults(f"{home}/joe/Maildir", code, lines, injected)
        return self.mbox_faults(f"{home}/joe/box", code, lines, injected)

    def maildir_faults(self, maildir, code, lines, injected):
        delivered, unfinished = os.listdir(f"{maildir}/new"), os.listdir(f"{maildir}/tmp")
        found = [f"half a message: new/{name}" for name in delivered
                 if read(f"{maildir}/new/{name}") != TRACE + MESSAGE]
        if code == 0:
            found += [] if len(delivered) == 1 else [f"0 and {len(delivered)} messages"]
            if not re.search(r"fsync\(\d+<[^>]*/tmp/[^>]*>\) += 0.*(renameat2|linkat)\([^\n]*= 0\n.*(fsync\(\d+<[^>]*/new>\)|syncfs\(.*\)) += 0",
                             lines, re.DOTALL):
                found.append("0 before everything was synced")
        elif code == 111 and not injected.startswith("unlinkat"):
            found += [f"111 left {name}" for name in delivered + unfinished]
        return found

    def mbox_faults(self, box, code, lines, injected):
        text = read(box) if os.path.exists(box) else b""
        old = self.before or b""
        whole = re.compile(re.escape(old) + rb"From s@far.example [^\n]{24}\n"
                           + re.escape(TRACE + MESSAGE.replace(b"\nFrom ", b"\n>From ") + b"\n") + rb"\Z")
        if not text.startswith(old):
            return ["older messages are damaged"]
        if code == 111 and text != old and not injected.startswith(("ftruncate", "flock", "lseek")):
            return ["111 left part of a message"]
        if code != 0:
            return []
        found = [] if whole.match(text) else ["0 without the message"]
        if not re.search(r"fsync\(\d+<[^>]*/box>\) += 0", lines):
            found.append("0 before it was synced")
        if self.before is None and not re.search(r"(fsync\(\d+<[^>]*/joe>\)|syncfs\(.*\)) += 0", lines):
            found.append("0 before its name was synced")
        return found


DELIVERIES = [
    Delivery("maildir", b"./Maildir/\n"),
    Delivery("maildir where rename replaces", b"./Maildir/\n", always="renameat2:error=EINVAL"),
    Delivery("mbox", b"./box\n", OLD),
    Delivery("new mbox", b"./box\n"),
]


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o600)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def one_run(program, delivery, injected):
    """strace's lines, faults."""
    home = tempfile.mkdtemp(prefix="grapnel-crash-")
    os.chmod(home, 0o755)
    try:
        delivery.prepare(home)
        command = ["strace", "-qq", "-y", "-o", f"{home}/trace", "-e", f"trace={CALLS}"]
        for fault in (injected, delivery.always):
            command += ["-e", f"inject={fault}"] if fault else []
        command += [program, "--", "joe", f"{home}/joe", "joe", "", "", "here.example", "s@far.example", "./Mailbox"]
        with open(f"{home}/message", "rb") as message:
            done = subprocess.run(command, stdin=message, capture_output=True, env={"QMAILHOME": home},
                                  timeout=120, check=False)
        code = KILLED if done.returncode in (-9, KILLED) else done.returncode
        with open(f"{home}/trace", encoding="latin-1") as file:
            lines = file.readlines()
        made = [line for line in lines if "(INJECTED)" not in line]
        found = delivery.faults(home, code, "".join(made), injected or "")
        if not injected and code != 0:
            found.append(f"exit code {code} undisturbed: {done.stderr}")
        return lines, [f"{delivery.name}: {injected or 'undisturbed'}: {text}" for text in found]
    finally:
        shutil.rmtree(home)


def injections(lines):
    """Every call of an undisturbed run, once it is past the loading of libraries."""
    count = collections.Counter()
    for line in lines:
        call = line.partition("(")[0]
        count[call] += 1
        if count["chdir"]:
            yield f"{call}:signal=KILL:when={count[call]}"
            for error in ERRORS:
                yield f"{call}:error={error}:when={count[call]}"


def broken_ways(program):
    """strace says that calls were made that were not; the program links nothing in which they could be changed."""
    missed = []
    for delivery in (DELIVERIES[0], DELIVERIES[3]):
        lines, _ = one_run(program, delivery, None)
        writes = [re.search(r"= (\d+)$", line)[1] for line in lines if line.startswith("write(")]
        flushes = sum(line.startswith("fsync(") for line in lines)
        ways = {"no file is flushed": ["fsync:retval=0:when=1+"],
                "no directory is flushed": [f"fsync:retval=0:when={flushes}"],
                "what fails to be written is not looked at":
                    [f"write:retval={size}:when={which}" for which, size in enumerate(writes, 1)]}
        for way, wrong in ways.items():
            found = [fault for injected in wrong for fault in one_run(program, delivery, injected)[1]]
            print(f"{delivery.name}, {way}: " + (found[0] if found else "NOT NOTICED"))
            missed += [] if found else [way]
    return missed


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("bin")
    arguments.add_argument("--broken", action="store_true")
    arguments.add_argument("--verbose", action="store_true")
    options = arguments.parse_args()
    program = os.path.join(os.path.abspath(options.bin), "qmail-local")
    if reason := sweep.why_not(program):
        print(f"skipped: {reason}")
        return 77
    if options.broken:
        return 1 if broken_ways(program) else 0
    runs, found = 0, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for delivery in DELIVERIES:
            lines, first = one_run(program, delivery, None)
            found += first
            for _, faults in pool.map(lambda i, d=delivery: one_run(program, d, i), injections(lines)):
                runs += 1
                found += faults
            if options.verbose:
                print(f"{delivery.name}: {runs} runs so far")
    print("\n".join(found[:50]))
    print(f"{runs} runs, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
