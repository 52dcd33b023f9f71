#!/usr/bin/env python3
"""Stops qmail-queue, qmail-clean and qmail-quarantine at every system call, and makes every one of them fail.

    sweep.py BIN [--broken LIBRARY] [--only TEXT] [--verbose]

BIN holds the built programs. After each run the queue is looked at: nothing that was answered with 0
may be missing, nothing half may be queued, and a failure that qmail-queue saw leaves nothing behind.
The calls of each undisturbed run are followed for what a power cut could take (durability.py). With
--broken a library that makes the program wrong is preloaded: the run then succeeds if each wrong way
is noticed. Exit code 77: it could not be done here, with the reason.
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
import time

import durability
import queue_state

CALLS = ("openat,read,pread64,write,pwrite64,link,renameat2,unlink,truncate,fsync,close,newfstatat,"
         "getdents64,chdir,lseek,poll")
ERRORS = ("EIO", "ENOSPC", "EMFILE", "EINTR")
SPLIT = 3
KILLED = 137
ID = b"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"
MESSAGE = b"Subject: tide\n\nHigh at noon.\n" * 50


class Load:
    """What one run is given, and what it must have made of it when it says 0."""

    def __init__(self, name, envelope, errors=ERRORS):
        self.name, self.envelope, self.errors = name, envelope, errors
        self.held = b"\0held=" in envelope
        self.received = b"received=1\0" in envelope

    def feed(self, home):
        with open(os.path.join(home, "message"), "wb") as file:
            file.write(MESSAGE)
        with open(os.path.join(home, "envelope"), "wb") as file:
            file.write(self.envelope)

    def expected_message(self, data):
        if self.received:
            return data == MESSAGE
        line, _, rest = data.partition(b"\n")
        return re.match(rb"Received: \(qmail \d+ invoked by uid \d+\); ", line) and rest == MESSAGE

    def expected_envelope(self, data):
        addresses = self.envelope.partition(b"\0\0")[0].split(b"\0")
        found = [r for r in data.split(b"\0")[:-1] if r[:1] in b"FT"]
        records = self.envelope.partition(b"\0\0")[2].count(b"=")
        return found == addresses and data.count(b"=") == records


LOADS = [
    Load("plain", b"Fa@b.example\0Tc@d.example\0\0"),
    Load("extended", b"Fa@b.example\0Tc@d.example\0Te@f.example\0\0received=1\0ret=HDRS\x00"
         b"1:notify=DELAY\0", ("EIO", "ENOSPC")),
    Load("held", b"Fa@b.example\0Tc@d.example\0\0id=" + ID + b"\0held=scan/why\0", ("EIO",)),
    Load("many", b"Fa@b.example\0" + b"".join(b"Tlong-recipient-%d@some.domain.example\0" % i
                                              for i in range(3000)) + b"\0ret=FULL\0", ("EIO",)),
]


def make_home():
    home = tempfile.mkdtemp(prefix="grapnel-crash-")
    for folder in ("pid", "intd", "todo", "bounce", "lock", "quarantine"):
        os.makedirs(f"{home}/queue/{folder}")
    for folder in ("mess", "info", "local", "remote"):
        for part in range(SPLIT):
            os.makedirs(f"{home}/queue/{folder}/{part}")
    os.mkfifo(f"{home}/queue/lock/trigger")
    return home


def run(home, argv, strace, message="message", preload=None):
    """Exit code, 137 where it was killed, and strace's lines."""
    trace = os.path.join(home, "trace")
    command = ["strace", "-qq", "-o", trace, "-e", f"trace={CALLS}", *strace]
    if preload:
        command += ["-E", f"LD_PRELOAD={preload[0]}", "-E", f"BROKEN={preload[1]}"]
    reader = os.open(f"{home}/queue/lock/trigger", os.O_RDONLY | os.O_NONBLOCK)
    with open(f"{home}/{message}", "rb") as zero, open(f"{home}/envelope", "rb") as one:
        # Descriptor 1 is read by qmail-queue and written by qmail-clean.
        output = one if message == "message" else subprocess.PIPE
        done = subprocess.run(command + argv, stdin=zero, stdout=output, stderr=subprocess.DEVNULL,
                              env={"QMAILHOME": home}, timeout=120, check=False)
    os.close(reader)
    with open(trace, encoding="latin-1") as file:
        lines = file.readlines()
    code = KILLED if done.returncode in (-9, KILLED) else done.returncode
    return code, lines, done.stdout


def look(home):
    return queue_state.look_at(f"{home}/queue")


def message_faults(load, queue, code):
    """What the exit code promised against what is there."""
    found = []
    stored = {}   # where: (message, envelope)
    for number in queue.todo:
        if number in queue.mess:
            stored[f"todo/{number}"] = (queue.name("mess", number), f"todo/{number}")
    for name in queue.quarantine:
        stem = name[:-4]
        if name.endswith(".env") and stem + ".mess" in queue.quarantine:
            stored[name] = (f"quarantine/{stem}.mess", f"quarantine/{name}")
    for where, (message, envelope) in stored.items():
        if not load.expected_message(queue.read(message)):
            found.append(f"{where} is queued with another message")
        if not load.expected_envelope(queue.read(envelope)):
            found.append(f"{where} is queued with another envelope")
    if code == 0 and len(stored) != 1:
        found.append(f"0 was said and {len(stored)} messages are there")
    # Seen failures take back all they made, unless the commit was made before (a failed sync after it).
    if code not in (0, KILLED) and not stored:
        found += [f"exit code {code} left {name}" for name in queue.litter]
        found += [f"exit code {code} left intd/{number}" for number in queue.intd]
    if code not in (0, KILLED) and stored and code != 53:
        found.append(f"exit code {code} after the commit")
    return found


def points(lines):
    """(call, which) for every call of an undisturbed run, once it is past the loading of libraries."""
    count = collections.Counter()
    for line in lines:
        if line.startswith("---"):   # a signal
            continue
        name = line.partition("(")[0]
        count[name] += 1
        if count["chdir"]:
            yield name, count[name]


def one_queue_run(program, load, injected, preload=None):
    home = make_home()
    try:
        load.feed(home)
        strace = ["-e", f"inject={injected}"] if injected else []
        code, lines, _ = run(home, [program], strace, preload=preload)
        queue = look(home)
        found = queue.faults + message_faults(load, queue, code)
        if code == 0:
            found += durability.faults(lines)
        return code, lines, [f"{load.name}: {injected or 'undisturbed'}: {text}" for text in found]
    finally:
        shutil.rmtree(home)


def injections(lines, errors):
    for call, which in points(lines):
        yield f"{call}:signal=KILL:when={which}"
        for error in errors:
            yield f"{call}:error={error}:when={which}"


def sweep_queue(program, preload=None, loads=LOADS):
    """Runs, faults."""
    runs, found = 0, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for load in loads:
            code, lines, first = one_queue_run(program, load, None, preload)
            runs += 1
            found += first
            if code != 0 and not preload:
                found.append(f"{load.name}: exit code {code} undisturbed")
            results = pool.map(lambda i, l=load: one_queue_run(program, l, i, preload),
                               injections(lines, load.errors))
            for _, _, faults in results:
                runs += 1
                found += faults
    return runs, found


def one_clean_run(program, command, injected, preload=None):
    """qmail-clean is asked once; then asked again undisturbed, as qmail-send does after a restart."""
    home = make_home()
    try:
        with open(f"{home}/queue/pid/probe", "wb") as file:
            file.write(MESSAGE)
        number = os.stat(f"{home}/queue/pid/probe").st_ino
        mess = f"{home}/queue/mess/{number % SPLIT}/{number}"
        os.rename(f"{home}/queue/pid/probe", mess)
        with open(f"{home}/queue/intd/{number}", "wb") as file:
            file.write(b"u0\0p1\0Fa@b\0Tc@d\0")
        if command == "todo":
            os.link(f"{home}/queue/intd/{number}", f"{home}/queue/todo/{number}")
        open(f"{home}/envelope", "wb").close()
        with open(f"{home}/command", "wb") as file:
            file.write(b"%s/%d\0" % (command.encode(), number))
        strace = ["-e", f"inject={injected}"] if injected else []
        _, lines, answer = run(home, [program], strace, "command", preload)
        what = f"{command}: {injected or 'undisturbed'}: "
        # A number without mess may be given out again: nothing else may bear it then.
        found = [what + text for text in look(home).faults]
        gone = f"{home}/queue/todo/{number}" if command == "todo" else mess
        if answer == b"+" and os.path.exists(gone):
            found.append(what + "+ was said and the file is there")
        _, _, answer = run(home, [program], [], "command")
        left = look(home)
        if answer != b"+" or left.intd or left.todo or bool(left.mess) != (command == "todo"):
            found.append(what + "asked again it did not finish")
        return lines, found
    finally:
        shutil.rmtree(home)


def sweep_clean(program):
    runs, found = 0, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for command in ("foop", "todo"):
            lines, first = one_clean_run(program, command, None)
            found += first
            results = pool.map(lambda i, c=command: one_clean_run(program, c, i)[1],
                               injections(lines, ("EIO", "EINTR")))
            for faults in results:
                runs += 1
                found += faults
    return runs, found


def remove_home(home):
    """A qmail-queue whose caller was killed may still be at work there."""
    for _ in range(500):
        shutil.rmtree(home, ignore_errors=True)
        if not os.path.exists(home):
            return
        time.sleep(0.02)


def one_release_run(program, injected):
    """A held message is let go: at every moment it is in the quarantine or in the queue, whole."""
    home = make_home()
    try:
        os.mkdir(f"{home}/bin")
        os.symlink(os.path.join(os.path.dirname(program), "qmail-queue"), f"{home}/bin/qmail-queue")
        held = next(load for load in LOADS if load.held)
        held.feed(home)
        with open(f"{home}/message", "rb") as zero, open(f"{home}/envelope", "rb") as one:
            subprocess.run([f"{home}/bin/qmail-queue"], stdin=zero, stdout=one, check=True, env={"QMAILHOME": home})
        name = ID.decode()
        strace = ["-e", f"inject={injected}"] if injected else []
        code, lines, _ = run(home, [program, "release", name], strace)
        queue = look(home)
        queued = [number for number in queue.todo if number in queue.mess]
        whole = [n for n in queued if queue.read(queue.name("mess", n)).endswith(MESSAGE)]
        kept = name + ".mess" in queue.quarantine and name + ".env" in queue.quarantine
        found = []
        if not kept and not whole:
            found.append("the message is nowhere")
        if len(queued) > 1 or len(whole) != len(queued):
            found.append("it was not queued as it was")
        if code == 0 and (kept or not whole):
            found.append("0 was said and it is not released")
        return code, lines, [f"release: {injected or 'undisturbed'}: {text}" for text in found]
    finally:
        remove_home(home)


def sweep_release(program):
    code, lines, found = one_release_run(program, None)
    runs = 1
    if code != 0:
        found.append(f"release: exit code {code} undisturbed")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        # A close that is not made leaves the queue program's input open: no kernel does that.
        wanted = [i for i in injections(lines, ("EIO", "EMFILE")) if not i.startswith("close:error")]
        for _, _, faults in pool.map(lambda i: one_release_run(program, i), wanted):
            runs += 1
            found += faults
    return runs, found


def broken_ways(program, clean, library):
    """Each wrong program must be noticed. A write that fails is only noticed where one is made to."""
    missed = []
    for way in ("sync", "directory-sync", "order", "write"):
        _, lines, found = one_queue_run(program, LOADS[0], None, (library, way))
        injected = injections(lines, ("ENOSPC",)) if not found else []
        for injection in injected:
            if injection.startswith(("write:error", "pwrite64:error")) and not found:
                _, _, found = one_queue_run(program, LOADS[0], injection, (library, way))
        print(f"broken in the way of {way}: " + (found[0] if found else "NOT NOTICED"))
        missed += [] if found else [way]
    _, found = one_clean_run(clean, "todo", None, (library, "kept"))
    print("qmail-clean, broken in the way of kept: " + (found[0] if found else "NOT NOTICED"))
    return missed + ([] if found else ["kept"])


def why_not(program):
    if not shutil.which("strace"):
        return "there is no strace"
    probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=getpid:error=EIO",
                            "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        return "strace may not trace here: " + probe.stderr.decode(errors="replace").strip()
    with open(program, "rb") as file:
        if b"__asan_init" in file.read():
            return "an instrumented program makes calls of its own"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--broken")
    arguments = parser.parse_args()
    queue = os.path.abspath(f"{arguments.bin}/qmail-queue")
    clean = os.path.abspath(f"{arguments.bin}/qmail-clean")
    reason = why_not(queue)
    if reason:
        print(f"skipped: {reason}")
        return 77
    if arguments.broken:
        return 1 if broken_ways(queue, clean, os.path.abspath(arguments.broken)) else 0
    failed = False
    for name, sweep, program in (("qmail-queue", sweep_queue, queue),
                                 ("qmail-clean", sweep_clean, clean),
                                 ("qmail-quarantine", sweep_release,
                                  os.path.abspath(f"{arguments.bin}/qmail-quarantine"))):
        begin = time.monotonic()
        runs, found = sweep(program)
        print(f"{name}: {runs} runs in {time.monotonic() - begin:.1f} s, {len(found)} faults")
        for text in found[:40]:
            print("  " + text)
        failed = failed or bool(found) or runs < 50
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
