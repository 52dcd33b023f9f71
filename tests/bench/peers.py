"""The other servers: Debian's Postfix, a notqmail, the bare receiver, and any that listens somewhere."""
import os
import pwd
import shutil
import subprocess

import scanned
from machine import Failed, remove, sh, wait_until
from servers import DOMAIN, SINK_DOMAIN, Authenticating, Grapnel, Server, certificate, listens, tool, write_control


class Postfix(Server):
    """Debian's, with its defaults but for what docs/benchmarks.md names."""
    most_idle = 1000   # a process for each connection

    def __init__(self, name, machine):
        super().__init__(name, machine)
        self.configuration = '/etc/postfix'   # ours alone here, as is /usr
        # What its package's installation would have done: without it nobody but root can inject.
        for program in ('postdrop', 'postqueue'):
            shutil.chown('/usr/sbin/' + program, 'root', 'postdrop')
            os.chmod('/usr/sbin/' + program, 0o2755)

    def launch(self, deliver, sink, connections, per_connection):
        base = os.path.join(self.disk.place, 'postfix')
        limit = max(1000, connections + 100)
        self.write_configuration(base, limit, sink)
        self.write_services(limit, deliver)
        self.make_queue(base, deliver)
        self.run(['/usr/lib/postfix/sbin/master', '-c', self.configuration, '-d'],
                 {'PATH': os.environ['PATH'], 'LD_LIBRARY_PATH': '/usr/lib/postfix', 'MAIL_CONFIG': self.configuration,
                  'MAIL_LOGTAG': 'postfix'})

    def write_configuration(self, base, limit, sink):
        shutil.rmtree(self.configuration, ignore_errors=True)
        os.makedirs(self.configuration)
        settings = {
            'compatibility_level': '3.6', 'queue_directory': base + '/spool', 'data_directory': base + '/data',
            'daemon_directory': '/usr/lib/postfix/sbin', 'command_directory': '/usr/sbin',
            'shlib_directory': '/usr/lib/postfix', 'meta_directory': self.configuration,
            'maillog_file': base + '/log/maillog', 'maillog_file_prefixes': base,
            'myhostname': DOMAIN, 'mydestination': DOMAIN, 'inet_interfaces': '127.0.0.1', 'inet_protocols': 'ipv4',
            'mynetworks': '127.0.0.0/8', 'smtpd_recipient_restrictions': 'permit_mynetworks,reject',
            'home_mailbox': 'Maildir/', 'recipient_delimiter': '-', 'mailbox_size_limit': '0',
            'local_recipient_maps': '', 'alias_maps': '', 'alias_database': '',
            'smtpd_peername_lookup': 'no', 'disable_dns_lookups': 'yes', 'smtp_dns_support_level': 'disabled',
            'smtpd_client_connection_count_limit': '0', 'default_process_limit': str(limit),
            'default_destination_concurrency_limit': '100', 'local_destination_concurrency_limit': '100',
            'initial_destination_concurrency': '100', 'in_flow_delay': '0', 'message_size_limit': '104857600'}
        settings.update({'smtpd_tls_chain_files': certificate(self.machine), 'smtpd_tls_security_level': 'may'})
        if sink:
            settings['transport_maps'] = 'inline:{%s=smtp:[127.0.0.1]:%d}' % (SINK_DOMAIN, sink.port)
        with open(self.configuration + '/main.cf', 'w') as file:
            file.writelines('%s = %s\n' % item for item in settings.items())
        with open(self.configuration + '/dynamicmaps.cf', 'w'):
            pass
        for source in ('etc/postfix/postfix-files', 'usr/share/postfix/postfix-files'):
            if os.path.exists(os.path.join(self.options.peers, source)):
                shutil.copy(os.path.join(self.options.peers, source), self.configuration)

    def write_services(self, limit, deliver):
        services = ['%d inet n - n - %d smtpd' % (self.port, limit), 'cleanup unix n - n - 0 cleanup',
                    'rewrite unix - - n - - trivial-rewrite', 'bounce unix - - n - 0 bounce',
                    'defer unix - - n - 0 bounce', 'trace unix - - n - 0 bounce', 'proxymap unix - - n - - proxymap',
                    'anvil unix - - n - 1 anvil', 'postlog unix-dgram n - n - 1 postlogd', 'error unix - - n - - error',
                    'retry unix - - n - - error', 'smtp unix - - n - 100 smtp', 'local unix - n n - 100 local',
                    'scache unix - - n - 1 scache', 'tlsmgr unix - - n 1000? 1 tlsmgr',
                    'flush unix n - n 1000? 0 flush']
        if deliver:
            services += ['qmgr unix n - n 300 1 qmgr', 'pickup unix n - n 60 1 pickup']
        with open(self.configuration + '/master.cf', 'w') as file:
            file.write('\n'.join(services) + '\n')

    def make_queue(self, base, deliver):
        def directory(path, user, group, mode):
            os.makedirs(path, exist_ok=True)
            shutil.chown(path, user, group)
            os.chmod(path, mode)
        for part in ('spool', 'log'):
            os.makedirs(os.path.join(base, part))
        directory(base + '/data', 'postfix', 'root', 0o755)
        for part in 'active bounce corrupt defer deferred flush hold incoming private saved trace'.split():
            directory(base + '/spool/' + part, 'postfix', 'root', 0o700)
        directory(base + '/spool/public', 'postfix', 'postdrop', 0o2710)
        directory(base + '/spool/maildrop', 'postfix', 'postdrop', 0o1730)
        directory(base + '/spool/pid', 'root', 'root', 0o755)
        # Whom cleanup and postdrop wake; where nobody is to be woken they would log that, for each message.
        for name in () if deliver else ('qmgr', 'pickup'):
            os.mkfifo(base + '/spool/public/' + name, 0o622)
            os.chmod(base + '/spool/public/' + name, 0o622)

    def queued(self):
        spool = os.path.join(self.disk.place, 'postfix/spool')
        return sum(len(files) for part in ('incoming', 'maildrop')
                   for _, _, files in os.walk(os.path.join(spool, part)))

    def injector(self):
        return ['/usr/sbin/sendmail', '-f', 'sender@client.example', self.recipient], {}

    def log_tail(self):
        try:
            with open(os.path.join(self.disk.place, 'postfix/log/maillog'), errors='replace') as file:
                return ' / '.join(file.read().splitlines()[-3:])
        except OSError:
            return super().log_tail()


class Notqmail(Grapnel):
    """An installed one, copied to a disk of its own and bound over its home, which is built into its programs. SMTP
    needs tcpserver."""
    most_idle = 1000   # a process for each connection

    def __init__(self, name, machine):   # the home exists
        Server.__init__(self, name, machine)
        self.home = machine.options.notqmail
        self.tcpserver = shutil.which('tcpserver')
        if not self.tcpserver:
            self.works, self.speaks_smtp = ('inject',), False

    def lay_out(self):
        place = os.path.join(self.disk.place, 'qmail')
        if os.path.exists(place):   # with the queue that it has
            self.bind(place)
            return
        sh('cp', '-a', self.home, place)
        for part in ('info', 'local', 'remote', 'mess'):
            for split in os.listdir(os.path.join(place, 'queue', part)):
                self.empty(os.path.join(place, 'queue', part, split))
        for part in ('queue/bounce', 'queue/intd', 'queue/pid', 'queue/todo', 'control', 'users'):
            self.empty(os.path.join(place, part))
        self.bind(place)

    @staticmethod
    def empty(path):
        for name in os.listdir(path):
            remove(os.path.join(path, name))

    def launch(self, deliver, sink, connections, per_connection):
        self.lay_out()
        settings = {'me': DOMAIN, 'locals': DOMAIN, 'rcpthosts': DOMAIN + '\n' + SINK_DOMAIN,
                    'concurrencylocal': 100, 'concurrencyremote': 100}
        if sink:
            settings['smtproutes'] = '%s:127.0.0.1:%d' % (SINK_DOMAIN, sink.port)
        write_control(self.home, settings)
        environment = {'PATH': self.home + '/bin:/usr/bin:/bin'}
        if deliver:
            self.run(['qmail-start', './Maildir/'], environment, self.home + '/bin/qmail-start')
        if self.tcpserver:
            account = pwd.getpwnam('qmaild')
            self.run([self.tcpserver, '-c', str(connections * 2), '-b', '1000', '-H', '-R', '-l', DOMAIN,
                      '-u', str(account.pw_uid), '-g', str(account.pw_gid), self.host, str(self.port),
                      self.home + '/bin/qmail-smtpd'], environment)


class Floor(Server):
    """The bare receiver: an event loop, group commit, and nothing else. What no full server can pass."""
    works = ('accept', 'connections')

    def __init__(self, name, machine):
        self.program = tool(machine.options, 'bench_floor')
        if not self.program:
            raise Failed('bench_floor is not built (it is built with the tests)')
        super().__init__(name, machine)

    def launch(self, deliver, sink, connections, per_connection):
        os.mkdir(self.directory())
        self.run([self.program, str(self.port), self.directory()], dict(os.environ))

    def directory(self):
        return os.path.join(self.disk.place, 'floor')

    def queued(self):
        return len(os.listdir(self.directory() + '/new'))


class Other(Server):
    """One that runs already, somewhere: --server NAME=HOST:PORT. What it does and leaves behind is its own business."""
    works = ('accept', 'relay', 'connections')

    def __init__(self, name, machine, host, port, drained, recipient=None, relay_recipient=None):
        super().__init__(name, machine, disk=False)
        self.host, self.fixed_port, self.command = host, port, drained
        self.recipient = recipient or self.recipient
        self.relay_recipient = relay_recipient or self.relay_recipient
        if not drained:
            self.works = ('accept', 'connections')

    def start(self, deliver=False, sink=None, connections=1000, per_connection=1, keep=False):
        self.port = self.fixed_port
        if not listens(self.host, self.port):
            raise Failed('nothing listens on %s:%d' % (self.host, self.port))

    def launch(self, deliver, sink, connections, per_connection):
        pass

    def drained(self):
        return subprocess.run(self.command, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=60, check=False).returncode == 0

    def wait_drained(self):
        if self.command:
            wait_until(self.drained, self.options.deadline, '%s: %s' % (self.name, self.command))

    def meter(self, strangers=()):
        return None


def make(name, machine):
    """The server of that name, or Failed with the reason."""
    options = machine.options
    kinds = {'grapnel': Grapnel, 'postfix': Postfix, 'notqmail': Notqmail, 'floor': Floor,
             'auth': Authenticating, **dict.fromkeys(scanned.KINDS, scanned.Scanned)}
    if name in kinds:
        return kinds[name](name, machine)
    host, port = options.others[name]
    return Other(name, machine, host, port, options.drained_by.get(name),
                 options.recipient_of.get(name), options.relay_recipient_of.get(name))
