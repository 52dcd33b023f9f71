"""The servers under test, each with the same few calls: start, stop, queued, memory; and the sink."""
import glob
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

USER = 'benchuser'
OPTIONS = None
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def peer(path):
    return os.path.join(OPTIONS.peers, path)


def peer_environment():
    return dict(os.environ, LD_LIBRARY_PATH=peer('usr/lib/postfix'))


def scratch(*parts):
    return os.path.join(OPTIONS.scratch, *parts)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def add_accounts():
    """A copy of passwd and group with the users of both servers, bound over the real ones in our namespace."""
    passwd, group = open('/etc/passwd').read(), open('/etc/group').read()
    number = 61000
    for name in ('qmail', 'nofiles', 'postfix', 'postdrop', USER):
        if ('\n%s:' % name) not in '\n' + group:
            group += '%s:x:%d:\n' % (name, number)
            number += 1
    gids = {line.split(':')[0]: line.split(':')[2] for line in group.splitlines()}
    users = {'alias': 'nofiles', 'qmaild': 'nofiles', 'qmaill': 'nofiles', 'qmailp': 'nofiles', 'qmailh': 'nofiles',
             'qmailq': 'qmail', 'qmailr': 'qmail', 'qmails': 'qmail', 'postfix': 'postfix', USER: USER}
    for name, owner in users.items():
        kept = [line for line in passwd.splitlines() if not line.startswith(name + ':')]
        home = scratch('home', USER) if name == USER else '/var/qmail/alias' if name == 'alias' else '/var/qmail'
        kept.append('%s:x:%d:%s::%s:/bin/sh' % (name, number, gids[owner], home))
        passwd = '\n'.join(kept) + '\n'
        number += 1
    for path, text in (('passwd', passwd), ('group', group)):
        with open(scratch(path), 'w') as file:
            file.write(text)
        subprocess.run(['mount', '--bind', scratch(path), '/etc/' + path], check=True)


def prepare_machine(options):
    global OPTIONS
    options.scratch, options.peers, options.build = map(os.path.abspath, (options.scratch, options.peers, options.build))
    OPTIONS = options
    shutil.rmtree(options.scratch, ignore_errors=True)
    os.makedirs(scratch('home'))
    add_accounts()
    # Postfix finds its programs and libraries where its package would have put them; nothing is written there.
    subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=%s:/usr' % peer('usr'), '/usr'], check=True)
    for name in ('qmail',):
        os.makedirs('/var/' + name, exist_ok=True)
    os.makedirs(scratch('qmail'))
    subprocess.run(['mount', '--bind', scratch('qmail'), '/var/qmail'], check=True)


def new_user_home():
    home = scratch('home', USER)
    shutil.rmtree(home, ignore_errors=True)
    for part in ('', 'Maildir', 'Maildir/tmp', 'Maildir/new', 'Maildir/cur'):
        os.makedirs(os.path.join(home, part), exist_ok=True)
        shutil.chown(os.path.join(home, part), USER, USER)
        os.chmod(os.path.join(home, part), 0o700)


def maildir_count():
    return len(os.listdir(scratch('home', USER, 'Maildir/new')))


def wait_for_port(port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(('127.0.0.1', port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit('bench: nothing listens on port %d' % port)


def wait_for_path(path):
    deadline = time.monotonic() + 20
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise SystemExit('bench: %s did not come' % path)
        time.sleep(0.02)


def children_of(pids):
    """These processes and all below them, with their proportional set sizes in KiB."""
    parents = {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                fields = open('/proc/%s/stat' % entry).read().rsplit(')', 1)[1].split()
                parents[int(entry)] = int(fields[1])
            except OSError:
                pass
    family = set(pids)
    while True:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        if not more:
            return family
        family |= more


def memory_of(pids):
    total = 0
    for pid in children_of(pids):
        try:
            for line in open('/proc/%d/smaps_rollup' % pid):
                if line.startswith('Pss:'):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Sink:
    """smtp-sink counts nothing that can be asked for: it dumps a byte per message end, and we count lines."""

    def __init__(self):
        self.port = free_port()
        self.directory = scratch('sink')
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        self.output = open(os.path.join(self.directory, 'counted'), 'wb')
        self.process = subprocess.Popen([peer('usr/sbin/smtp-sink'), '-u', 'root', '-c', '127.0.0.1:%d' % self.port, '1000'],
                                        env=peer_environment(), stdout=self.output, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)

    def count(self):
        """The running count of -c: "sess=N quit=N mesg=N", over and over with carriage returns."""
        try:
            with open(os.path.join(self.directory, 'counted'), 'rb') as file:
                file.seek(max(0, os.path.getsize(file.name) - 200))
                tail = file.read().replace(b'\r', b'\n').decode(errors='replace')
            return int(tail.rsplit('mesg=', 1)[1].split()[0])
        except (IndexError, ValueError):
            return 0

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.output.close()


class Grapnel:
    name = 'grapnel'
    most_connections = 60000

    def start(self, deliver, sink, connections=1000):
        new_user_home()
        for entry in os.listdir('/var/qmail'):
            shutil.rmtree(os.path.join('/var/qmail', entry))
        os.makedirs('/var/qmail/bin')
        for program in glob.glob(os.path.join(OPTIONS.build, 'bin/*')):
            shutil.copy2(program, '/var/qmail/bin/')
        subprocess.run([os.path.join(ROOT, 'scripts/layout'), '/var/qmail'], check=True)
        control = {'queued': '1' if OPTIONS.queued else '0', 'me': 'bench.example', 'locals': 'bench.example', 'rcpthosts': 'bench.example\nsink.example',
                   'concurrencylocal': '100', 'concurrencyremote': '100', 'concurrencyincoming': str(connections * 2),
                   'maxconnip': str(connections * 2)}
        if sink:
            control['smtproutes'] = 'sink.example:127.0.0.1:%d' % sink.port
        for name, value in control.items():
            with open('/var/qmail/control/' + name, 'w') as file:
                file.write(value + '\n')
        self.port = free_port()
        environment = {'PATH': '/var/qmail/bin:/usr/bin:/bin'}
        self.processes = []
        self.log = open(scratch('grapnel.log'), 'ab')
        # qmail-start starts qmail-queued too; where nothing is to be delivered it runs alone.
        first = ['qmail-start', './Maildir/'] if deliver else ['qmail-queued']
        if deliver or OPTIONS.queued:
            self.processes.append(subprocess.Popen(first, executable='/var/qmail/bin/' + first[0], env=environment,
                                                   stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))
        if OPTIONS.queued:
            wait_for_path('/var/qmail/run/queued')
        self.processes.append(subprocess.Popen(['/var/qmail/bin/qmail-smtpd', '--listen', '127.0.0.1:%d' % self.port],
                                               env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))
        wait_for_port(self.port)

    def queued(self):
        return len(os.listdir('/var/qmail/queue/todo'))

    def memory(self):
        return memory_of([self.processes[-1].pid])

    def stop(self):
        for process in reversed(self.processes):
            end(process)
        self.log.close()


class Postfix:
    name = 'postfix'
    most_connections = 1000   # a process for each connection

    def start(self, deliver, sink, connections=1000):
        new_user_home()
        base = scratch('postfix')
        shutil.rmtree(base, ignore_errors=True)
        for part in ('etc', 'spool', 'data', 'log'):
            os.makedirs(os.path.join(base, part))
        shutil.chown(os.path.join(base, 'data'), 'postfix', 'root')
        self.port = free_port()
        self.configuration = os.path.join(base, 'etc')
        limit = max(1000, connections * 2)
        settings = {
            'compatibility_level': '3.6', 'queue_directory': base + '/spool', 'data_directory': base + '/data',
            'daemon_directory': '/usr/lib/postfix/sbin', 'command_directory': '/usr/sbin',
            'shlib_directory': '/usr/lib/postfix', 'meta_directory': self.configuration, 'maillog_file': base + '/log/maillog',
            'maillog_file_prefixes': base, 'myhostname': 'bench.example', 'mydestination': 'bench.example',
            'inet_interfaces': '127.0.0.1', 'inet_protocols': 'ipv4', 'mynetworks': '127.0.0.0/8',
            'home_mailbox': 'Maildir/', 'local_recipient_maps': '', 'alias_maps': '', 'alias_database': '',
            'smtpd_peername_lookup': 'no', 'disable_dns_lookups': 'yes', 'smtp_dns_support_level': 'disabled',
            'smtpd_client_connection_count_limit': '0', 'smtpd_client_connection_rate_limit': '0',
            'default_process_limit': str(limit), 'default_destination_concurrency_limit': '100',
            'local_destination_concurrency_limit': '100', 'initial_destination_concurrency': '100',
            'smtpd_recipient_restrictions': 'permit_mynetworks,reject', 'in_flow_delay': '0', 'smtpd_timeout': '600s'}
        if sink:
            settings['transport_maps'] = 'inline:{sink.example=smtp:[127.0.0.1]:%d}' % sink.port
        with open(self.configuration + '/main.cf', 'w') as file:
            file.writelines('%s = %s\n' % item for item in settings.items())
        services = ['%d inet n - n - %d smtpd' % (self.port, limit), 'cleanup unix n - n - 0 cleanup', 'rewrite unix - - n - - trivial-rewrite',
                    'bounce unix - - n - 0 bounce', 'defer unix - - n - 0 bounce', 'trace unix - - n - 0 bounce',
                    'proxymap unix - - n - - proxymap', 'anvil unix - - n - 1 anvil', 'postlog unix-dgram n - n - 1 postlogd',
                    'error unix - - n - - error', 'retry unix - - n - - error', 'smtp unix - - n - 100 smtp', 'local unix - n n - 100 local',
                    'scache unix - - n - 1 scache', 'tlsmgr unix - - n 1000? 1 tlsmgr', 'flush unix n - n 1000? 0 flush']
        if deliver:
            services.append('qmgr unix n - n 300 1 qmgr')
        with open(self.configuration + '/master.cf', 'w') as file:
            file.write('\n'.join(services) + '\n')
        for name in ('postfix-files', 'dynamicmaps.cf'):
            for source in glob.glob(peer('etc/postfix/' + name)) + glob.glob(peer('usr/share/postfix/' + name)):
                shutil.copy(source, self.configuration)
        open(self.configuration + '/dynamicmaps.cf', 'a').close()
        for part in ('active bounce corrupt defer deferred flush hold incoming private saved trace').split():
            self.directory(base + '/spool/' + part, 'postfix', 'root', 0o700)
        self.directory(base + '/spool/public', 'postfix', 'postdrop', 0o2710)
        self.directory(base + '/spool/maildrop', 'postfix', 'postdrop', 0o1730)
        self.directory(base + '/spool/pid', 'root', 'root', 0o755)
        self.log = open(base + '/log/master', 'wb')
        self.process = subprocess.Popen(['/usr/lib/postfix/sbin/master', '-c', self.configuration, '-d'],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env={'PATH': os.environ['PATH'], 'LD_LIBRARY_PATH': '/usr/lib/postfix', 'MAIL_CONFIG': self.configuration,
                                             'MAIL_LOGTAG': 'postfix'})
        wait_for_port(self.port)

    @staticmethod
    def directory(path, user, group, mode):
        os.makedirs(path, exist_ok=True)
        shutil.chown(path, user, group)
        os.chmod(path, mode)

    def queued(self):
        return sum(len(files) for _, _, files in os.walk(scratch('postfix/spool/incoming')))

    def memory(self):
        return memory_of([self.process.pid])

    def stop(self):
        family = children_of([self.process.pid])
        end(self.process)
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.log.close()


def make(name, options):
    return {'grapnel': Grapnel, 'postfix': Postfix}[name]()
