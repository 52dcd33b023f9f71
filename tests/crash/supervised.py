"""A home with the built programs in it, kept running as supervise would: what ends is started again.

Everything that is started here, and by whom it was started, is found by its ancestors: this process is
the one that orphans go to.
"""

import contextlib
import ctypes
import fcntl
import os
import re
import signal
import socket
import subprocess
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AT_ONCE = 0.2   # who ends sooner than this is started again after it
PR_SET_CHILD_SUBREAPER = 36
F_SETPIPE_SZ = 1031


def adopt_orphans():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Running:
    def __init__(self, pid, kind):
        self.pid, self.kind = pid, kind


def running():
    """All that descends from this process and is not dead; kind: names from ours on, "qmail-start/qmail-queued"."""
    parents, names, states = {}, {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="latin-1") as file:
                text = file.read()
        except OSError:
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        parents[int(entry)], names[int(entry)], states[int(entry)] = int(fields[1]), name, fields[0]
    found = []
    for pid in parents:
        way, at = [], pid
        while at in parents and at != os.getpid():
            way.append(names[at])
            at = parents[at]
        if way and at == os.getpid() and states[pid] not in "ZX":
            found.append(Running(pid, "/".join(reversed(way))))
    return found


def signal_one(pid, number):
    try:
        os.kill(pid, number)
        return True
    except OSError:
        return False


def kill_all():
    """At one instant, as far as that can be."""
    for process in running():
        signal_one(process.pid, signal.SIGSTOP)
    while processes := running():
        for process in processes:
            signal_one(process.pid, signal.SIGKILL)


PEOPLE = ("joe", "prog")


def settle(system):
    """joe has a Maildir; what prog gets is handed to a program. Both take all extensions."""
    for folder in ("joe/Maildir/tmp", "joe/Maildir/new", "joe/Maildir/cur", "prog/tmp", "prog/new"):
        os.makedirs(f"{system.homes}/{folder}", 0o700)
    save = 'f=$(mktemp tmp/XXXXXXXXXXXX) && { printf %s "$DTLINE"; cat; } > $f && mv $f new/ || exit 111'
    for user, text in (("joe", "./Maildir/"), ("prog", "|" + save)):
        os.chmod(f"{system.homes}/{user}", 0o755)
        write(f"{system.homes}/{user}/.qmail-default", text + "\n")
        system.own(user)


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def write_control(home, next_hop):
    """Mail for storm.example is local, other mail goes to next_hop; whoever connects may send it."""
    for name in ("me", "locals", "rcpthosts"):
        write(f"{home}/control/{name}", "storm.example\n")
    write(f"{home}/control/smtproutes", f":{next_hop}\n")
    write(f"{home}/control/smtprules", '127.:allow,RELAYCLIENT=""\n')


class Sandbox:
    """A home of its own."""

    def __init__(self, home, binaries, next_hop):
        self.home = home
        os.makedirs(home, exist_ok=True)
        layout = [os.path.join(ROOT, "scripts/layout"), home, "--no-owners", "--split", "3"]
        subprocess.run(layout, check=True, stdout=subprocess.DEVNULL)
        for program in os.listdir(binaries):
            place = f"{home}/bin/{program}"
            if not os.path.lexists(place):
                os.symlink(os.path.join(os.path.abspath(binaries), program), place)
        self.environment = {"QMAILHOME": home, "PATH": f"{home}/bin:/usr/bin:/bin",
                            "ASAN_OPTIONS": "detect_leaks=0"}
        self.homes, self.injector = f"{home}/homes", {}
        users = [f"{sign}{user}{dash}:{user}:{os.getuid()}:{os.getgid()}:{self.homes}/{user}:{dash}::\n"
                 for user in PEOPLE for sign, dash in (("+", "-"), ("=", ""))]
        write(f"{home}/users/assign", "".join(users) + ".\n")
        subprocess.run([f"{home}/bin/qmail-newu"], env=self.environment, check=True)
        write_control(home, next_hop)

    def own(self, user):
        """All is ours here."""

    @property
    def queue(self):
        return f"{self.home}/queue"


class Line:
    def __init__(self, text):
        self.time, self.text = time.monotonic(), text


class Service:
    """One program that is started again whenever it ends. Its lines are kept with the time they came."""

    def __init__(self, argv, environment):
        self.argv, self.environment = argv, environment
        self.lines = []
        self.starts = []
        self.allowed = threading.Event()
        self.allowed.set()
        self.ending = False
        self.process = None
        reader, self.writer = os.pipe()
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.writer, F_SETPIPE_SZ, 1 << 20)
        threading.Thread(target=self.read, args=(reader,), daemon=True).start()
        self.thread = threading.Thread(target=self.keep, daemon=True)
        self.thread.start()

    def read(self, reader):
        with open(reader, encoding="latin-1") as file:
            for text in file:
                self.lines.append(Line(text.rstrip("\n")))

    def keep(self):
        pause = threading.Event()
        while not self.ending:
            self.allowed.wait()
            begin = time.monotonic()
            self.starts.append(begin)
            self.process = subprocess.Popen(self.argv, env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=self.writer, stderr=self.writer, cwd="/")
            self.process.wait()
            if time.monotonic() - begin < AT_ONCE:
                pause.wait(AT_ONCE)

    def signal(self, number):
        signal_one(self.process.pid, number)


class Supervised:
    """qmail-start with its daemons, and qmail-smtpd --listen, always on the same port."""

    def __init__(self, sandbox):
        # Nobody listens on this one: it keeps the port ours between two servers.
        self.reserved = socket.socket()
        self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.reserved.bind(("127.0.0.1", 0))
        self.port = self.reserved.getsockname()[1]
        bin_of = f"{sandbox.home}/bin"
        self.send = Service([f"{bin_of}/qmail-start", "./Maildir/"], sandbox.environment)
        self.smtpd = Service([f"{bin_of}/qmail-smtpd", "--workers", "2", "--listen", f"127.0.0.1:{self.port}"],
                             sandbox.environment)

    @property
    def services(self):
        return self.send, self.smtpd

    def kill_all(self):
        """Everything, at once; nothing is started before all is dead."""
        for service in self.services:
            service.allowed.clear()
        kill_all()
        for service in self.services:
            service.allowed.set()

    def end(self):
        for service in self.services:
            service.ending = True
        self.kill_all()
        while any(service.thread.is_alive() for service in self.services):
            kill_all()
            for service in self.services:
                service.thread.join(0.05)


STARTING = re.compile(r"starting delivery (\d+): msg (\d+) to (?:local|remote) (\S+)")
ENDED = re.compile(r"delivery (\d+): (success|deferral|failure|report mangled)")
MESSAGE_ENDED = re.compile(r"end msg (\d+)$")
NEVER = float("inf")


class Attempt:
    def __init__(self, begin):
        self.begin, self.end, self.result, self.message_end = begin, NEVER, None, NEVER


def attempts(service):
    """{recipient: his deliveries in order}, from qmail-send's log. A new qmail-send begins to count anew."""
    found, by_number, by_message = {}, {}, {}
    starts = list(service.starts)
    for line in service.lines:
        while starts and starts[0] <= line.time:
            begin = starts.pop(0)
            for attempt in by_number.values():
                attempt.end, attempt.result = begin, "lost"
            by_number, by_message = {}, {}
        if match := STARTING.match(line.text):
            attempt = by_number[match[1]] = Attempt(line.time)
            found.setdefault(match[3], []).append(attempt)
            by_message.setdefault(match[2], []).append(attempt)
        elif (match := ENDED.match(line.text)) and match[1] in by_number:
            attempt = by_number.pop(match[1])
            attempt.end, attempt.result = line.time, match[2]
        elif match := MESSAGE_ENDED.match(line.text):
            for attempt in by_message.pop(match[1], []):
                attempt.message_end = line.time
    return found
