#!/usr/bin/env python3
"""Stops qmail-send at every call that changes the queue, and makes each of them fail once.

    send_sweep.py BIN [--hooks | --answering | --reports] [--broken LIBRARY] [--only TEXT]

Two messages go through. One is delivered straight from todo to a local and a remote recipient; of the other one
recipient fails, so it falls back to files and makes a bounce. With --hooks a scanner, which cannot be reached,
wants to hear of everything, so outcomes wait until the message is on file, and one more recipient is deferred once, so
that info is written anew. With --answering a scanner answers: who is deferred is not to be reported as delayed (a
record), another failure is dropped silently, one bounce is suppressed, and one more message is cancelled when its one
recipient is deferred: nobody hears of these. With --reports the sender of the other message wants to hear of every recipient: then he must be told of
each success and of the failure. The spawners are played here; qmail-clean and qmail-queue are the built ones. After each disturbed life qmail-send
is started again, undisturbed: then everybody must have got his message whole, the sender his bounce, and
nobody more than one surplus copy. What it said and did is followed for what a power cut could take. With --broken a
library that makes it wrong is preloaded: the run then succeeds if each wrong way is noticed. Exit code 77: it could not
be done here, with the reason.
"""

import argparse
import collections
import concurrent.futures
import os
import posixpath
import re
import select
import shutil
import signal
import subprocess
import sys
import time

import durability
import fake_hookd
import queue_state
import sweep

CALLS = "openat,write,pwrite64,unlink,rename,fsync,fdatasync,syncfs,ftruncate,utimensat"
# What a full disk can refuse, and what a broken one can.
ERRORS = {"ENOSPC": "openat,write,pwrite64", "EIO": "openat,write,pwrite64,unlink,rename,fsync,fdatasync,syncfs"}
MESSAGE = b"Received: from x\nSubject: tide\n\nHigh at noon.\n" * 20
SENDER = b"sender@far.example"
RECIPIENTS = (b"ann@here.example", b"bob@far.example", b"fail@far.example")
STRAIGHT = (b"cid@here.example", b"dan@far.example")
LATER = b"later@far.example"
SILENT = b"silent@far.example"         # fails; the scanner makes it failed-silent
UNHEARD = b"unheard@far.example"       # fails; the scanner suppresses the bounce
CANCELLED = b"cancelled@far.example"   # always deferred; the scanner cancels
FAILING = (b"fail@far.example", UNHEARD)   # they make bounces
RECORDED = 0.25  # seconds of sleep after which a deferral is on file
QUIET = 1.5      # seconds in which all of it sleeps: it waits for a time that will not come here
LONGEST = 120.0  # seconds; however busy the machine is


class Spawners:
    """Answers each delivery at once, and remembers what it was."""

    def __init__(self, home, mode):
        self.home, self.mode = home, mode
        self.reported = collections.Counter()
        self.delivered = collections.Counter()
        self.bounces = 0
        self.faults = []
        self.was_put_off = False   # LATER, who is to be tried again soon
        self.alarms = 0            # to be given for that: the first may come before it is on file

    def answer(self, channel, command):
        number, rest = command[:1], command[1:]
        message, _, recipient = rest.split(b"\0")[:3]
        try:
            with open(os.path.join(self.home, "queue/mess", message.decode()), "rb") as file:
                content = file.read()
        except OSError as error:
            self.faults.append(f"{channel} was given a message that is not there: {error}")
            return number + b"Znone\0"
        if recipient == SENDER and self.mode == "reports":
            whole = self.is_report(content)
        elif recipient == SENDER:
            whole = b"<" + RECIPIENTS[2] + b">:\nnobody\n" in content and content.endswith(MESSAGE)
            self.bounces += 1
        else:
            whole = content == MESSAGE
        if not whole:
            self.faults.append(f"{recipient.decode()} was given another message")
        if recipient in (RECIPIENTS[2], SILENT, UNHEARD):
            return number + b"Dnobody\n\0"
        if recipient == CANCELLED:
            return number + b"Zbusy\n\0"
        if recipient == LATER and not self.was_put_off:
            self.was_put_off, self.alarms = True, 2
            return number + b"Zlater\n\0"
        self.delivered[recipient] += 1
        return number + b"Kok\n\0"


    def is_report(self, content):
        """Counts who is in it."""
        parts = content.split(b"\n--=_")
        if len(parts) != 5 or b"Content-Type: message/delivery-status" not in parts[2]:
            return False
        for fields in parts[2].split(b"\n\n")[2:]:
            found = re.search(rb"Final-Recipient: rfc822; (\S+)\nAction: (\w+)\n", fields)
            if not found:
                return False
            self.reported[found.groups()] += 1
        return b"Subject: tide\n" in parts[3]


class Life:
    """One qmail-send with its pipes, and qmail-clean, until it is killed, ends, or has no more to do."""

    def __init__(self, binaries, home, spawners, injected=None, alarm=False, preload=None):
        self.home, self.spawners, self.alarm = home, spawners, alarm
        self.trace = os.path.join(home, "trace")
        pipes = [os.pipe() for _ in range(7)]
        self.ours = {"log": pipes[0][0], "local": pipes[1][0], "remote": pipes[3][0]}
        self.answers = {"local": pipes[2][1], "remote": pipes[4][1]}
        theirs = [pipes[0][1], pipes[1][1], pipes[2][0], pipes[3][1], pipes[4][0], pipes[5][1], pipes[6][0]]
        self.pending = {"local": b"", "remote": b"", "log": b""}
        for end in self.answers.values():
            os.write(end, b"\x0a")
        environment = {"QMAILHOME": home, "PATH": "/usr/bin:/bin"}
        self.clean = subprocess.Popen([f"{binaries}/qmail-clean"], stdin=pipes[5][0], stdout=pipes[6][1],
                                      stderr=subprocess.DEVNULL, env=environment)
        command = ["strace", "-qq", "-s", "4096", "-o", self.trace, "-e", f"trace={CALLS}"]
        command += ["-e", f"inject={injected}"] if injected else []
        command += ["-E", f"LD_PRELOAD={preload[0]}", "-E", f"BROKEN={preload[1]}"] if preload else []
        self.send = subprocess.Popen(["/usr/bin/env", "-", *[f"{k}={v}" for k, v in environment.items()],
                                      *command, f"{binaries}/qmail-send"],
                                     pass_fds=range(0, 7), preexec_fn=lambda: place(theirs),
                                     close_fds=True)
        for end in theirs + [pipes[5][0], pipes[6][1]]:
            os.close(end)

    def run(self):
        """The exit code of qmail-send."""
        begin = last = time.monotonic()
        asked, before = None, None
        while self.send.poll() is None:
            ready, _, _ = select.select(list(self.ours.values()), [], [], 0.05)
            done = self.work_done()
            if self.take(ready) or done is None or done != before:
                last = time.monotonic()
            before = done
            if self.alarm and self.is_up():
                self.alarm = False
                self.signal(signal.SIGALRM)
            now = time.monotonic()
            if asked is None and self.is_up() and self.is_time_for_alarm(now - last):
                self.spawners.alarms -= 1
                self.signal(signal.SIGALRM)
                last = now
            if now - begin > LONGEST:
                last_words = self.pending["log"].decode(errors="replace")[-300:]
                self.spawners.faults.append(f"it did not end; its last words: {last_words!r}")
                self.signal(signal.SIGKILL)
                self.send.kill()
                self.send.wait()
            elif now - asked > 1 if asked else self.is_up() and (self.is_done() or now - last > QUIET):
                asked = now   # and once more: the call by which a signal reaches the event loop may be the one that fails
                self.signal(signal.SIGTERM)
        for end in [*self.ours.values(), *self.answers.values()]:
            os.close(end)
        self.clean.wait()
        return self.send.returncode

    def signal(self, number):
        # strace passes nothing on: the traced process is its only child.
        for pid in children_of(self.send.pid):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def work_done(self):
        """How often each of its processes has gone to sleep; None while one of them is awake, or would be if it got
        a processor."""
        found, pids = {}, [self.send.pid, self.clean.pid]
        for pid in pids:
            try:
                pids += children_of(pid)
                with open(f"/proc/{pid}/status", encoding="ascii") as file:
                    status = file.read()
            except OSError:
                continue   # it ended meanwhile
            if "State:\tS" not in status and "State:\tZ" not in status:
                return None
            found[pid] = re.findall(r"ctxt_switches:\t(\d+)", status)
        return found

    def take(self, ready):
        something = False
        for name, end in self.ours.items():
            if end not in ready:
                continue
            data = os.read(end, 65536)
            something = something or bool(data)
            self.pending[name] += data
            while name != "log" and self.pending[name][1:].count(b"\0") >= 3:
                fields = self.pending[name][1:].split(b"\0", 3)
                command = self.pending[name][:1] + b"\0".join(fields[:3]) + b"\0"
                self.pending[name] = fields[3]
                try:
                    os.write(self.answers[name], self.spawners.answer(name, command))
                except BrokenPipeError:
                    pass
        return something

    def is_time_for_alarm(self, slept):
        left = self.spawners.alarms
        return left == 2 and slept > RECORDED or left == 1 and slept > QUIET and not self.spawners.delivered[LATER]

    def is_up(self):
        return b"status:" in self.pending["log"]

    def is_done(self):
        queue = f"{self.home}/queue"
        if os.listdir(f"{queue}/todo") or os.listdir(f"{queue}/intd"):
            return False
        return not any(os.listdir(f"{queue}/{folder}/{part}")
                       for folder in ("info", "mess") for part in range(sweep.SPLIT))


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def place(theirs):
    # Out of the way first: a number may be both a source and a place.
    moved = [os.dup2(end, 500 + i) for i, end in enumerate(theirs)]
    for i, end in enumerate(moved):
        os.dup2(end, i)
        os.close(end)


def decide(facts):
    """What the scanner wants."""
    changes = []
    for index, recipient in enumerate(facts["envelope"]["to"]):
        address, stage = recipient["address"], facts["stage"]
        if address == UNHEARD and stage == "dsn":
            return {"action": "cancel", "suppressed": True, "scanner": b"10-none"}
        if address == CANCELLED and stage == "delivery":
            return {"action": "cancel", "scanner": b"10-none"}
        if address == SILENT and stage == "delivery":
            changes.append({"index": index, "status": "failed-silent"})
        if address == LATER and stage == "delivery" and recipient["delivery"]["status"] == "deferred":
            changes.append({"index": index, "next-dsn": 0})
    return {"recipients": changes, "scanner": b"10-none"} if changes else {}


def is_hooked(mode):
    return mode in ("hooks", "answering")


def make_home(binaries, mode):
    hooks = is_hooked(mode)
    home = sweep.make_home()
    os.makedirs(f"{home}/control")
    os.symlink(binaries, f"{home}/bin")
    open(f"{home}/queue/lock/sendmutex", "wb").close()
    with open(f"{home}/control/me", "w", encoding="ascii") as file:
        file.write("here.example\n")
    if hooks:
        os.makedirs(f"{home}/control/hooks/10-none")
        for name, text in (("url", "https://scanner.example/"), ("stages", "delivery defer dsn")):
            with open(f"{home}/control/hooks/10-none/{name}", "w", encoding="ascii") as file:
                file.write(text + "\n")
    lay_message(home, STRAIGHT)
    silent = (SILENT,) if mode == "answering" else ()
    lay_message(home, RECIPIENTS + ((LATER,) if hooks else ()) + silent, mode == "reports")
    if mode == "answering":
        lay_message(home, (UNHEARD,))
        lay_message(home, (CANCELLED,))
    return home


def lay_message(home, recipients, wants_reports=False):
    head, tail = (b"p1 envid=tide\0", b"p1 notify=SUCCESS,FAILURE\0") if wants_reports else (b"", b"")
    with open(f"{home}/queue/pid/probe", "wb") as file:
        file.write(MESSAGE)
    number = os.stat(f"{home}/queue/pid/probe").st_ino
    os.rename(f"{home}/queue/pid/probe", f"{home}/queue/mess/{number % sweep.SPLIT}/{number}")
    with open(f"{home}/queue/intd/{number}", "wb") as file:
        file.write(b"u0\0p1\0" + head + b"F" + SENDER + b"\0" + b"".join(b"T" + r + b"\0" + tail for r in recipients))
    os.link(f"{home}/queue/intd/{number}", f"{home}/queue/todo/{number}")


class Order(durability.Disk):
    """What qmail-send may do only when what it did before is on disk."""

    def __init__(self):
        super().__init__()
        self.leaving = {}    # number of a message whose removal from todo was asked for: no flush since
        self.gone = set()    # names that were removed, no flush since
        self.recipients = {}   # {file of a channel: {offset: address}}
        self.broken = False    # a flush has failed: what was delivered is marked all the same

    def follow(self, line):
        match = durability.CALL.match(line)
        if not match or match[3] in ("?", "-1"):
            self.broken = self.broken or ("INJECTED" in line and re.match(r"openat|f\w*sync|syncfs", line) is not None)
            return
        super().follow(line)
        call, arguments = match[1], match[2]
        words = [posixpath.normpath(word) for word in durability.QUOTED.findall(arguments)]
        if call == "rename":
            self.link(*words[:2])
            self.forget(words[0])
        elif call == "unlink":
            self.gone.add(words[0])
        elif call == "syncfs":
            self.gone.clear()
            self.leaving = dict.fromkeys(self.leaving, False)
        elif call == "fsync":
            folder = self.descriptors.get(int(arguments.partition(")")[0]))
            self.gone = {name for name in self.gone if posixpath.dirname(name) != folder}
        elif call == "write" and (asked := re.match(r'\d+, "(todo|foop)/(\d+)\\0"', arguments)):
            self.removal(asked[1], asked[2])
        elif call == "write" and words and self.opened(arguments).startswith(("local/", "remote/")):
            self.remember(self.opened(arguments), durability.QUOTED.findall(arguments)[0])
        elif call == "pwrite64" and words[:1] == ["D"]:
            self.mark(self.opened(arguments), int(arguments.rpartition(",")[2]))

    def opened(self, arguments):
        return self.descriptors.get(int(arguments.partition(",")[0]), "").partition(" ")[0]

    def remember(self, channel, text):
        at = sum(len(record) + 2 for record in self.recipients.get(channel, {}).values())
        for record in text.encode("latin-1").decode("unicode_escape").encode("latin-1").split(b"\0")[:-1]:
            self.recipients.setdefault(channel, {})[at] = record[1:]
            at += len(record) + 1

    # What is told of a recipient comes before his mark; a success is not told at any price.
    def mark(self, channel, offset):
        mine = self.unwritten(f"bounce/{posixpath.basename(channel)}")
        if self.recipients.get(channel, {}).get(offset, FAILING[0]) not in FAILING:
            mine = set() if self.broken else {name for name in mine if name.endswith(".dsn")}
        self.fault_where(mine, channel + " was marked while {} was not on disk")

    def fault_where(self, names, text):
        self.faults += [text.format(name) for name in sorted(names)]

    def unwritten(self, folder):
        return {n for n in self.inode if n.startswith(folder) and (n in self.volatile or self.inode[n] in self.dirty)}

    def removal(self, kind, number):
        mine = {n for folder in ("info/", "local/", "remote/") for n in self.unwritten(folder)
                if posixpath.basename(n) == number}
        if kind == "todo":
            self.fault_where(mine, f"todo/{number} was to go while {{}} was not on disk")
            self.leaving[number] = True
            return
        if self.leaving.get(number):
            self.faults.append(f"mess of {number} was to go before its removal from todo was on disk")
        # Marks on channels need no flush any more: info went after them.
        again = {n for n in self.gone if n in (f"info/{int(number) % sweep.SPLIT}/{number}", f"bounce/{number}")}
        self.fault_where(again, f"mess of {number} was to go before the removal of {{}} was on disk")


def order_faults(lines):
    order = Order()
    for line in lines:
        order.follow(line)
    return order.faults


def one_run(binaries, injected, mode, preload=None):
    """The trace of the disturbed life, and what was wrong after the second one."""
    home = make_home(binaries, mode)
    hookd = fake_hookd.FakeHookd(home, decide) if mode == "answering" else None
    try:
        spawners = Spawners(home, mode)
        code = Life(binaries, home, spawners, injected, preload=preload).run()
        if not os.path.exists(f"{home}/trace"):
            return [], [f"{injected}: strace ended with {code}"]
        with open(f"{home}/trace", encoding="latin-1") as file:
            lines = file.readlines()
        wait_for_submissions(home)
        found = order_faults(lines) + spawners.faults + queue_state.look_at(f"{home}/queue").faults
        # What was put off after an error is due later: now.
        code = Life(binaries, home, spawners, alarm=True).run()
        if code != 0:
            found.append(f"started again it ended with {code}")
        queue = queue_state.look_at(f"{home}/queue")
        found += queue.faults
        found += [f"{queue.name('info', n)} stays" for n in queue.info]
        found += [f"{queue.name('todo', n)} stays" for n in queue.todo]
        found += delivery_faults(spawners, injected, mode)
        if not injected:
            found += path_faults(lines, mode)
            found += [f"nobody was asked at {stage}" for stage in ("delivery", "defer", "dsn")
                      if hookd and stage not in hookd.asked]
        return lines, [f"{injected or 'undisturbed'}: {text}" for text in found]
    finally:
        if hookd:
            hookd.stop()
        shutil.rmtree(home)


def wait_for_submissions(home):
    """A qmail-queue that was being fed outlives qmail-send; it finds its input cut short."""
    queue = f"{home}/queue"
    limit = time.monotonic() + LONGEST
    while time.monotonic() < limit:
        if not os.listdir(f"{queue}/pid") and set(os.listdir(f"{queue}/intd")) <= set(os.listdir(f"{queue}/todo")):
            return
        time.sleep(0.01)


def delivery_faults(spawners, injected, mode):
    hooks = is_hooked(mode)
    most = 2 if injected else 1
    counts = dict(spawners.delivered)
    found = []
    for recipient in (*RECIPIENTS[:2], *STRAIGHT, SENDER, *((LATER,) if hooks else ())):
        count = counts.get(recipient, 0)
        # One kill may strike twice at a bounce: it is queued again, and the first one's delivery is not marked.
        allowed = most + 1 if injected and recipient == SENDER else most
        if recipient == SENDER and mode == "reports":
            allowed += 2   # of the failure, of a success on each channel
        if not 1 <= count <= allowed:
            found.append(f"{recipient.decode()} got it {count} times")
    if mode == "reports":
        for wanted in ((RECIPIENTS[0], b"delivered"), (RECIPIENTS[1], b"relayed"), (RECIPIENTS[2], b"failed")):
            if not 1 <= spawners.reported[wanted] <= most + 1:
                found.append(f"{wanted} was reported {spawners.reported[wanted]} times")
    return found


def path_faults(lines, mode):
    """The undisturbed life must have gone both ways, and have written info anew for scanners alone."""
    made = [line for line in lines if re.match(r'openat\(.*"info/[0-9/]*\.new".*O_EXCL', line)]
    renamed = [line for line in lines if re.match(r'openat\(.*"info/[0-9/]*\.new".*O_TRUNC', line)]
    wanted = 3 if mode == "answering" else 1
    found = [] if len(made) == wanted else [f"{len(made)} messages came into files, of {wanted} that had to"]
    return found + ([f"info was written anew {len(renamed)} times"] if bool(renamed) != is_hooked(mode) else [])


def injections(lines):
    """Every call after the start, killed; and failing, where it can fail."""
    count = collections.Counter()
    started = False
    for line in lines:
        if not re.match(r"[a-z]", line):
            continue   # a signal
        call = line.partition("(")[0]
        count[call] += 1
        started = started or "lock/sendmutex" in line
        # Neither the log, nor the pipe by which a signal reaches the event loop.
        if not started or re.match(r'write\((0,|\d+, "\\17\\0)', line):
            continue
        yield f"{call}:signal=KILL:when={count[call]}"
        if "/control/hooks" in line:
            continue   # who cannot be read has failed, and mail goes its way unasked
        for error, calls in ERRORS.items():
            if call in calls.split(","):
                yield f"{call}:error={error}:when={count[call]}"


def broken_ways(binaries, library):
    """A failed call is only noticed where one is made to fail."""
    missed = []
    for way, failing in (("sync", None), ("directory-sync", None), ("late", None), ("deaf", "syncfs:error=EIO"),
                         ("write", "write:error=ENOSPC")):
        lines, found = one_run(binaries, None, "", (library, way))
        for injected in injections(lines) if failing else ():
            if injected.startswith(failing) and not found:
                _, found = one_run(binaries, injected, "", (library, way))
        print(f"broken in the way of {way}: " + (found[0] if found else "NOT NOTICED"), flush=True)
        missed += [] if found else [way]
    return missed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--broken")
    parser.add_argument("--hooks", dest="mode", action="store_const", const="hooks", default="")
    parser.add_argument("--answering", dest="mode", action="store_const", const="answering")
    parser.add_argument("--reports", dest="mode", action="store_const", const="reports")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    binaries = os.path.abspath(arguments.bin)
    reason = sweep.why_not(f"{binaries}/qmail-send")
    if reason:
        print(f"skipped: {reason}")
        return 77
    # What subprocess opens for itself must not lie where the pipes of qmail-send will be.
    while os.open("/dev/null", os.O_RDONLY) < 10:
        pass
    if arguments.broken:
        return 1 if broken_ways(binaries, os.path.abspath(arguments.broken)) else 0
    begin = time.monotonic()
    for _ in range(10):   # what takes longer than a second does not go straight: a busy machine
        lines, found = one_run(binaries, None, arguments.mode)
        if not found:
            break
    for text in found:
        print("  " + text, flush=True)
    wanted = [i for i in injections(lines) if arguments.only in i]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for _, faults in pool.map(lambda i: one_run(binaries, i, arguments.mode), wanted):
            found += faults
            for text in faults:
                print("  " + text, flush=True)
    print(f"qmail-send: {len(wanted)} runs in {time.monotonic() - begin:.1f} s, {len(found)} faults")
    return 1 if found or (len(wanted) < 50 and not arguments.only) else 0


if __name__ == "__main__":
    sys.exit(main())
