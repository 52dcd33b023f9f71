"""The load: smtp-source for messages, plain sockets for idle connections; and when a server is done."""
import os
import resource
import socket
import subprocess
import time

import servers


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit('bench: waited %d seconds in vain for %s' % (seconds, what))
        time.sleep(0.005)


def rate(server, work, sessions, messages, size):
    """Messages a second from the first connection until the last is accepted (accept) or has arrived."""
    sink = servers.Sink() if work == 'relay' else None
    recipient = {'accept': servers.USER + '@bench.example', 'maildir': servers.USER + '@bench.example',
                 'relay': 'someone@sink.example'}[work]
    server.start(deliver=work != 'accept', sink=sink)
    try:
        began = time.monotonic()
        subprocess.run([servers.peer('usr/sbin/smtp-source'), '-s', str(sessions), '-m', str(messages), '-l', str(size),
                        '-f', 'sender@client.example', '-t', recipient, '127.0.0.1:%d' % server.port],
                       check=True, env=servers.peer_environment(), timeout=600)
        if work == 'maildir':
            wait_until(lambda: servers.maildir_count() >= messages, 600, '%d messages in the Maildir' % messages)
        if work == 'relay':
            wait_until(lambda: sink.count() >= messages, 600, '%d messages at the sink' % messages)
        elapsed = time.monotonic() - began
        if work == 'accept' and server.queued() < messages:
            raise SystemExit('bench: %s has %d of %d messages' % (server.name, server.queued(), messages))
        return messages / elapsed
    finally:
        server.stop()
        if sink:
            sink.stop()


def idle_memory(server, count):
    """KiB of memory (PSS over all of the server's processes) for each idle connection that had its EHLO answered."""
    if count > server.most_connections:
        return None
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server.start(deliver=False, sink=None, connections=count + 50)
    connections = []
    try:
        talk(server.port).close()
        before = server.memory()
        for i in range(count):
            # A source address for each 20,000: loopback has many.
            connections.append(talk(server.port, '127.0.%d.%d' % (1 + i // 15, 1 + i % 15)))
        return (server.memory() - before) / count
    finally:
        for connection in connections:
            connection.close()
        server.stop()


def talk(port, source='127.0.0.1'):
    connection = socket.create_connection(('127.0.0.1', port), timeout=60, source_address=(source, 0))
    read_reply(connection)
    connection.sendall(b'EHLO client.example\r\n')
    read_reply(connection)
    return connection


def read_reply(connection):
    data = b''
    while True:
        piece = connection.recv(4096)
        if not piece:
            raise SystemExit('bench: the server closed an idle connection')
        data += piece
        last = data.rstrip(b'\r\n').rsplit(b'\n', 1)[-1]
        if data.endswith(b'\n') and last[3:4] in (b' ', b''):
            return data
