#!/usr/bin/env python3
"""Power cuts under load: queue and Maildirs on file systems of their own, which are shut down while mail flows, so
that whatever was not flushed is gone. Afterwards every message that got its 250 must be in the Maildir, whole.

    power_cut.py BIN [--cuts N] [--fs ext4,xfs] [--one | --failing] [--broken LIBRARY] [--seed N]

--one: queue and Maildirs on one file system instead of two. --failing: before each cut the queue's device begins to
fail, so that file systems and programs meet errors of all kinds; nothing that was flushed before may suffer. --broken:
directories are never flushed, or failed flushes are taken for good ones; the run succeeds if that loses mail. Needs
root and loop devices; elsewhere it says so and exits with 77.
"""
import argparse
import os
import random
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time

import installed

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SESSIONS = 8


def skip(why):
    print('SKIPPED: ' + why)
    sys.exit(77)


def sh(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Disk:
    def __init__(self, work, name, kind, place, honest=False):
        self.image, self.place, self.kind, self.honest = os.path.join(work, name + '.img'), place, kind, honest
        with open(self.image, 'wb') as file:
            file.truncate(400 << 20)
        sh('mkfs.' + kind, '-q', *{'ext4': ['-F', '-b', '4096'], 'xfs': ['-s', 'size=4096']}[kind], self.image)
        os.makedirs(place, exist_ok=True)
        try:
            self.mount()
        except subprocess.CalledProcessError as failure:
            skip('no file systems on loop devices here: ' + failure.stderr.decode(errors='replace').strip())

    def mount(self):
        sh('mount', '-o', 'loop', self.image, self.place)
        if self.honest:
            self.write_by_page()

    def write_by_page(self):
        """A loop device tells of a write of which only the first pages had room that it was done. No such writes: file
        systems that are made of blocks of 4 KiB, and one of them at a time."""
        device = subprocess.run(['findmnt', '-n', '-o', 'SOURCE', self.place], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
        try:
            with open('/sys/block/%s/queue/max_sectors_kb' % os.path.basename(device), 'w') as file:
                file.write('4\n')
        except OSError as failure:
            skip('devices that tell of all failed writes cannot be had here: %s' % failure)

    def cut(self):
        """The log that is not yet on the disk is dropped: the worst case."""
        sh('xfs_io', '-x', '-c', 'shutdown', self.place)

    def unmount(self):
        for _ in range(100):
            if subprocess.run(['umount', self.place], stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.05)
        sh('umount', '-l', self.place)


class Room:
    """A file system in memory for images, which are sparse: when it is full, a device made of one can take nothing that
    it did not have before."""

    def __init__(self, place):
        self.filler = os.path.join(place, 'filler')
        os.makedirs(place)
        sh('mount', '-t', 'tmpfs', '-o', 'size=300m', 'none', place)
        self.place = place

    def fill(self):
        with open(self.filler, 'wb', buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass

    def heal(self):
        os.unlink(self.filler)


class Site:
    def __init__(self, work, binaries, kind, one, library, failing=False):
        self.home = os.path.join(work, 'home')
        self.disks = []
        self.room = Room(os.path.join(work, 'room')) if failing else None
        os.makedirs(self.home)
        if one:
            self.disks = [Disk(work, 'all', kind, os.path.join(self.home, 'disk'))]
            for part in ('queue', 'homes'):
                os.makedirs(os.path.join(self.home, 'disk', part))
                os.symlink('disk/' + part, os.path.join(self.home, part))
        else:
            images = {'queue': self.room.place if failing else work, 'homes': work}
            self.disks = [Disk(images[part], part, kind, os.path.join(self.home, part), failing) for part in images]
        sh(os.path.join(ROOT, 'scripts/layout'), self.home, '--no-owners', '--split', '3')
        for program in os.listdir(binaries):
            os.symlink(os.path.join(os.path.abspath(binaries), program), os.path.join(self.home, 'bin', program))
        for name in ('me', 'locals', 'rcpthosts'):
            self.write('control/' + name, 'cut.example\n')
        self.write('control/concurrencylocal', '20\n')
        for part in ('tmp', 'new', 'cur'):
            os.makedirs(os.path.join(self.home, 'homes/joe/Maildir', part), 0o700)
        self.write('users/assign', '=joe:joe:%d:%d:%s/homes/joe:::\n.\n' % (os.getuid(), os.getgid(), self.home))
        self.environment = {'QMAILHOME': self.home, 'PATH': self.home + '/bin:/usr/bin:/bin', 'ASAN_OPTIONS': 'detect_leaks=0'}
        subprocess.run([self.home + '/bin/qmail-newu'], env=self.environment, check=True)
        if library:
            self.environment.update(LD_PRELOAD=os.path.abspath(library), BROKEN='deaf' if failing else 'directory-sync')
        os.sync()

    def write(self, name, text):
        with open(os.path.join(self.home, name), 'w') as file:
            file.write(text)

    def start(self):
        self.log = open(self.home + '/log', 'ab')
        common = {'env': self.environment, 'stdin': subprocess.DEVNULL, 'stderr': self.log, 'stdout': self.log}
        self.send = subprocess.Popen(['qmail-start', './Maildir/'], executable=self.home + '/bin/qmail-start', **common)
        at = os.path.getsize(self.home + '/log')
        self.smtpd = subprocess.Popen(['qmail-smtpd', '--workers', '1', '--listen', '127.0.0.1:0'],
                                      executable=self.home + '/bin/qmail-smtpd', **common)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with open(self.home + '/log', 'rb') as file:
                file.seek(at)
                found = re.search(rb'127\.0\.0\.1:(\d+)', file.read())
            if found:
                self.port = int(found.group(1))
                return
            time.sleep(0.01)
        raise SystemExit('the server did not start; see ' + self.home + '/log')

    def processes(self):
        mark = ('QMAILHOME=%s\0' % self.home).encode()
        for entry in os.listdir('/proc'):
            try:
                if entry.isdigit() and mark in open('/proc/%s/environ' % entry, 'rb').read() + b'\0':
                    yield int(entry)
            except OSError:
                pass

    def signal_all(self, number):
        for pid in list(self.processes()):
            try:
                os.kill(pid, number)
            except OSError:
                pass

    def cut(self):
        self.signal_all(signal.SIGSTOP)
        for disk in self.disks:
            disk.cut()
        while list(self.processes()):
            self.signal_all(signal.SIGKILL)
            self.send.poll()
            self.smtpd.poll()
        self.send.wait()
        self.smtpd.wait()
        self.log.close()
        for disk in self.disks:
            disk.unmount()
        if self.room:
            self.room.heal()
        for disk in self.disks:
            disk.mount()

    def end(self):
        if not self.disks:
            return
        while list(self.processes()):
            self.signal_all(signal.SIGKILL)
            self.send.poll()
            self.smtpd.poll()
        for disk in self.disks:
            disk.unmount()
        if self.room:
            sh('umount', '-l', self.room.place)

    def queue_is_empty(self):
        return not any(files for part in ('todo', 'info') for _, _, files in os.walk(os.path.join(self.home, 'queue', part)))

    def tell_what_is_left(self):
        """Each file of the queue with its size, and the last that the log has of its message."""
        with open(self.home + '/log', errors='replace') as file:
            log = file.read().splitlines()
        for folder, _, files in os.walk(os.path.join(self.home, 'queue')):
            for name in files:
                path = os.path.join(folder, name)
                number = re.match(r'\d+', name)
                if number and '/lock' not in folder:
                    print('  left: %s, %d bytes' % (os.path.relpath(path, self.home), os.path.getsize(path)))
                    told = [line for line in log if re.search(r'\b%s\b' % number.group(), line)]
                    print(''.join('    %s\n' % line for line in told[-6:]), end='')

    def arrived(self):
        """How often each message is there; a message that is not whole raises."""
        copies = {}
        new = os.path.join(self.home, 'homes/joe/Maildir/new')
        for name in os.listdir(new):
            with open(os.path.join(new, name), 'rb') as file:
                text = file.read()
            found = re.search(rb'\nSubject: (\S+)\n', text)
            if not found or not text.endswith(b'\nend of %s\n' % found.group(1)):
                raise SystemExit('FAILED: %s in the Maildir is not whole' % name)
            copies[found.group(1).decode()] = copies.get(found.group(1).decode(), 0) + 1
        return copies


class Load:
    def __init__(self, port, prefix):
        self.port, self.prefix, self.acknowledged, self.refused, self.stopping = port, prefix, [], 0, False
        self.threads = [threading.Thread(target=self.send, args=(i,), daemon=True) for i in range(SESSIONS)]
        for thread in self.threads:
            thread.start()

    def send(self, session):
        count = 0
        while not self.stopping:
            try:
                with smtplib.SMTP('127.0.0.1', self.port, 'load.example', timeout=20) as client:
                    while not self.stopping:
                        name = '%s-%d-%d' % (self.prefix, session, count)
                        count += 1
                        body = ('Subject: %s\r\n\r\n' % name) + 'x' * 60 + '\r\n' * random.randint(1, 40) + 'end of %s\r\n' % name
                        client.sendmail('s@load.example', ['joe@cut.example'], body)
                        self.acknowledged.append(name)   # its 250 was read
            except (OSError, smtplib.SMTPException):
                self.refused += 1
                if not self.stopping:
                    time.sleep(0.02)

    def stop(self):
        self.stopping = True


def run(arguments, kind, work):
    site = Site(work, arguments.binaries, kind, arguments.one, arguments.broken, arguments.failing)
    acknowledged = []
    refused = 0
    try:
        for cut in range(arguments.cuts):
            site.start()
            load = Load(site.port, 'c%d' % cut)
            time.sleep(random.uniform(0.2, 0.8))
            if site.room:
                site.room.fill()
                deadline = time.monotonic() + (20 if arguments.broken else 120)
                while load.refused < SESSIONS and time.monotonic() < deadline:
                    time.sleep(0.01)
                refused += load.refused >= SESSIONS
            load.stopping = True
            site.cut()
            for thread in load.threads:
                thread.join(30)
            acknowledged += load.acknowledged
        if arguments.broken:
            site.environment.pop('LD_PRELOAD')
        site.start()
        deadline = time.monotonic() + (10 if arguments.broken else 120)
        while not site.queue_is_empty() and time.monotonic() < deadline:
            time.sleep(0.1)
        copies = site.arrived()
        lost = [name for name in acknowledged if name not in copies]
        surplus = sum(count - 1 for count in copies.values())
        print('%s, %s%s: %d cuts, %d acknowledged, %d lost, %d surplus copies, queue %s' % (
            kind, 'one file system' if arguments.one else 'two file systems', ', failing devices' if site.room else '',
            arguments.cuts, len(acknowledged), len(lost),
            surplus, 'empty' if site.queue_is_empty() else 'NOT EMPTY'), flush=True)
        if not arguments.broken and not site.queue_is_empty():
            site.tell_what_is_left()
        for name in lost[:5]:
            print('  lost: ' + name)
        noticed = not site.room or refused == arguments.cuts
        if not noticed:
            print('  the device failed and mail was taken %d times' % (arguments.cuts - refused))
        return len(lost), noticed and site.queue_is_empty() and len(acknowledged) > arguments.cuts
    finally:
        site.end()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('binaries')
    parser.add_argument('--cuts', type=int, default=40)
    parser.add_argument('--fs', default='ext4,xfs')
    parser.add_argument('--one', action='store_true')
    parser.add_argument('--failing', action='store_true')
    parser.add_argument('--broken')
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--scratch', default=None)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        skip('power cuts need root')
    for program in ('xfs_io', 'mkfs.ext4', 'mkfs.xfs', 'losetup', 'unshare', 'mount'):
        if not shutil.which(program):
            skip('no ' + program + ' on this machine')
    installed.enter_namespace('POWER_CUT_NAMESPACE')
    if subprocess.run(['losetup', '-f'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        skip('no loop devices on this machine')
    random.seed(arguments.seed)
    print('seed %d' % arguments.seed)
    good = True
    for kind in arguments.fs.split(','):
        for _ in range(5 if arguments.broken else 1):   # once in a while luck saves the mail of a broken program
            with tempfile.TemporaryDirectory(prefix='power-cut-', dir=arguments.scratch) as work:
                lost, finished = run(arguments, kind, work)
            if lost > 0:
                break
        good = good and (lost > 0 if arguments.broken else lost == 0 and finished)
    if arguments.broken:
        print('broken program noticed' if good else 'broken program NOT NOTICED')
    sys.exit(0 if good else 1)


main()
