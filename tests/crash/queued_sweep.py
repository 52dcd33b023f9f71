#!/usr/bin/env python3
"""Stops qmail-queued at every system call, and makes every one of them fail.

    queued_sweep.py BIN [--broken LIBRARY] [--only TEXT]

Each run takes a few messages, one of them from somebody who would else start qmail-queue, and one cut short by its
submitter. Afterwards: what was answered
with 0 is queued, whole, and nothing else is but what may have been committed when the answer was lost
or a flush failed; nothing was acknowledged that a power cut could take away; a flush that failed has
ended the program; and the next qmail-queued serves. With --broken as in sweep.py. Exit code 77: it could not be done here.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import durability
import queue_state
import sweep

CALLS = ("openat,read,pread64,write,pwrite64,link,renameat2,unlink,truncate,fsync,syncfs,close,newfstatat,"
         "accept4,recvfrom,sendto,chdir,lseek,getdents64")
FLUSHES = ("fsync", "syncfs")
ID = b"019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f"
ACKNOWLEDGED = re.compile(r'^\d+ +sendto\(\d+, "A\\0\\0\\0\\5\\0')


def frame(kind, payload):
    return kind + len(payload).to_bytes(4, "big") + payload


class Message:
    def __init__(self, name, held=False):
        self.name = name
        self.text = f"Subject: {name}\n\n".encode() + b"tide\n" * 400
        self.envelope = b"F%s@b\0Tc@d\0\0" % name.encode()
        if held:
            self.envelope += b"id=" + ID + b"\0held=scan/why\0"

    def frames(self):
        return frame(b"M", self.text) + frame(b"E", self.envelope) + frame(b"C", b"")


class Client:
    """Says what it can; what it hears is an exit code, or None where it was hung up on."""

    def __init__(self, home):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        try:
            self.socket.connect(f"{home}/run/queued")
        except OSError:
            pass

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def answer(self):
        data = self.receive(10)
        if data == b"no answer":
            return "no answer"
        return data[5] if len(data) >= 10 else None

    def may_go_on(self):
        """Whether qmail-queued does qmail-queue's work for us."""
        self.send(frame(b"Q", b""))
        return self.receive(5) == frame(b"G", b"")

    def receive(self, least):
        data = b""
        try:
            while len(data) < least and (piece := self.socket.recv(4096)):
                data += piece
        except TimeoutError:
            return b"no answer"
        except OSError:
            pass
        return data


def one_by_one(home, messages, client=None):
    client = client or Client(home)
    for message in messages:
        client.send(message.frames())
        yield client.answer()
    client.socket.close()


def load(home):
    """{message: answer}; the last one is never finished."""
    alone, second, left, right = (Message(n) for n in ("alone", "second", "left", "right"))
    held, instead, cut = Message("held", held=True), Message("instead"), Message("cut")
    answers = dict(zip((alone, second), one_by_one(home, (alone, second))))
    clients = {message: Client(home) for message in (left, right)}
    for message, client in clients.items():
        client.send(message.frames())
    answers |= {message: client.answer() for message, client in clients.items()}
    answers[held] = next(one_by_one(home, (held,)))
    client = Client(home)
    answers[instead] = next(one_by_one(home, (instead,), client)) if client.may_go_on() else None
    client = Client(home)
    client.send(cut.frames()[:-5])
    client.socket.close()
    answers[cut] = None
    return answers


class Daemon:
    def __init__(self, home, program, strace, preload=None):
        self.home, self.trace = home, f"{home}/trace"
        command = ["strace", "-f", "-qq", "-s", "64", "-o", self.trace, "-e", f"trace={CALLS}", *strace]
        if preload:
            command += ["-E", f"LD_PRELOAD={preload[0]}", "-E", f"BROKEN={preload[1]}"]
        self.log = open(f"{home}/log", "wb")
        self.process = subprocess.Popen(command + [program], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={"QMAILHOME": home})

    def wait_for_it(self):
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.socket(socket.AF_UNIX).connect(f"{self.home}/run/queued")
                return
            except OSError:
                time.sleep(0.002)

    def tell(self, number):
        """Signals the traced program; strace itself must not be: its death lets the program go on."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children",
                      encoding="ascii") as file:
                for child in file.read().split():
                    os.kill(int(child), number)
        except OSError:
            pass   # it has ended

    def stop(self):
        """Its exit code, and strace's lines."""
        code = "does not end"
        for patience in (4, 20):   # the first may be lost: a signal goes through a pipe of the loop's
            self.tell(signal.SIGTERM)
            try:
                code = self.process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                pass
        else:
            self.tell(signal.SIGKILL)
            self.process.wait()
        self.log.close()
        with open(self.trace, encoding="latin-1") as file:
            return code, joined(file.readlines())


def joined(lines):
    """A call that another thread interrupted in the trace, as one line where it ended."""
    begun = {}
    for line in lines:
        thread = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>\n"):
            begun[thread] = line[:-len("<unfinished ...>\n")]
        elif match := re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line):
            yield begun.pop(thread, thread + " lost(") + match[1] + "\n"
        else:
            yield line


def points(lines):
    """Every (call, which) from the entry of the queue on. strace counts for each thread."""
    count, seen, entered = collections.Counter(), set(), False
    for line in lines:
        match = re.match(r"(\d+) +(\w+)\(", line)
        if not match:
            continue
        count[match.groups()] += 1
        entered = entered or '"queue"' in line
        point = match[2], count[match.groups()]
        if entered and match[2] in CALLS.split(",") and point not in seen:
            seen.add(point)
            yield point


def stored_in(queue):
    """(message's bytes, envelope's addresses) of all that is committed."""
    for number in queue.todo:
        if number in queue.mess:
            yield queue.read(queue.name("mess", number)), queue.read(f"todo/{number}")
    for name in queue.quarantine:
        if name.endswith(".env") and name[:-4] + ".mess" in queue.quarantine:
            yield queue.read(f"quarantine/{name[:-4]}.mess"), queue.read(f"quarantine/{name}")


def queue_faults(queue, answers, ended):
    found, stored = list(queue.faults), collections.Counter()
    for text, envelope in stored_in(queue):
        for message in answers:
            whole = text.partition(b"\n")[2] == message.text and text.startswith(b"Received: (qmail ")
            if whole and b"F%s@b\0Tc@d\0" % message.name.encode() in envelope:
                stored[message] += 1
                break
        else:
            found.append("something is queued that nobody sent")
    for message, answer in answers.items():
        if answer == "no answer":
            found.append(f"{message.name} got no answer")
        if answer == 0 and stored[message] != 1:
            found.append(f"{message.name} was acknowledged and is there {stored[message]} times")
        if answer not in (0, 53, None) and stored[message]:
            found.append(f"{message.name} was refused with {answer} and is queued")
        if message.name == "cut" and stored[message]:
            found.append("what was cut short is queued")
    if ended == 0:   # whoever ends in order leaves nothing that is not queued
        found += [f"{name} was left" for name in queue.litter]
    return found


def flush_faults(lines, injected, code):
    """A flush that fails ends the program. What is acknowledged after it is judged as all is: was it durable?"""
    flush = injected and ":error=" in injected and injected.split(":")[0] in FLUSHES
    # SIGTERM may come before its handler, while the disk is being proved at the start.
    if not flush or code in (111, -signal.SIGTERM) or not any("(INJECTED)" in line for line in lines):
        return []
    return [f"a flush failed and the program ended with {code}"]


class ManyMessages(durability.Disk):
    """Others are being written while one is linked: only what bears its number must be on disk."""

    def link(self, old, new):
        others = self.dirty
        number = "/" + old.rpartition("/")[2]
        self.dirty = {label for name, label in self.inode.items() if name.endswith(number)} & others
        super().link(old, new)
        self.dirty = others


def durability_faults(lines):
    """At each acknowledgement there must be one name more that no power cut takes away."""
    disk, acknowledged = ManyMessages(), 0
    for line in lines:
        disk.follow(line)
        if not ACKNOWLEDGED.match(line):
            continue
        acknowledged += 1
        durable = [name for name in disk.inode if name.startswith("todo/") or name.endswith(".env")]
        durable = [name for name in durable if name not in disk.volatile]
        if len(durable) < acknowledged:
            disk.faults.append(f"acknowledgement {acknowledged} with {len(durable)} durable names")
    return disk.faults


def one_run(program, injected, preload=None):
    home = sweep.make_home()
    os.mkdir(f"{home}/run")
    os.symlink(os.path.dirname(program), f"{home}/bin")
    try:
        daemon = Daemon(home, program, ["-e", f"inject={injected}"] if injected else [], preload)
        daemon.wait_for_it()
        answers = load(home)
        code, lines = daemon.stop()
        lines = list(lines)
        # An unlink that is made to fail leaves what it should have removed.
        ended = None if injected and injected.split(":")[0] in ("unlink", "truncate") else code
        found = queue_faults(queue_state.look_at(f"{home}/queue"), answers, ended)
        found += flush_faults(lines, injected, code) + durability_faults(lines)
        if injected is None and (code != 0 or [*answers.values()] != [0, 0, 0, 0, 0, 0, None]):
            found.append(f"undisturbed it ended with {code} and said {[*answers.values()]}")
        if code == "does not end":
            found.append("it does not end")
        if code != 0:
            after = Daemon(home, program, [])
            after.wait_for_it()
            if [*one_by_one(home, (Message("after"),))] != [0]:
                found.append("the next one does not serve")
            after.stop()
        return lines, [f"{injected or 'undisturbed'}: {text}" for text in found]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def injections(lines):
    for call, which in points(lines):
        yield f"{call}:signal=KILL:when={which}"
        yield f"{call}:error=EIO:when={which}"
        if call in ("write", "pwrite64", "link", "openat", "syncfs", "fsync"):
            yield f"{call}:error=ENOSPC:when={which}"
        if call in ("openat", "accept4"):
            yield f"{call}:error=EMFILE:when={which}"


def sweep_all(program, only):
    lines, found = one_run(program, None)
    chosen = [text for text in injections(lines) if only in text]
    if not only and "GRAPNEL_LONG_TESTS" not in os.environ:
        chosen = chosen[time.time_ns() % 4::4]   # another quarter each time
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _, faults in pool.map(lambda text: one_run(program, text), chosen):
            found += faults
    return len(chosen), found


def broken_ways(program, library):
    missed = []
    for way, injected in (("sync", None), ("directory-sync", None), ("deaf", "syncfs:error=EIO:when=1")):
        _, found = one_run(program, injected, (library, way))
        print(f"broken in the way of {way}: " + (found[0] if found else "NOT NOTICED"))
        missed += [] if found else [way]
    return missed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--broken")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    program = os.path.abspath(f"{arguments.bin}/qmail-queued")
    if reason := sweep.why_not(program):
        print(f"skipped: {reason}")
        return 77
    if arguments.broken:
        return 1 if broken_ways(program, os.path.abspath(arguments.broken)) else 0
    begin = time.monotonic()
    runs, found = sweep_all(program, arguments.only)
    print(f"qmail-queued: {runs} runs in {time.monotonic() - begin:.1f} s, {len(found)} faults")
    for text in found[:40]:
        print("  " + text)
    return 1 if found or (runs < 50 and not arguments.only) else 0


if __name__ == "__main__":
    sys.exit(main())
