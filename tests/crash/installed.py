"""The installed form of the system for a test, as root: `cmake --install` into a directory that lies over the
built-in home, with users of its own, in a mount namespace that ends with the test.
"""

import os
import re
import subprocess
import sys

import supervised

FIRST = 7790
OTHERS = ("qmaild", "qmaill", "qmailp", "qmailh")
OF_QUEUE = ("qmailq", "qmailr", "qmails")
PEOPLE = ("joe", "prog")
NUMBERS = {name: FIRST + place for place, name in
           enumerate(("alias", *OTHERS, *OF_QUEUE, "qmail", *PEOPLE, "nofiles"))}


def enter_namespace(mark="STORM_NAMESPACE"):
    """This program again, with mounts of its own; returns there. Where there are none it ends: skipped."""
    if os.environ.get(mark) != "1":
        tried = subprocess.run(["unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"],
                               capture_output=True, text=True, check=False)
        if tried.returncode != 0:
            print("SKIPPED: no mounts of our own here: " + tried.stderr.strip())
            sys.exit(77)
        os.environ[mark] = "1"
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, "-B", *sys.argv])


def run(*argv, **more):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, **more)


class Installed:
    def __init__(self, work, build, next_hop):
        os.chmod(os.path.dirname(work), 0o755)
        os.makedirs(work)
        self.work = work
        with open(f"{build}/generated/build_config.hpp", encoding="ascii") as file:
            self.home = re.search(r'home\[\] = "(.*)"', file.read())[1]
        self.users()
        run("cmake", "--install", build, "--strip", env={**os.environ, "DESTDIR": f"{work}/stage"})
        if not os.path.isdir(self.home):
            run("mount", "-t", "tmpfs", "-o", "mode=755", "none", os.path.dirname(self.home))
            os.mkdir(self.home)
        run("mount", "--bind", f"{work}/stage{self.home}", self.home)
        self.environment = {"PATH": f"{self.home}/bin:/usr/bin:/bin"}
        # People's messages come through the setuid qmail-queue.
        self.injector = {"user": NUMBERS["joe"], "group": NUMBERS["joe"], "extra_groups": []}
        self.queue = f"{self.home}/queue"
        self.homes = f"{work}/homes"
        supervised.write_control(self.home, next_hop)

    def users(self):
        def line(name, group, home):
            return f"{name}:x:{NUMBERS[name]}:{NUMBERS[group]}::{home}:/bin/sh\n"
        passwd = "root:x:0:0::/root:/bin/sh\n" + line("alias", "nofiles", f"{self.home}/alias")
        passwd += "".join(line(name, "nofiles", self.home) for name in OTHERS)
        passwd += "".join(line(name, "qmail", self.home) for name in OF_QUEUE)
        passwd += "".join(line(name, name, f"{self.work}/homes/{name}") for name in PEOPLE)
        groups = "".join(f"{name}:x:{NUMBERS[name]}:\n" for name in ("qmail", "nofiles", *PEOPLE))
        for name, text in (("passwd", passwd), ("group", "root:x:0:\n" + groups)):
            supervised.write(f"{self.work}/{name}", text)
            run("mount", "--bind", f"{self.work}/{name}", f"/etc/{name}")

    def own(self, user):
        """All in his home is his."""
        for place, _, files in os.walk(f"{self.homes}/{user}"):
            for path in (place, *(os.path.join(place, name) for name in files)):
                os.chown(path, NUMBERS[user], NUMBERS[user])

    def leave(self):
        for place in (self.home, "/etc/passwd", "/etc/group"):
            subprocess.run(["umount", "-l", place], check=False)
