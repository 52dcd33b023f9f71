#!/usr/bin/env python3
"""A storm: mail flows by SMTP and by qmail-inject while processes of the mail system are killed or stopped,
any of them, or all at once, and started again by a supervisor. Afterwards every acknowledged message must have
arrived whole at everyone it was for, a second copy must have its reason in a kill, and the queue must be empty.

    storm.py BIN [--messages N] [--kills N] [--seed N] [--scratch DIR] [--broken LIBRARY] [--installed BUILD]

--broken: commits that are acknowledged before they are made, and removals that are only promised; the run
succeeds if both are noticed. --installed: not in a sandbox but as installed from this build directory, each
program under its own user; needs root, elsewhere it says so and exits with 77.
"""

import argparse
import collections
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time

import installed
import queue_state
import supervised
from storm_load import Load, Sink, name_in
from supervised import NEVER

SESSIONS, INJECTORS = 8, 3
# Who may be caught only if he is looked for: most of their lives are short.
HUNTED = ("qmail-queued", "qmail-clean", "qmail-lspawn", "qmail-rspawn", "qmail-remote", "qmail-send", "qmail-queue",
          "qmail-inject", "qmail-smtpd", "lspawn/qmail-lspawn", "lspawn/qmail-local", "/sh", "/cat")
HUNT = 0.2        # seconds
AFTER = 5         # messages that are not sent before the strike, to see when they get through
LATE = 0.5        # a line of the log may reach us so much later
FIRST_SECOND = 1.0   # how long first attempts may be remembered by qmail-send alone
PATIENCE = 120


class Event:
    def __init__(self, what, kind, begin):
        self.what, self.kind, self.begin, self.end = what, kind, begin, time.monotonic()


class Storm:
    def __init__(self, system, load, chance):
        self.system, self.load, self.chance = system, load, chance
        self.events = []

    def strike(self):
        lot = self.chance.random()
        begin = time.monotonic()
        if lot < 0.12:
            self.system.kill_all()
            self.events.append(Event("kill", "everything", begin))
            return
        victim = self.victim()
        if lot < 0.3:
            supervised.signal_one(victim.pid, signal.SIGSTOP)
            self.pause(0.05, 1.0)
            supervised.signal_one(victim.pid, signal.SIGCONT)
            self.events.append(Event("stop", victim.kind, begin))
        else:
            begin = time.monotonic()
            supervised.signal_one(victim.pid, signal.SIGKILL)
            self.events.append(Event("kill", victim.kind, begin))

    def victim(self):
        wanted = self.chance.choice(HUNTED)
        deadline = time.monotonic() + HUNT
        while True:
            all_of_them = supervised.running()
            fitting = [process for process in all_of_them if process.kind.endswith(wanted)]
            if fitting:
                return self.chance.choice(fitting)
            if all_of_them and time.monotonic() > deadline:
                return self.chance.choice(all_of_them)

    def pause(self, least, most):
        time.sleep(self.chance.uniform(least, most))

    def blow(self, messages, kills):
        """Each strike comes into a burst of messages, at a random one of them; a few begin after it."""
        allowed = 0
        for number in range(kills):
            burst = messages * (number + 1) // kills - allowed - AFTER
            self.load.allow(burst)
            if not self.load.wait_for(allowed + self.chance.randint(0, burst), PATIENCE):
                raise SystemExit("FAILED: no more mail is taken after " + self.last())
            allowed += burst + AFTER
            self.strike()
            self.load.allow(AFTER)
            self.pause(0.3, 1.0)
        if not self.load.wait_for(messages, PATIENCE):
            raise SystemExit("FAILED: no more mail is taken after " + self.last())

    def last(self):
        return "; ".join(f"{event.what} {event.kind}" for event in self.events[-3:])


def stored(sandbox):
    """(name, recipient) of all that was delivered here."""
    found = []
    for user, folder in (("joe", "Maildir/new"), ("prog", "new")):
        place = f"{sandbox.homes}/{user}/{folder}"
        for entry in os.listdir(place):
            with open(f"{place}/{entry}", "rb") as file:
                text = file.read()
            to = re.search(rb"^Delivered-To: (\S+)$", text, re.M)
            found.append((name_in(text), to[1].decode() if to else entry))
    return found


def wait_until_empty(sandbox, system, patience):
    """As long as the queue gets shorter it may take its time; what was put off is due now."""
    def left():
        numbers = set()
        for folder in ("todo", "info"):
            for _, _, files in os.walk(f"{sandbox.queue}/{folder}"):
                numbers.update(files)
        return len(numbers)

    least, deadline = left(), time.monotonic() + patience
    while (now := left()) > 0 and time.monotonic() < deadline:
        if now < least:
            least, deadline = now, time.monotonic() + patience
        system.send.signal(signal.SIGALRM)
        time.sleep(0.1)
    return now == 0


def unexplained(copies, events, attempts):
    """Surplus copies that no kill explains: his delivery ran then, or had ended and was not yet written down."""
    kills = [event for event in events if event.what == "kill"]

    def explains(event, attempt):
        if attempt.begin > event.end + LATE:
            return False
        remembered = min(attempt.end + FIRST_SECOND, max(attempt.end, attempt.message_end))
        return remembered + LATE >= event.begin

    found = []
    for (name, recipient), count in copies.items():
        mine = attempts.get(recipient, [])
        reasons = sum(any(explains(event, attempt) for attempt in mine) for event in kills)
        if count - 1 > reasons:
            spans = ", ".join(f"{a.begin:.2f}-{a.end:.2f} {a.result}" for a in mine)
            found.append(f"{name} came {count} times to {recipient}, {reasons} kills explain it: {spans}")
    return found


def recoveries(events, moments):
    """From each event to the first thing that began after it and went well. moments: (begin, end), sorted."""
    found = []
    for event in events:
        end = min((end for begin, end in moments if begin >= event.end), default=NEVER)
        if end < NEVER:
            found.append(end - event.end)
    return found


def said(title, seconds):
    return f"{title} median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s" if seconds else title + " none"


class Outcome:
    def __init__(self):
        self.faults, self.lost, self.surplus = [], [], []


def reconcile(load, storm, sandbox, system, sink):
    outcome = Outcome()
    arrived = stored(sandbox) + sink.taken
    copies = collections.Counter(arrived)
    half = [recipient for name, recipient in copies if name is None]
    outcome.faults += [f"something that is not whole arrived for {recipient}" for recipient in half]
    due = {(one.message.name, recipient) for one in load.acknowledged for recipient in one.message.recipients}
    outcome.lost = sorted(due - set(copies))
    attempts = supervised.attempts(system.send)
    outcome.surplus = unexplained(copies, storm.events, attempts)
    failed = [r for r, mine in attempts.items() if any(attempt.result == "failure" for attempt in mine)]
    outcome.faults += [f"a delivery to {recipient} was given up" for recipient in failed]

    kinds = collections.Counter(f"{event.what} {event.kind.rpartition('/')[2]}" for event in storm.events)
    print("  " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    names = {one.message.name for one in load.acknowledged}
    unasked = len({name for name, _ in copies} - names)
    print(f"  {len(load.acknowledged)} acknowledged of {load.tried}, {len(due)} deliveries due, {len(outcome.lost)} lost, "
          f"{sum(count - 1 for count in copies.values())} surplus copies, {len(outcome.surplus)} of them unexplained, "
          f"{unasked} came without an acknowledgement")
    accepted = [(one.begin, one.end) for one in load.acknowledged]
    delivered = [(a.begin, a.end) for mine in attempts.values() for a in mine if a.result == "success"]
    print("  " + said("recovery: next message taken", recoveries(storm.events, accepted)) + "; "
          + said("next one delivered", recoveries(storm.events, delivered)))
    return outcome


def queue_faults(sandbox):
    queue = queue_state.look_at(sandbox.queue)
    found = list(queue.faults)
    for folder in ("todo", "info", "local", "remote", "bounce"):
        found += [f"{queue.name(folder, number)} stays" for number in getattr(queue, folder)]
    return found + [f"{name} stays" for name in queue.litter if not name.startswith(("mess/", "intd/", "pid/"))]


def one_storm(arguments, way=None):
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="storm-", dir=arguments.scratch) as work:
        sink = Sink()
        make = installed.Installed if arguments.installed else supervised.Sandbox
        sandbox = make(f"{work}/home", arguments.installed or arguments.bin, sink.route)
        supervised.settle(sandbox)
        if way:
            sandbox.environment.update(LD_PRELOAD=os.path.abspath(arguments.broken), BROKEN=way)
        system = supervised.Supervised(sandbox)
        try:
            load = Load(system.port, sandbox, arguments.seed, SESSIONS, INJECTORS)
            storm = Storm(system, load, chance)
            storm.blow(arguments.messages, arguments.kills)
            load.stop()
            if way:   # from here on the programs are whole, so that the queue comes to its rest
                for name in ("LD_PRELOAD", "BROKEN"):
                    sandbox.environment.pop(name)
                begin = time.monotonic()
                system.kill_all()
                storm.events.append(Event("kill", "everything", begin))
            empty = wait_until_empty(sandbox, system, 10 if way else PATIENCE)
            system.end()
            outcome = reconcile(load, storm, sandbox, system, sink)
            outcome.faults += queue_faults(sandbox) + ([] if empty else ["the queue is not empty"])
            return outcome
        finally:
            system.end()
            if arguments.installed:
                sandbox.leave()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    long = "GRAPNEL_LONG_TESTS" in os.environ
    parser.add_argument("--messages", type=int, default=20000 if long else 2000)
    parser.add_argument("--kills", type=int, default=600 if long else 60)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1000000)
    parser.add_argument("--scratch")
    parser.add_argument("--broken")
    parser.add_argument("--installed", metavar="BUILD")
    arguments = parser.parse_args()
    if arguments.installed:
        if os.geteuid() != 0:
            print("SKIPPED: only root can give each program its own user")
            sys.exit(77)
        installed.enter_namespace()
    supervised.adopt_orphans()
    print(f"seed {arguments.seed}")
    if arguments.broken:
        early, kept = one_storm(arguments, "early"), one_storm(arguments, "kept")
        noticed = {"acknowledged too early": early.lost, "not removed": kept.surplus}
        for what, found in noticed.items():
            print(f"{what}: " + (str(found[0]) if found else "NOT NOTICED"))
        sys.exit(0 if all(noticed.values()) else 1)
    outcome = one_storm(arguments)
    for text in [f"lost: {name} to {recipient}" for name, recipient in outcome.lost] + outcome.surplus + outcome.faults:
        print("  " + text)
    sys.exit(1 if outcome.lost or outcome.surplus or outcome.faults else 0)


main()
