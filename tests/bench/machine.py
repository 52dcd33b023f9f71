"""What the measurements stand on: namespaces of their own, accounts, disks, and what the processes in them used."""
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

CLONE_NEWNS, CLONE_NEWPID = 0x00020000, 0x20000000
PR_SET_PDEATHSIG = 1
SKIPPED = 77              # exit code
USER = 'benchuser'
ROLES = {'alias': 'nofiles', 'qmaild': 'nofiles', 'qmaill': 'nofiles', 'qmailp': 'nofiles', 'qmailh': 'nofiles',
         'qmailq': 'qmail', 'qmailr': 'qmail', 'qmails': 'qmail', 'postfix': 'postfix', USER: USER}


class Failed(Exception):
    """This one measurement cannot be had; the others can."""


class Impossible(Exception):
    """Not on this machine."""


def sh(*argv):
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300, check=False)
    if done.returncode != 0:
        raise Failed('%s: %s' % (' '.join(argv), done.stderr.decode(errors='replace').strip()))


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed('waited %d seconds in vain for %s' % (seconds, what))
        time.sleep(0.005)


def call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), name)


def run_in_namespaces(work):
    """Runs work() in mount and process namespaces of its own and returns its exit code. However this process ends, the
    kernel ends all those in there; with the last of them go the mounts and the loop devices."""
    try:
        call('unshare', CLONE_NEWPID)   # the next child is process 1 of it
    except OSError as failure:
        raise Impossible('no namespaces: %s' % failure) from failure
    first = os.fork()
    if first == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os._exit(guarded(lambda: reap_for(work)))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.kill(first, signal.SIGKILL))
    status = os.waitpid(first, 0)[1]
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 111


def guarded(work):
    """work()'s exit code, whatever happens in it."""
    try:
        return work() or 0
    except Impossible as why:
        print('SKIPPED: %s' % why)
        return SKIPPED
    except SystemExit as ending:
        if isinstance(ending.code, str):
            print(ending.code, file=sys.stderr)
        return ending.code if isinstance(ending.code, int) else 111
    except BaseException:   # pylint: disable=broad-except
        sys.excepthook(*sys.exc_info())
        return 111
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def reap_for(work):
    """Process 1 of the namespace: has a child do the work, and waits for whatever loses its parent."""
    call('prctl', PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        call('unshare', CLONE_NEWNS)
        sh('mount', '--make-rprivate', '/')
        sh('mount', '-t', 'proc', 'proc', '/proc')
    except (OSError, Failed) as failure:
        raise Impossible('no namespaces: %s' % failure) from failure
    child = os.fork()
    if child == 0:
        os._exit(guarded(work))
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 111


def raise_descriptors(wanted):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for most in (max(hard, wanted), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            return
        except (ValueError, OSError):
            pass   # not even root may everywhere


class Machine:
    """The private view: /etc with our accounts, /usr with the peers' programs, /var with room for a home."""

    def __init__(self, options):
        self.options = options
        self.scratch = options.scratch
        os.makedirs(self.scratch, exist_ok=True)
        for name in os.listdir(self.scratch):   # what an earlier run left
            remove(os.path.join(self.scratch, name))
        os.makedirs(self.path('ram'))
        sh('mount', '-t', 'tmpfs', 'bench', self.path('ram'))
        self.cover('/etc')
        self.cover('/var')
        self.cover('/usr', os.path.join(options.peers, 'usr'))
        os.makedirs(self.public())
        self.add_accounts()
        raise_descriptors(65536)

    def path(self, *parts):
        return os.path.join(self.scratch, *parts)

    @staticmethod
    def public(*parts):
        """A place that every user reaches, wherever scratch is."""
        return os.path.join('/var/bench', *parts)

    def cover(self, place, *above):
        """From here on, what is written below place is ours alone and lives in memory."""
        upper, work = self.path('ram', place.strip('/')), self.path('ram', 'work' + place.replace('/', '-'))
        os.makedirs(upper)
        os.makedirs(work)
        # Lower folders come with their own mounts' content only, which is all that is needed here.
        try:
            sh('mount', '-t', 'overlay', 'overlay', '-o',
               'lowerdir=%s,upperdir=%s,workdir=%s' % (':'.join(above + (place,)), upper, work), place)
        except Failed as failure:
            raise Impossible('no overlay over %s: %s' % (place, failure)) from failure

    def add_accounts(self):
        """Accounts that exist keep their numbers: a notqmail was built for them."""
        with open('/etc/passwd') as file:
            users = [line.split(':') for line in file.read().splitlines()]
        with open('/etc/group') as file:
            groups = [line.split(':') for line in file.read().splitlines()]
        number = 61000
        for name in ('qmail', 'nofiles', 'postfix', 'postdrop', USER):
            if name not in [group[0] for group in groups]:
                groups.append([name, 'x', str(number), ''])
                number += 1
        gids = {group[0]: group[2] for group in groups}
        homes = {USER: self.public('home'), 'alias': '/var/qmail/alias'}
        for name, group in ROLES.items():
            old = [user for user in users if user[0] == name]
            users = [user for user in users if user[0] != name]
            uid, gid = (old[0][2], old[0][3]) if old else (str(number), gids[group])
            users.append([name, 'x', uid, gid, '', homes.get(name, '/var/qmail'), '/bin/sh'])
            number += 1
        for path, rows in (('/etc/passwd', users), ('/etc/group', groups)):
            with open(path, 'w') as file:
                file.writelines(':'.join(row) + '\n' for row in rows)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


class Disk:
    """A server's own file system: ext4 on a loop device, or a plain folder where that is asked for."""

    def __init__(self, machine, name):
        self.place = machine.public('disk', name)
        os.makedirs(self.place)
        self.loop = machine.options.disk == 'loop'
        if self.loop:
            self.mount(machine.path(name + '.img'), machine.options)
        else:
            os.makedirs(machine.path('disk', name))
            sh('mount', '--bind', machine.path('disk', name), self.place)

    def mount(self, image, options):
        size = options.image_size << 20
        with open(image, 'wb') as file:
            file.truncate(size)
            # Blocks that were never written would each cost the file system beneath a commit of its own.
            if not options.quick:
                for _ in range(options.image_size):
                    file.write(bytes(1 << 20))
                os.fsync(file.fileno())
        sh('mkfs.ext4', '-q', '-F', '-i', '8192', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image)
        try:
            sh('mount', '-o', 'loop', image, self.place)
        except Failed as failure:
            raise Impossible('no loop devices (--disk directory does without): %s' % failure) from failure
        finally:
            os.unlink(image)   # the space is given back with the last who uses it
        number = os.stat(self.place).st_dev
        self.block = '/sys/dev/block/%d:%d' % (os.major(number), os.minor(number))
        device = '/dev/' + os.path.basename(os.path.realpath(self.block))
        subprocess.run(['losetup', '--direct-io=on', device], stderr=subprocess.DEVNULL, check=False)

    def clear(self):
        for name in os.listdir(self.place):
            if name != 'lost+found':
                remove(os.path.join(self.place, name))
        self.sync()

    def sync(self):
        sh('sync', '-f', self.place)

    def flushes(self):
        """Flushes that the device was asked for, or None."""
        if not self.loop:
            return None
        with open(self.block + '/stat') as file:
            fields = file.read().split()
        return int(fields[15]) if len(fields) > 15 else None


def end(process, seconds=30):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
