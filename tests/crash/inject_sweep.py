#!/usr/bin/env python3
"""Stops sendmail at every system call while it gives a message to qmail-queued, and makes every one of them fail.

    inject_sweep.py BIN [--broken LIBRARY] [--only TEXT]

Afterwards: what sendmail said 0 about is queued, whole and once; what it refused is not, but where it could not hear
the answer any more; nothing half is queued. With --broken a qmail-queued that answers
before its commit serves: the run then succeeds if that is noticed. Exit code 77: it could not be done here, with the reason.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import queue_state
import sweep

CALLS = ("openat,read,pread64,write,close,newfstatat,access,chdir,connect,socket,poll,fcntl,sendto,recvfrom,prlimit64,"
         "close_range,rt_sigaction")
MESSAGE = b"To: c@d.example\n\n" + b"tide\n" * 400


class Home:
    """A queue, and a qmail-queued that serves it."""

    def __init__(self, programs, preload=None):
        self.path = sweep.make_home()
        for name in ("run", "control"):
            os.mkdir(f"{self.path}/{name}")
        with open(f"{self.path}/control/me", "wb") as file:
            file.write(b"d.example\n")
        with open(f"{self.path}/message", "wb") as file:
            file.write(MESSAGE)
        os.symlink(programs, f"{self.path}/bin")
        self.environment = {"QMAILHOME": self.path, "USER": "a"}
        wrong = {"LD_PRELOAD": preload, "BROKEN": "early"} if preload else {}
        self.daemon = subprocess.Popen([f"{programs}/qmail-queued"], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=self.environment | wrong)
        self.wait_until_it_serves()

    def wait_until_it_serves(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(60)
                    client.connect(f"{self.path}/run/queued")
                    client.sendall(b"C\0\0\0\0")   # no message: refused
                    if client.recv(10):
                        return
            except OSError:
                time.sleep(0.005)

    def inject(self, programs, injected):
        """Exit code, and strace's lines."""
        trace = f"{self.path}/trace"
        command = ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={CALLS},execve"]
        if injected:
            command += ["-e", f"inject={injected}"]
        with open(f"{self.path}/message", "rb") as file:
            done = subprocess.run(command + [f"{programs}/sendmail", "-t"], stdin=file, stderr=subprocess.DEVNULL,
                                  env=self.environment, timeout=120, check=False)
        with open(trace, encoding="latin-1") as file:
            return sweep.KILLED if done.returncode == -signal.SIGKILL else done.returncode, file.readlines()

    def end(self):
        """It finishes what it has in hand."""
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(120)

    def stored(self):
        queue = queue_state.look_at(f"{self.path}/queue")
        return queue, [queue.read(queue.name("mess", number)) for number in queue.todo if number in queue.mess]


def is_whole(text):
    head, _, body = text.partition(b"\n\n")
    return (re.match(rb"Received: \(qmail \d+ invoked by uid \d+\); ", head) and b"\nTo: c@d.example" in head
            and body == MESSAGE.partition(b"\n\n")[2])


def heard_nothing(injected):
    """The answer was on its way when this failed."""
    return injected.partition(":")[0] in ("read", "recvfrom", "close", "poll")


def one_run(programs, injected, preload=None):
    home = Home(programs, preload)
    try:
        code, lines = home.inject(programs, injected)
        home.end()
        queue, stored = home.stored()
        found = list(queue.faults) + [f"{name} was left" for name in queue.litter]
        found += ["another message is queued" for text in stored if not is_whole(text)]
        if code == 0 and len(stored) != 1:
            found.append(f"0 was said and {len(stored)} are queued")
        if len(stored) > 1 or (stored and code not in (0, sweep.KILLED) and not heard_nothing(injected)):
            found.append(f"{len(stored)} are queued with exit code {code}")
        if not injected and (code != 0 or sum("execve(" in line for line in lines) != 1):
            found.append(f"undisturbed it ended with {code}, or started other programs")
        return lines, [f"{injected or 'undisturbed'}: {text}" for text in found]
    finally:
        home.daemon.kill()
        home.daemon.wait()
        shutil.rmtree(home.path, ignore_errors=True)


def points(lines):
    """Every (call, which) of sendmail itself."""
    count = {}
    for line in lines:
        match = re.match(r"\d+ +(\w+)\(", line)
        if match and match[1] != "execve":
            count[match[1]] = count.get(match[1], 0) + 1
            if match[1] != "rt_sigaction" or count[match[1]] % 16 == 1:   # there are many, all alike
                yield match[1], count[match[1]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--broken")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    programs = os.path.abspath(arguments.bin)
    if reason := sweep.why_not(f"{programs}/sendmail"):
        print(f"skipped: {reason}")
        return 77
    if arguments.broken:
        _, found = one_run(programs, None, os.path.abspath(arguments.broken))
        print("broken in the way of early: " + (found[0] if found else "NOT NOTICED"))
        return 0 if found else 1
    begin = time.monotonic()
    lines, found = one_run(programs, None)
    chosen = [f"{call}:{how}:when={which}" for call, which in points(lines) for how in ("signal=KILL", "error=EIO")]
    chosen = [text for text in chosen if arguments.only in text]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _, faults in pool.map(lambda text: one_run(programs, text), chosen):
            found += faults
    print(f"sendmail: {len(chosen)} runs in {time.monotonic() - begin:.1f} s, {len(found)} faults")
    for text in found[:40]:
        print("  " + text)
    return 1 if found or (len(chosen) < 40 and not arguments.only) else 0


if __name__ == "__main__":
    sys.exit(main())
