#!/usr/bin/env python3
"""inject.py USER COUNT AT_ONCE MESSAGE PROGRAM ARGUMENT…: becomes USER and runs PROGRAM that often, so many at once,
each with the file MESSAGE on descriptor 0. Prints the seconds this took and the processor seconds of all of them."""
import os
import pwd
import resource   # pylint: disable=unused-import   # wait3 loads it, when it may be out of reach
import sys
import time


def become(user):
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def main():
    become(sys.argv[1])
    count, at_once, message, argv = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:]
    opened = [(os.POSIX_SPAWN_OPEN, 0, message, os.O_RDONLY, 0)]
    environment = dict(os.environ)
    began, started, running, cpu = time.monotonic(), 0, 0, 0.0
    while started < count or running:
        while started < count and running < at_once:
            os.posix_spawn(argv[0], argv, environment, file_actions=opened)
            started += 1
            running += 1
        _, status, usage = os.wait3(0)
        running -= 1
        cpu += usage.ru_utime + usage.ru_stime
        if status != 0:
            sys.exit('%s ended with %d' % (argv[0], os.waitstatus_to_exitcode(status)))
    print(time.monotonic() - began, cpu)


main()
