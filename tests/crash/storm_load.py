"""Mail for a storm: clients that remember what was acknowledged, and a next hop that remembers what it took."""

import random
import re
import smtplib
import socketserver
import subprocess
import threading
import time

SENDER = "joe@storm.example"
TIMEOUT = 30


class Message:
    """One message to one or two people. Its name is in its text, and in each recipient's address."""

    def __init__(self, name, chance):
        self.name = name
        ways = chance.choice((["joe"], ["joe"], ["prog"], ["far"], ["joe", "far"]))
        self.recipients = [address(way, name) for way in ways]
        self.body = "x" * 70 + "\n" * chance.randint(1, 60)

    def text(self):
        return f"From: {SENDER}\nTo: storm\nSubject: {self.name}\n\n{self.body}end of {self.name}\n"


def address(way, name):
    return f"far-{name}@far.example" if way == "far" else f"{way}-{name}@storm.example"


def name_in(text):
    """The name of a message that is whole; None of one that is not."""
    found = re.search(rb"\nSubject: (\S+)\n", text)
    whole = found and text.endswith(b"\nend of %s\n" % found[1])
    return found[1].decode() if whole else None


class Acknowledged:
    def __init__(self, message, begin):
        self.message, self.begin, self.end = message, begin, time.monotonic()


class Load:
    """Clients that send as many messages as they are allowed to: allow(n) lets n more go."""

    def __init__(self, port, sandbox, seed, sessions, injectors):
        self.port, self.sandbox = port, sandbox
        self.permits = threading.Semaphore(0)
        self.changed = threading.Condition()
        self.acknowledged, self.tried, self.stopping = [], 0, False
        self.threads = []
        for number in range(sessions + injectors):
            work = self.speak if number < sessions else self.inject
            chance = random.Random(f"{seed} {number}")
            self.threads.append(threading.Thread(target=work, args=(number, chance), daemon=True))
            self.threads[-1].start()

    def allow(self, count):
        for _ in range(count):
            self.permits.release()

    def wait_for(self, count, limit):
        """Until so many have been acknowledged."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.acknowledged) >= count, limit)

    def next_message(self, number, count, chance):
        self.permits.acquire()
        if self.stopping:
            return None
        return Message(f"{number}.{count}", chance)

    def note(self, message, begin, good):
        """What was not acknowledged is not sent again: another one takes its turn."""
        with self.changed:
            self.tried += 1
            if good:
                self.acknowledged.append(Acknowledged(message, begin))
                self.changed.notify_all()
        if not good:
            self.permits.release()

    def speak(self, number, chance):
        """Some connections carry one message, some a few."""
        count, client, left = 0, None, 0
        while message := self.next_message(number, count, chance):
            count += 1
            begin, good = time.monotonic(), False
            try:
                if client is None:
                    client, left = smtplib.SMTP("127.0.0.1", self.port, "load.example", TIMEOUT), chance.randint(1, 5)
                client.sendmail(SENDER, message.recipients, message.text().replace("\n", "\r\n"))
                good, left = True, left - 1
                if left == 0:
                    client = client.quit() and None
            except (OSError, smtplib.SMTPException):
                if client:
                    client.close()
                client = None
                threading.Event().wait(0.01)   # nobody may be there just now
            self.note(message, begin, good)

    def inject(self, number, chance):
        count = 0
        program = f"{self.sandbox.home}/bin/qmail-inject"
        while message := self.next_message(number, count, chance):
            count += 1
            begin = time.monotonic()
            ended = subprocess.run([program, "-a", "-f", SENDER, *message.recipients], env=self.sandbox.environment,
                                   input=message.text().encode(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, check=False, **self.sandbox.injector)
            self.note(message, begin, ended.returncode == 0)

    def stop(self):
        self.stopping = True
        self.allow(len(self.threads))
        for thread in self.threads:
            thread.join(2 * TIMEOUT)


class Sink:
    """The next hop: [(name, recipient)] of all it took."""

    def __init__(self):
        sink = self
        self.taken = []

        class Session(socketserver.StreamRequestHandler):
            timeout = 120

            def handle(self):
                try:
                    self.talk()
                except OSError:
                    pass

            def talk(self):
                self.wfile.write(b"220 far.example\r\n")
                recipients = []
                while line := self.rfile.readline(4096):
                    verb = line[:4].upper()
                    if verb == b"RCPT":
                        recipients.append(re.search(rb"<(.*)>", line)[1].decode())
                    if verb == b"DATA":
                        self.wfile.write(b"354 go\r\n")
                        text = b""
                        while (line := self.rfile.readline(4096)) != b".\r\n":
                            if not line:
                                return   # cut short: nothing was taken
                            text += line.replace(b"\r\n", b"\n")
                        sink.taken += [(name_in(text), recipient) for recipient in recipients]
                        recipients = []
                    self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                    if verb == b"QUIT":
                        return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Session)
        self.route = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
