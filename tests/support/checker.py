#!/usr/bin/env python3
"""A checkpassword program for tests: checker.py USER PASSWORD HOME PROGRAM ARGUMENT...

Reads name, password and challenge from descriptor 3; takes the password, or APOP's digest of it.
Where it is right and we are root it becomes the owner of HOME; then it runs PROGRAM there.
With CHECKER_RECORD it writes what it was started with into that file.
"""
import hashlib
import os
import sys

user, password, home = sys.argv[1:4]
given = os.fdopen(3, "rb").read().split(b"\0")
record = os.environ.get("CHECKER_RECORD")
if record:
    with open("/proc/self/cmdline", "rb") as words, open("/proc/self/environ", "rb") as variables:
        seen = words.read() + b"\n" + variables.read()
    with open(record, "wb") as file:
        file.write(seen)
if len(given) != 4 or given[0] != user.encode():
    sys.exit(1)
secret = password.encode()
digest = hashlib.md5(given[2] + secret, usedforsecurity=False).hexdigest().encode()
if given[1] not in (secret, digest):
    sys.exit(1)
os.chdir(home)
owner = os.stat(".")
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
os.environ["USER"] = user
os.execvp(sys.argv[4], sys.argv[4:])
