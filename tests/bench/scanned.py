"""grapnel with a scanner, and what it costs to ask one."""
import os
import shutil
import smtplib
import statistics
import threading
import time

from held import talk
from load import smtp_source
from machine import Failed, sh, wait_until
from servers import Grapnel, free_port, listens, tool

# What each kind asks about, how long the scanner thinks, and settings of control/hooks/ besides.
KINDS = {
    'hooks': ('data', 0, {}),
    'events': ('delivery', 0, {}),
    'slow': ('data', 2000, {'max-connections': 100, 'max-inflight': 100, 'timeout': 60}),
    'slow-http2': ('data', 2000, {'max-inflight': 1000, 'timeout': 60}),
}


class Scanned(Grapnel):
    """"hooks" asks about every message, "events" tells of deliveries; "slow" asks one that thinks for two seconds,
    "slow-http2" too, through a proxy that speaks HTTP/2."""

    def __init__(self, name, machine):
        super().__init__(name, machine)
        self.stage, self.delay, self.settings = KINDS[name]
        self.works = ('waiting',) if self.delay else ('accept', 'maildir', 'verdict', 'large')
        self.scanner_port = None

    def before_smtpd(self, deliver, environment):
        program = tool(self.options, 'bench_scanner')
        if not program:
            raise Failed('bench_scanner is not built (it is built with the tests)')
        port = self.scanner_port = free_port()
        self.run([program, str(port), str(self.delay)], dict(os.environ))
        wait_until(lambda: listens('127.0.0.1', port) or self.check_alive(), 20, 'bench_scanner on its port')
        home = os.path.join(self.home, 'control/hooks/10-bench')
        os.makedirs(home, exist_ok=True)
        settings = dict(self.settings, stages=self.stage, token='a-token-that-nobody-else-has-12345678')
        if self.name == 'slow-http2':
            settings['url'] = 'https://127.0.0.1:%d/' % self.put_proxy_before(port, home)
        else:
            settings.update({'url': 'http://127.0.0.1:%d/' % port, 'insecure-loopback': 1})
        for name, value in settings.items():
            with open(os.path.join(home, name), 'w') as file:
                file.write('%s\n' % value)
        os.chmod(os.path.join(home, 'token'), 0o400)
        shutil.chown(os.path.join(home, 'token'), 'qmailh')
        # qmail-start has looked for scanners before they were there.
        self.run(['qmail-hookd'], environment, self.home + '/bin/qmail-hookd')
        self.hookd = self.processes[-1].pid
        wait_until(lambda: os.path.exists(self.home + '/run/hookd') or self.check_alive(), 20, 'qmail-hookd')

    def put_proxy_before(self, port, home):
        """nghttpx, which is an HTTP/2 server in front of an HTTP/1.1 one; returns its port."""
        if not shutil.which('nghttpx') or not shutil.which('openssl'):
            raise Failed('no nghttpx, or no openssl')
        front = self.scanner_port = free_port()
        key, certificate = self.machine.path('proxy.key'), os.path.join(home, 'ca.pem')
        sh('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
           '-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate)
        self.run(['nghttpx', '--frontend=127.0.0.1,%d' % front, '--backend=127.0.0.1,%d' % port, '--single-process',
                  '--single-thread', '--no-ocsp', '--conf=/dev/null', '--errorlog-file=/dev/null',
                  '--accesslog-file=/dev/null', '--frontend-http2-max-concurrent-streams=1000',
                  '--backend-connections-per-frontend=1000', key, certificate], dict(os.environ), shutil.which('nghttpx'))
        wait_until(lambda: listens('127.0.0.1', front) or self.check_alive(), 20, 'nghttpx on its port')
        return front

    def hookd_status(self, key):
        """A number of /proc/PID/status of qmail-hookd."""
        with open('/proc/%d/status' % self.hookd) as file:
            return next(int(line.split()[1]) for line in file if line.startswith(key + ':'))

    def connections_to_scanner(self):
        """Those of qmail-hookd: established ones to the port that it was told."""
        wanted = '0100007F:%04X' % self.scanner_port
        with open('/proc/net/tcp') as file:
            return sum(1 for line in file if line.split()[2] == wanted and line.split()[3] == '01')


def verdict(server, messages):
    """Milliseconds from the text to the 250, the median of so many messages of 4 KiB, one after the other."""
    server.start(per_connection=messages + 1)
    text = 'Subject: x\r\n\r\n' + ('x' * 71 + '\r\n') * 55 + '.\r\n'
    took = []
    try:
        with smtplib.SMTP(server.host, server.port, 'client.example', timeout=60) as client:
            client.ehlo()
            for _ in range(messages):
                for command in ('MAIL FROM:<sender@client.example>', 'RCPT TO:<%s>' % server.recipient, 'DATA'):
                    code, words = client.docmd(command)
                    if code >= 400:
                        raise Failed('%s: %d %s' % (command, code, words.decode(errors='replace')))
                began = time.perf_counter()
                client.send(text.encode())   # in one piece, the final dot with it
                code, words = client.getreply()
                took.append(time.perf_counter() - began)
                if code != 250:
                    raise Failed('%d %s' % (code, words.decode(errors='replace')))
        return {'rate': statistics.median(took) * 1000}
    except (smtplib.SMTPException, OSError) as error:
        raise Failed('one message after the other: %s' % error) from error
    finally:
        server.stop()


class Watcher(threading.Thread):
    """The most connections to the scanner and threads of qmail-hookd while it runs."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.connections, self.threads, self.done = server, 0, 0, threading.Event()

    def run(self):
        while not self.done.wait(0.05):
            self.connections = max(self.connections, self.server.connections_to_scanner())
            self.threads = max(self.threads, self.server.hookd_status('Threads'))


def waiting(server, sessions):
    """So many sessions send a small message at once and wait for a scanner that thinks for two seconds."""
    server.start(connections=sessions + 50)
    clients = []
    try:
        for i in range(sessions):
            clients.append(talk(server.port, '127.0.1.%d' % (1 + i // 500)))
        for client in clients:
            for command in ('MAIL FROM:<sender@client.example>', 'RCPT TO:<%s>' % server.recipient, 'DATA'):
                client.sendall(command.encode() + b'\r\n')
                expect(client, b'3' if command == 'DATA' else b'2')
        watcher = Watcher(server)
        watcher.start()
        began = time.monotonic()
        for client in clients:
            client.sendall(b'Subject: x\r\n\r\ntext\r\n.\r\n')
        for client in clients:
            client.settimeout(server.options.deadline)
            expect(client, b'2')
        seconds = time.monotonic() - began
        watcher.done.set()
        watcher.join()
        return {'rate': seconds, 'connections': watcher.connections, 'threads': watcher.threads,
                'memory': server.hookd_status('VmHWM') / 1024}
    except OSError as error:
        raise Failed('a waiting session: %s' % error) from error
    finally:
        for client in clients:
            client.close()
        server.stop()


def expect(client, kind):
    reply = b''
    while not reply.endswith(b'\n'):
        piece = client.recv(4096)
        if not piece:
            raise Failed('the server closed a waiting connection')
        reply += piece
    if not reply.startswith(kind):
        raise Failed('the server said %s' % reply.decode(errors='replace').strip())


def large(server, size):
    """qmail-hookd's greatest memory, MiB, while one message of that size is looked at, of what it sends."""
    server.start()
    try:
        smtp_source(server, server.recipient, 1, 1, 1, size)
        peak = server.hookd_status('VmHWM') / 1024
        return {'rate': peak, 'times': peak / (size / 3 * 4 / (1 << 20))}
    finally:
        server.stop()
