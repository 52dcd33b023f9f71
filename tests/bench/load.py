"""The works: each starts a server, puts one load on it, waits until it is done, and returns what was measured."""
import os
import shutil
import smtplib
import subprocess
import sys
import time

from machine import USER, Failed, wait_until
from servers import DOMAIN, Sink, peer, peer_environment, tool

HERE = os.path.dirname(os.path.abspath(__file__))
SYNCS = 'fsync,fdatasync,syncfs,sync_file_range,sync,msync'


def smtp_source(server, recipient, sessions, messages, per_connection, size):
    """Returns how many processes it was."""
    most = messages if per_connection == 1 else sessions * per_connection
    runs = 0
    while messages > 0:
        argv = [peer(server.options, 'usr/sbin/smtp-source'), '-s', str(sessions), '-m', str(min(most, messages)),
                '-l', str(size), '-f', 'sender@client.example', '-t', recipient]
        argv += ['-d'] if per_connection > 1 else []
        run_load(server, argv + ['%s:%d' % (server.host, server.port)], env=peer_environment(server.options))
        messages -= most
        runs += 1
    return runs


def run_load(server, argv, **more):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=server.options.deadline,
                              stdin=subprocess.DEVNULL, check=False, **more)
    except subprocess.TimeoutExpired as late:
        raise Failed('%s: not done within %d seconds' % (os.path.basename(argv[0]), server.options.deadline)) from late
    if done.returncode != 0:
        said = done.stderr.decode(errors='replace').strip().splitlines()[-1:]
        raise Failed('%s: %s' % (os.path.basename(argv[0]), ' '.join(said) or 'exit %d' % done.returncode))
    return done.stdout.decode()


def measured(count, seconds, used):
    """What the work counts, a second; and the cost of each, where it can be seen."""
    result = {'rate': count / seconds}
    for what, amount in (used or {}).items():
        if amount is not None:
            result[what] = amount * 1000 / count if what == 'cpu' else amount / count
    return result


def smtp(server, work, sessions, messages, per_connection=1, size=4096):
    """accept: until the last 250. maildir, relay: until the last has arrived there."""
    sink = Sink(server.machine) if work == 'relay' else None
    try:
        server.start(deliver=work != 'accept', sink=sink, per_connection=per_connection)
        meter = server.meter([sink.process.pid] if sink else [])
        began = time.monotonic()
        runs = smtp_source(server, server.relay_recipient if work == 'relay' else server.recipient,
                           sessions, messages, per_connection, size)
        wait_arrival(server, work, messages, sink)
        seconds = time.monotonic() - began
        used = meter.used(of_the_load=runs) if meter else None
        if work == 'accept' and server.queued() is not None and server.queued() != messages:
            raise Failed('%d accepted, but %d in the queue' % (messages, server.queued()))
        server.wait_drained()
        return measured(messages, seconds, used)
    finally:
        server.stop()
        if sink:
            sink.stop()


def wait_arrival(server, work, messages, sink):
    limit = server.options.deadline
    if work == 'maildir':
        wait_until(lambda: server.delivered() >= messages, limit, '%d messages in the Maildir' % messages)
    elif work == 'relay' and server.disk:
        wait_until(lambda: sink.count() >= messages, limit, '%d messages at the next hop' % messages)
    elif work == 'relay':
        server.wait_drained()


def write_message(server, size):
    path = server.machine.public('message')
    head = 'From: <sender@client.example>\nTo: <%s>\nSubject: benchmark\n\n' % server.recipient
    line = 'x' * 71 + '\n'
    with open(path, 'w') as file:
        file.write(head + line * ((size - len(head)) // len(line)))
    return path


def inject(server, messages, at_once=8, size=4096):
    """A user's sendmail, so many at once, until the last has exited with 0. Nothing moves the messages on."""
    server.start()
    try:
        argv, environment = server.injector()
        command = [sys.executable, '-SE', os.path.join(HERE, 'inject.py'), USER, str(messages), str(at_once),
                   write_message(server, size)] + argv
        meter = server.meter()
        output = run_load(server, command, cwd='/', env=dict(environment, PATH='/usr/bin:/bin'))
        seconds, cpu = map(float, output.split())
        used = meter.used(of_the_load=1, clients_cpu=cpu)
        if server.queued() is not None and server.queued() != messages:
            raise Failed('%d injected, but %d in the queue' % (messages, server.queued()))
        return measured(messages, seconds, used)
    finally:
        server.stop()


def connections(server, count, at_once=50, line=None):
    """Greeting, EHLO, the line, QUIT; so many connections at once."""
    program = tool(server.options, 'bench_connect')
    if not program:
        raise Failed('bench_connect is not built (it is built with the tests)')
    server.start(connections=at_once + 50)
    try:
        meter = server.meter()
        output = run_load(server, [program, server.host, str(server.port), str(count), str(at_once)]
                          + ([line] if line else []))
        return measured(count, float(output), meter.used(of_the_load=1) if meter else None)
    finally:
        server.stop()


def starttls(server, messages, at_once=50, size=4096):
    """STARTTLS and a full handshake for each message; both servers have the same certificate. Until the last 250."""
    program = tool(server.options, 'bench_starttls')
    if not program:
        raise Failed('bench_starttls is not built (it is built with the tests)')
    server.start(connections=at_once + 50)
    try:
        meter = server.meter()
        output = run_load(server, [program, server.host, str(server.port), str(messages), str(at_once), str(size),
                                   'sender@client.example', server.recipient])
        used = meter.used(of_the_load=1) if meter else None
        if server.queued() is not None and server.queued() != messages:
            raise Failed('%d accepted, but %d in the queue' % (messages, server.queued()))
        return measured(messages, float(output), used)
    finally:
        server.stop()


def fanout(server, recipients):
    """One message to so many recipients, all of them in one Maildir: from MAIL until the last is there."""
    server.start(deliver=True)
    try:
        meter = server.meter()
        with smtplib.SMTP(server.host, server.port, 'client.example', timeout=60) as client:
            client.ehlo()
            began = time.monotonic()
            refused = client.sendmail('sender@client.example',
                                      ['%s-%d@%s' % (USER, i, DOMAIN) for i in range(recipients)],
                                      'Subject: to many\r\n\r\n' + 'A line.\r\n' * 400)
        if refused:
            raise Failed('%d recipients refused' % len(refused))
        wait_until(lambda: server.delivered() >= recipients, server.options.deadline, 'all of them in the Maildir')
        return measured(recipients, time.monotonic() - began, meter.used())
    except smtplib.SMTPException as error:
        raise Failed('fan-out: %s' % error) from error
    finally:
        server.stop()


def syncs(server, sessions, messages):
    """Calls for a flush for each message accepted, counted by strace, which makes everything slow: no rate."""
    strace = shutil.which('strace')
    if not strace or not server.disk:
        raise Failed('no strace' if not strace else 'its processes are not known')
    server.start()
    path = server.machine.path('strace')
    tracer = None
    try:
        pids = server.pids()
        with open(path + '.errors', 'wb') as errors:
            tracer = subprocess.Popen([strace, '-f', '-qq', '-o', path, '-e', 'trace=' + SYNCS, '-e', 'signal=none',
                                       '-p', ','.join(map(str, pids))], stderr=errors)
        wait_until(lambda: tracer.poll() is not None or all(map(is_traced, pids)), 20, 'strace')
        if tracer.poll() is not None:
            with open(path + '.errors', errors='replace') as file:
                raise Failed('strace: ' + file.read().strip()[-200:])
        smtp_source(server, server.recipient, sessions, messages, 1, 4096)
        tracer.terminate()
        tracer.wait(30)
        with open(path, errors='replace') as file:
            calls = sum(1 for line in file if '(' in line and 'resumed>' not in line)
        return {'rate': calls / messages}
    finally:
        if tracer and tracer.poll() is None:
            tracer.kill()
            tracer.wait()
        server.stop()


def is_traced(pid):
    try:
        with open('/proc/%d/status' % pid) as file:
            return any(line.startswith('TracerPid:') and line.split()[1] != '0' for line in file)
    except OSError:
        return True   # it is gone
