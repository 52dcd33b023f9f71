"""The servers under test, each with the same few calls: start, stop, queued, memory; and the sink."""
import glob
import os
import pwd
import shutil
import socket
import subprocess
import time

from machine import USER, Disk, Failed, end, sh, wait_until
from usage import Meter, family_of, memory_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AUTH_USER = ('joe@bench.example', 'a password')
DOMAIN, SINK_DOMAIN = 'bench.example', 'sink.example'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def listens(host, port):
    try:
        socket.create_connection((host, port), timeout=5).close()
        return True
    except OSError:
        return False


def tool(options, name):
    """One of our own programs: they are built with the tests, which may be another build than the one measured."""
    builds = [options.build] + [os.path.join(ROOT, 'build', preset) for preset in ('release', 'debug', 'clang')]
    for build in builds:
        path = os.path.join(build, 'tests', name)
        if os.path.exists(path):
            return path
    return None


class Server:
    """One server with a disk of its own; every start begins with an empty queue and an empty Maildir."""
    works = ('accept', 'maildir', 'relay', 'inject', 'connections', 'idle', 'fanout', 'syncs')
    most_idle = 0            # connections that make sense with it; 0: any number
    speaks_smtp = True
    host = '127.0.0.1'
    recipient, relay_recipient = USER + '@' + DOMAIN, 'someone@' + SINK_DOMAIN
    log = None
    filled = 0               # messages that were put into the queue

    def __init__(self, name, machine, disk=True):
        self.name, self.machine, self.options = name, machine, machine.options
        self.disk = Disk(machine, name) if disk else None
        self.processes = []
        self.port = None

    def can(self, work):
        return self.name in work.only_for if work.only_for else work.name in self.works

    def start(self, deliver=False, sink=None, connections=1000, per_connection=1, keep=False):
        """deliver: messages go on; otherwise they are only accepted. connections: as many at once must be possible.
        keep: with the queue that is there."""
        self.stop()
        if self.disk and not keep:
            self.disk.clear()
            self.new_user_home()
            self.filled = 0
        self.port = free_port()
        self.log = open(self.machine.path(self.name + '.log'), 'ab')
        self.launch(deliver, sink, connections, per_connection)
        if self.speaks_smtp:
            wait_until(lambda: listens(self.host, self.port) or self.check_alive(), 20, '%s on its port' % self.name)
        if self.disk and not keep:
            self.disk.sync()

    def launch(self, deliver, sink, connections, per_connection):
        raise NotImplementedError

    def run(self, argv, environment, executable=None):
        self.processes.append(subprocess.Popen(argv, executable=executable, env=environment, stdin=subprocess.DEVNULL,
                                               stdout=self.log, stderr=self.log))

    def check_alive(self):
        for process in self.processes:
            if process.poll() is not None:
                raise Failed('%s ended by itself: %s' % (self.name, self.log_tail()))

    def log_tail(self):
        with open(self.machine.path(self.name + '.log'), errors='replace') as file:
            return ' / '.join(file.read().splitlines()[-3:])

    def stop(self):
        pids = family_of([process.pid for process in self.processes])
        while self.processes:
            end(self.processes.pop())
        for pid in pids:   # whoever outlived his parent
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        if self.log:
            self.log.close()
            self.log = None

    def new_user_home(self):
        """Maildir for the user, on this server's disk; his home in the password file is a link to it."""
        home = os.path.join(self.disk.place, 'home')
        account = pwd.getpwnam(USER)
        for part in ('', 'Maildir', 'Maildir/tmp', 'Maildir/new', 'Maildir/cur'):
            path = os.path.join(home, part)
            os.mkdir(path)
            os.chown(path, account.pw_uid, account.pw_gid)
            os.chmod(path, 0o700)
        rules = os.path.join(home, '.qmail-default')   # USER-anything
        with open(rules, 'w') as file:
            file.write('./Maildir/\n')
        os.chown(rules, account.pw_uid, account.pw_gid)
        link = self.machine.public('home')
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(home, link)

    def delivered(self):
        return len(os.listdir(os.path.join(self.disk.place, 'home/Maildir/new')))

    def pids(self):
        return family_of([process.pid for process in self.processes])

    def memory(self):
        return memory_of([process.pid for process in self.processes])

    def meter(self, strangers=()):
        return Meter(self.disk, strangers)

    def queued(self):
        """How many messages are in the queue, or None if that cannot be seen."""
        return None

    def injector(self):
        """argv and environment of its sendmail."""
        raise NotImplementedError

    def wait_drained(self):
        """Nothing of the last measurement may run into the next."""


class Sink:
    """The next hop. smtp-sink -c writes "sess=N quit=N mesg=N", over and over with carriage returns."""

    def __init__(self, machine):
        self.port = machine.options.sink_port or free_port()
        self.path = machine.path('sink')
        self.output = open(self.path, 'wb')
        self.process = subprocess.Popen(
            [peer(machine.options, 'usr/sbin/smtp-sink'), '-u', 'root', '-c', '127.0.0.1:%d' % self.port, '1000'],
            env=peer_environment(machine.options), stdout=self.output, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens('127.0.0.1', self.port), 20, 'smtp-sink on its port')

    def count(self):
        try:
            with open(self.path, 'rb') as file:
                file.seek(max(0, os.path.getsize(self.path) - 200))
                tail = file.read().replace(b'\r', b'\n').decode(errors='replace')
            return int(tail.rsplit('mesg=', 1)[1].split()[0])
        except (IndexError, ValueError):
            return 0

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.output.close()


def peer(options, path):
    return os.path.join(options.peers, path)


def peer_environment(options):
    return dict(os.environ, LD_LIBRARY_PATH=peer(options, 'usr/lib/postfix'))


def certificate(machine):
    """A file with a key and a certificate, the same for all servers of a run."""
    path = machine.path('certificate.pem')
    if not os.path.exists(path):
        old = os.umask(0o077)
        try:
            sh('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
               '-subj', '/CN=' + DOMAIN, '-keyout', path + '.key', '-out', path + '.cert')
            with open(path, 'w') as whole:
                for part in ('.key', '.cert'):
                    with open(path + part) as file:
                        whole.write(file.read())
        finally:
            os.umask(old)
    return path


def write_control(home, settings):
    for name, value in settings.items():
        with open(os.path.join(home, 'control', name), 'w') as file:
            file.write('%s\n' % value)


class Grapnel(Server):
    home = '/var/qmail'
    bound = False

    def __init__(self, name, machine):
        super().__init__(name, machine)
        os.makedirs(self.home, exist_ok=True)

    def launch(self, deliver, sink, connections, per_connection):
        self.lay_out()
        settings = {'me': DOMAIN, 'locals': DOMAIN, 'rcpthosts': DOMAIN + '\n' + SINK_DOMAIN,
                    'concurrencylocal': 100, 'concurrencyremote': 100, 'queued': int(self.options.queued),
                    'concurrencyincoming': connections * 2}
        if per_connection > 1:
            settings['lax'] = 'nolimits'   # smtp-source does not share its messages out evenly
        if sink:
            settings['smtproutes'] = '%s:127.0.0.1:%d' % (SINK_DOMAIN, sink.port)
        write_control(self.home, settings)
        shutil.copy(certificate(self.machine), self.home + '/control/servercert.pem')
        environment = {'PATH': self.home + '/bin:/usr/bin:/bin'}
        # qmail-start starts qmail-queued too; where nothing is to be delivered it runs alone.
        first = ['qmail-start', './Maildir/'] if deliver else ['qmail-queued'] if self.options.queued else None
        if first:
            self.run(first, environment, self.home + '/bin/' + first[0])
        if self.options.queued:
            wait_until(lambda: os.path.exists(self.home + '/run/queued') or self.check_alive(), 20, 'qmail-queued')
        self.before_smtpd(deliver, environment)
        self.run(['qmail-smtpd', '--listen', '127.0.0.1:%d' % self.port], environment, self.home + '/bin/qmail-smtpd')

    def before_smtpd(self, deliver, environment):
        """What a kind of it needs."""

    def lay_out(self):
        place = os.path.join(self.disk.place, 'qmail')
        if os.path.exists(place):   # with the queue that it has
            self.bind(place)
            return
        os.makedirs(place + '/bin')
        for program in glob.glob(os.path.join(self.options.build, 'bin/*')):
            shutil.copy2(program, place + '/bin/')
        self.bind(place)
        sh(os.path.join(ROOT, 'scripts/layout'), self.home)

    def bind(self, place):
        sh('mount', '--bind', place, self.home)
        self.bound = True

    def stop(self):
        super().stop()
        if self.bound:
            sh('umount', '-l', self.home)
            self.bound = False

    def queued(self):
        return len(os.listdir(self.home + '/queue/todo'))

    def injector(self):
        return [self.home + '/bin/sendmail', '-f', 'sender@client.example', self.recipient], {}


class Authenticating(Grapnel):
    """The same where clients must show who they are."""
    works = ('auth',)

    def before_smtpd(self, deliver, environment):
        write_control(self.home, {'authclear': 1, 'smtpext': '+AUTH'})
        subprocess.run([self.home + '/bin/qmail-saslpasswd', AUTH_USER[0]], input=AUTH_USER[1].encode() + b'\n', check=True)
