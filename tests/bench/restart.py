"""A restart with a full queue: when the first message is accepted, when all are known, and how large qmail-send is."""
import os
import pwd
import smtplib
import time

from machine import Failed, wait_until
from servers import SINK_DOMAIN
from usage import processes


def restart(server, count):
    """From the start of its programs. Nobody has the queue in memory: caches are dropped."""
    if not server.speaks_smtp:
        raise Failed('no SMTP without tcpserver')
    if server.filled != count:
        server.start()
        fill(os.path.join(server.disk.place, 'qmail/queue'), count)
        server.stop()
        server.filled = count
    server.disk.sync()
    if not server.options.quick:
        with open('/proc/sys/vm/drop_caches', 'w') as file:
            file.write('3')
    began = time.monotonic()
    try:
        server.start(deliver=True, keep=True)
        accept_one(server)
        first = time.monotonic() - began
        send = pid_of(server, 'qmail-send')
        known = when_quiet(send, server.options.deadline) - began
        return {'rate': first, 'known': known, 'memory': pss(send) / 1024}
    finally:
        server.stop()


def fill(queue, count):
    """Messages that failed for a while and wait for their next attempt, as qmail-send leaves them."""
    split = len(os.listdir(queue + '/mess'))
    birth = time.time() - 3600   # info's time; that of remote is when to try again
    sends, queues = pwd.getpwnam('qmails'), pwd.getpwnam('qmailq')

    def write(path, text, owner, mode, when):
        with open(path, 'wb', buffering=0) as file:   # its time is set below
            file.write(text)
            os.fchown(file.fileno(), owner.pw_uid, owner.pw_gid)
            os.fchmod(file.fileno(), mode)
            os.utime(file.fileno(), (when, when))
            return os.fstat(file.fileno()).st_ino
    text = b'Subject: waiting\n\n' + b'A line of text.\n' * 60
    for i in range(count):
        number = write(queue + '/mess/new', text, queues, 0o644, birth)
        place = '%d/%d' % (number % split, number)
        os.rename(queue + '/mess/new', queue + '/mess/' + place)
        write(queue + '/remote/' + place, b'Tsomeone%d@%s\0' % (i, SINK_DOMAIN.encode()), sends, 0o600, birth + 7200)
        write(queue + '/info/' + place, b'Fsender@client.example\0', sends, 0o600, birth)


def accept_one(server):
    try:
        with smtplib.SMTP(server.host, server.port, 'client.example', timeout=60) as client:
            client.sendmail('sender@client.example', [server.recipient], 'Subject: first\r\n\r\nHere.\r\n')
    except (smtplib.SMTPException, OSError) as error:
        raise Failed('first message: %s' % error) from error


def pid_of(server, name):
    for pid in server.pids():
        try:
            with open('/proc/%d/comm' % pid) as file:
                if file.read().strip() == name:
                    return pid
        except OSError:
            pass
    raise Failed('no ' + name)


def when_quiet(pid, seconds):
    """When it last did something before it slept for half a second."""
    state = {'cpu': None, 'since': time.monotonic()}

    def quiet():
        fields = processes().get(pid)
        if not fields:
            raise Failed('qmail-send ended')
        cpu = int(fields[11]) + int(fields[12])
        if fields[0] != 'S' or cpu != state['cpu']:
            state.update(cpu=cpu, since=time.monotonic())
        return time.monotonic() - state['since'] > 0.5
    wait_until(quiet, seconds, 'qmail-send to know its queue')
    return state['since']


def pss(pid):
    with open('/proc/%d/smaps_rollup' % pid) as file:
        return sum(int(line.split()[1]) for line in file if line.startswith('Pss:'))
