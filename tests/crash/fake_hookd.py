"""qmail-hookd as qmail-send sees it, with a scanner that answers at once what a function says. run/hookd speaks frames:
four octets of length, then CBOR, [kind, value] (docs/internals.md, "The pipes"). Strings of values are byte strings."""
import os
import socket
import struct
import threading


def encode(value):
    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        for extra, form in ((24, '>B'), (25, '>H'), (26, '>I'), (27, '>Q')):
            if number < 1 << 8 * struct.calcsize(form):
                return bytes([major << 5 | extra]) + struct.pack(form, number)
        raise ValueError(number)
    if isinstance(value, bool):
        return b'\xf5' if value else b'\xf4'
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b''.join(map(encode, value))
    return head(5, len(value)) + b''.join(encode(k) + encode(v) for k, v in value.items())


def decode(data, at=0):
    """The value there, and where the next one begins."""
    major, number = data[at] >> 5, data[at] & 31
    at += 1
    if number >= 24:
        size = 1 << number - 24
        number, at = int.from_bytes(data[at:at + size], 'big'), at + size
    if major == 0:
        return number, at
    if major == 1:
        return -number - 1, at
    if major in (2, 3):
        text = data[at:at + number]
        return (text if major == 2 else text.decode()), at + number
    if major == 7:
        return {20: False, 21: True, 22: None}[number], at
    items = []
    for _ in range(number * (2 if major == 5 else 1)):
        item, at = decode(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if major == 5 else items), at


class FakeHookd(threading.Thread):
    """decide: facts -> the decision's members. A client that leaves takes his question back."""

    def __init__(self, home, decide):
        super().__init__(daemon=True)
        self.decide, self.asked = decide, []
        os.makedirs(f'{home}/run', exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f'{home}/run/hookd')
        self.listener.listen(100)
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        waiting = b''
        with client:
            while True:
                try:
                    data, descriptors, _, _ = socket.recv_fds(client, 65536, 4)
                except OSError:
                    return
                for descriptor in descriptors:
                    os.close(descriptor)
                if not data:
                    return
                waiting += data
                while len(waiting) >= 4 and len(waiting) >= 4 + int.from_bytes(waiting[:4], 'big'):
                    size = int.from_bytes(waiting[:4], 'big')
                    kind, value = decode(waiting[4:4 + size])[0]
                    waiting = waiting[4 + size:]
                    if kind == 'request':
                        self.answer(client, value['facts'])

    def answer(self, client, facts):
        self.asked.append(facts['stage'])
        decision = dict({'action': 'continue'}, **self.decide(facts))
        payload = encode(['decision', {'decision': decision}])
        try:
            client.sendall(struct.pack('>I', len(payload)) + payload)
        except OSError:
            pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
