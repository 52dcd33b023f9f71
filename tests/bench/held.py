"""Clients that stay: idle connections and the memory they cost, and slow writers beside quick ones."""
import socket
import ssl
import threading
import time

import load
from machine import Failed


def idle(server, count, tls=False):
    """KiB of memory of all of the server's processes for each connection that had its EHLO answered."""
    if not server.disk:
        raise Failed('its processes are not known')
    if server.most_idle and count > server.most_idle:
        raise Failed('it has a process for each connection')
    server.start(connections=count + 50)
    open_ones = []
    try:
        talk(server.port, tls=tls).close()
        before = settled(server)
        for i in range(count):
            # Loopback has many addresses, and each only so many ports.
            open_ones.append(talk(server.port, '127.0.1.%d' % (1 + i // 500), tls))
        return {'rate': (settled(server) - before) / count}
    finally:
        for connection in open_ones:
            connection.close()
        server.stop()


def settled(server):
    """Its memory when that hardly changes any more, or after some seconds: programs start, others end."""
    deadline = time.monotonic() + 10
    seen = [server.memory()]
    while time.monotonic() < deadline:
        seen.append(server.memory())
        if len(seen) > 5 and max(seen[-5:]) - min(seen[-5:]) <= max(16, seen[-1] // 200):
            break
    return seen[-1]


def dripping(server, writers, sessions, messages):
    """How fast mail is accepted while so many others are slow; and without them, just before."""
    server.start(connections=writers + sessions + 50)
    slow, enough = [], threading.Event()
    dripper = threading.Thread(target=drip, args=(slow, enough))
    try:
        alone = accepted(server, sessions, messages)
        for _ in range(writers):
            slow.append(begin_message(server))
        dripper.start()
        beside = accepted(server, sessions, messages)
        enough.set()
        dripper.join()
        for connection in slow:   # they were served all the time
            connection.sendall(b'\r\n.\r\n')
            read_reply(connection)
        return {'rate': beside, 'share': beside / alone}
    except OSError as error:
        raise Failed('a slow writer: %s' % error) from error
    finally:
        enough.set()
        if dripper.is_alive():
            dripper.join()
        for connection in slow:
            connection.close()
        server.stop()


def accepted(server, sessions, messages):
    began = time.monotonic()
    load.smtp_source(server, server.recipient, sessions, messages, 1, 4096)
    return messages / (time.monotonic() - began)


def begin_message(server):
    connection = talk(server.port)
    for line in ('MAIL FROM:<slow@client.example>', 'RCPT TO:<%s>' % server.recipient):
        ask(connection, line)
    ask(connection, 'DATA', b'3')
    connection.sendall(b'Subject: slow\r\n\r\n')
    return connection


def drip(connections, enough):
    """Until it is enough, or one of them has been hung up on: then its end shows that."""
    while not enough.wait(0.5):
        for connection in connections:
            try:
                connection.sendall(b'x\r\n')
            except OSError:
                return


def talk(port, source='127.0.0.1', tls=False):
    try:
        connection = socket.create_connection(('127.0.0.1', port), timeout=60, source_address=(source, 0))
        read_reply(connection)
        ask(connection, 'EHLO client.example')
        if not tls:
            return connection
        ask(connection, 'STARTTLS')
        connection = whoever_it_is().wrap_socket(connection)
        ask(connection, 'EHLO client.example')
        return connection
    except OSError as error:
        raise Failed('a connection that stays: %s' % error) from error


def whoever_it_is():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ask(connection, line, wanted=b'2'):
    connection.sendall(line.encode() + b'\r\n')
    read_reply(connection, wanted)


def read_reply(connection, wanted=b'2'):
    data = b''
    while True:
        piece = connection.recv(4096)
        if not piece:
            raise Failed('the server closed a connection that stays')
        data += piece
        last = data.rstrip(b'\r\n').rsplit(b'\n', 1)[-1]
        if data.endswith(b'\n') and last[3:4] in (b' ', b''):
            if not data.startswith(wanted):
                raise Failed('the server said %s' % data.decode(errors='replace').strip())
            return
