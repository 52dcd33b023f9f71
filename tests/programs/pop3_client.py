#!/usr/bin/env python3
"""What Python's poplib makes of a POP3 server: pop3_client.py PORT USER PASSWORD pass|apop.

Fetches everything, deletes the first message, and prints a line for each thing it saw.
"""
import poplib
import sys

port, user, password, how = sys.argv[1:5]


def connect():
    server = poplib.POP3("127.0.0.1", int(port), timeout=60)
    if how == "apop":
        server.apop(user, password)
    else:
        server.user(user)
        server.pass_(password)
    return server


wrong = poplib.POP3("127.0.0.1", int(port), timeout=60)
try:
    wrong.user(user)
    wrong.pass_(password + "x")
    print("a wrong password was taken")
except poplib.error_proto as error:
    print("wrong password:", error.args[0].decode())

server = connect()
print("can:", " ".join(sorted(server.capa())))
count, octets = server.stat()
print("stat:", count, octets)
print("list:", [line.decode() for line in server.list()[1]], server.list(1).decode())
print("uidl:", len({line.split()[1] for line in server.uidl()[1]}), server.uidl(1).decode().split()[1])
for number in range(1, count + 1):
    print("retr:", number, b"|".join(server.retr(number)[1]).decode())
print("top:", b"|".join(server.top(1, 1)[1]).decode())
server.noop()
server.dele(2)
server.rset()
server.dele(1)
try:
    server.retr(1)
except poplib.error_proto as error:
    print("deleted:", error.args[0].decode())
server.quit()

server = connect()
print("left:", server.stat()[0], server.uidl(1).decode().split()[1])
server.quit()
