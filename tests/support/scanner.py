#!/usr/bin/python3
"""A scanner that speaks MTA Hooks (draft-degennaro-mta-hooks-01) and checks every request against it.

Told what to do on standard input, one JSON object a line, the n-th answered with "ok n":
  {"set": {NAME: VALUE, …}}          settings, see Settings
  {"next": {KIND: [ANSWER, …]}}      what the next requests of a kind get instead of the proper answer;
                                     kinds: discovery register hook status delete
  {"forget": true}                   all registrations are unknown from now on (404); "gone": 410
  {"requests": true}                 says what has been asked since, "request {…}" for each; its member "problems" lists
                                     what the protocol does not allow
An ANSWER with nothing but delay (s) is the proper one, later. Others may have: status, type, fields {NAME: VALUE}, json
(encoded as agreed), text, hex, raw (all of it, octets as latin-1; "ends": false keeps the connection), delay, drip (s
between octets), cut (octets, then the connection ends), close, chunked, both_framings.
Says "port N" first, on standard output as everything.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

STAGES = {"inbound": ["connect", "ehlo", "mail", "rcpt", "data"], "outbound": ["delivery", "defer", "dsn"]}
ACTIONS = {"inbound": ["accept", "reject", "discard", "quarantine", "disconnect"], "outbound": ["continue", "cancel"]}
PROPERTIES = {
    "inbound": ["/stage", "/action", "/timestamp", "/protocol", "/response", "/envelope", "/message", "/rawMessage", "/queue",
                "/server", "/client", "/senderAuth", "/auth", "/tls"],
    "outbound": ["/stage", "/action", "/timestamp", "/protocol", "/envelope", "/message", "/rawMessage", "/queue", "/server"]}
UPDATES = {"inbound": ["/action", "/response", "/envelope", "/message", "/rawMessage"],
           "outbound": ["/action", "/envelope/to", "/message", "/rawMessage"]}
ALWAYS = {"stage", "action", "timestamp", "protocol", "response"}
lock = threading.RLock()


class Settings:
    token = "secret"              # "": none is wanted
    hmac_key = ""                 # base64
    hmac_keyid = ""
    client_certificate = False    # wanted of all but discovery
    serialization = ["json", "cbor"]
    discovery = {}                # members that replace those of the document
    registration = {}             # the same of the answer to a registration
    expires_after = None          # s
    expires_text = None
    limits = None
    status = "active"
    stages = None                 # negotiated instead of what was asked for
    answer = {}                   # of hook calls, where nothing else is told
    profile = ""                  # rspamd


settings = Settings()
answers = {"discovery": [], "register": [], "hook": [], "status": [], "delete": []}
registrations = {}    # id -> {"request": …, "state": "active" | "deregistered" | "forgotten"}
seen = []             # requests that nobody has been told of
bodies = {}           # request id -> SHA-256 of its body
ledger = {}           # Rspamd: request id -> SHA-256 of its body


def say(line):
    with lock:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def date(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def decode(kind, data):
    """JSON or CBOR, no name twice."""
    if kind == "application/cbor":
        import cbor2
        return cbor2.loads(data)

    def pairs(items):
        if len({name for name, _ in items}) != len(items):
            raise ValueError("a name twice")
        return dict(items)
    return json.loads(data.decode("utf-8"), object_pairs_hook=pairs)


def encode(kind, value):
    if kind == "application/cbor":
        import cbor2
        return cbor2.dumps(value)
    return json.dumps(value).encode()


def raw_message(document):
    """What rawMessage holds, whichever way it came."""
    raw = document.get("rawMessage")
    if isinstance(raw, str):
        try:
            raw = base64.b64decode(raw, validate=True)
        except ValueError:
            return None
    return None if raw is None else {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


class Request:
    def __init__(self, method, path, fields, body, peer):
        self.method, self.path, self.fields, self.body, self.peer = method, path, fields, body, peer
        self.problems = []
        self.kind = "unknown"
        self.document = None
        self.registration = fields.get("x-mta-hooks-registration", "")
        self.request_id = fields.get("x-mta-hooks-request-id", "")

    def check(self, claim, problem):
        if not claim:
            self.problems.append(problem)

    def report(self):
        document = self.document
        raw = raw_message(document) if isinstance(document, dict) else None
        with lock:
            seen.append(json.dumps({
            "kind": self.kind, "method": self.method, "path": self.path, "fields": self.fields, "size": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(), "registration": self.registration,
            "requestId": self.request_id, "document": document, "raw": raw, "tls": self.peer, "problems": self.problems},
            default=lambda octets: "bytes:" + base64.b64encode(octets).decode()))


def common_checks(request):
    fields = request.fields
    request.check("transfer-encoding" not in fields, "Transfer-Encoding in a request")
    request.check(fields.get("accept-encoding") == "identity", "Accept-Encoding is not identity")
    request.check("expect" not in fields, "Expect")
    request.check("cookie" not in fields, "Cookie")
    request.check("host" in fields, "no Host")
    request.check(fields.get("accept") in ("application/json", "application/cbor"), "Accept")
    if request.method == "POST":
        request.check("content-length" in fields, "POST without Content-Length")
        request.check(fields.get("content-type") in ("application/json", "application/cbor"), "Content-Type")
    else:
        request.check(not request.body, "a body with " + request.method)


def signature_is_right(request, url):
    """RFC 9421, as agreed: label sig1, hmac-sha256, these components in this order."""
    fields = request.fields
    found = re.fullmatch(r'sig1=(\(([^)]*)\);created=(\d+);keyid="([^"]*)";alg="hmac-sha256")',
                         fields.get("signature-input", ""))
    if not found:
        return False
    wanted = ["@method", "@target-uri"]
    values = {"@method": request.method, "@target-uri": url + request.path}
    if request.body:
        wanted.append("content-digest")
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        if fields.get("content-digest") != "sha-256=:" + digest + ":":
            return False
    for name in ("x-mta-hooks-registration", "x-mta-hooks-request-id"):
        if name in fields:
            wanted.append(name)
    if found[2] != " ".join('"' + name + '"' for name in wanted) or found[4] != settings.hmac_keyid:
        return False
    if abs(time.time() - int(found[3])) > 60:
        return False
    base = "".join('"%s": %s\n' % (name, values.get(name) or fields[name]) for name in wanted)
    base += '"@signature-params": ' + found[1]
    mac = hmac.new(base64.b64decode(settings.hmac_key), base.encode(), hashlib.sha256).digest()
    return fields.get("signature") == "sig1=:" + base64.b64encode(mac).decode() + ":"


def is_authenticated(request, url):
    if settings.token and request.fields.get("authorization") != "Bearer " + settings.token:
        return False
    if settings.hmac_key and not signature_is_right(request, url):
        return False
    return not settings.client_certificate or request.peer.get("certificate", False)


def refusal(status, code, **more):
    return dict({"status": status, "json": {"error": {"code": code, "message": "as told"}}, "type": "application/json"},
                **more)


def discovery(request):
    request.kind = "discovery"
    for name in ("authorization", "signature", "signature-input"):
        request.check(name not in request.fields, "credentials in discovery")
    request.check(not request.peer.get("certificate"), "a client certificate in discovery")
    document = {
        "version": "1.0",
        "endpoints": {"registration": "/v1/hooks/register", "deregistration": "/v1/hooks/{registration_id}"},
        "serialization": settings.serialization,
        "capabilities": {side: {"stages": STAGES[side], "actions": ACTIONS[side], "fetchProperties": PROPERTIES[side],
                                "updateProperties": UPDATES[side]} for side in STAGES},
        "limits": settings.limits, "extensions": None}
    document.update(settings.discovery)
    return {"json": document, "type": "application/json"}


def check_registration(request, document):
    check = request.check
    check(len(request.body) <= 16384, "registration over 16 KiB")
    name = document.get("name")
    check(isinstance(name, str) and 1 <= len(name) <= 255 and name.isprintable(), "name")
    check(isinstance(document.get("timeoutMs"), int) and 1000 <= document["timeoutMs"] <= 60000, "timeoutMs")
    check(document.get("serialization") in settings.serialization, "serialization")
    check(any(document.get(side) for side in STAGES), "no direction")
    for side in STAGES:
        part = document.get(side)
        if part is None:
            continue
        check(part.get("stages") and set(part["stages"]) <= set(STAGES[side]), side + ".stages")
        check(part.get("properties", 1) is None or isinstance(part["properties"], list), side + ".properties")
    for key, value in (document.get("metadata") or {}).items():
        check(isinstance(key, str) and isinstance(value, str), "metadata")


def register(request, url):
    request.kind = "register"
    try:
        request.document = document = decode(request.fields.get("content-type"), request.body)
    except Exception as trouble:
        request.check(False, "registration: %s" % trouble)
        return refusal(400, "INVALID_REQUEST")
    if not is_authenticated(request, url):
        return refusal(401, "INVALID_CREDENTIALS", fields={"WWW-Authenticate": "Bearer"})
    check_registration(request, document)
    if settings.profile == "rspamd":
        refused = rspamd_registration(request, document)
        if refused:
            return refused
    with lock:
        number = "r-%d" % (len(registrations) + 1)
        registrations[number] = {"request": document, "state": "active"}
    negotiated = {"serialization": document["serialization"]}
    for side in STAGES:
        part = document.get(side)
        if part:
            offered = PROPERTIES[side] if settings.profile != "rspamd" else RSPAMD_PROPERTIES
            asked = part["properties"]
            negotiated[side] = {"stages": part["stages"] if settings.stages is None else settings.stages,
                                "properties": offered if asked is None else
                                [one for one in asked if any((one + "/").startswith(top + "/") for top in offered)]}
        else:
            negotiated[side] = None
    registrations[number]["negotiated"] = negotiated
    expires = None
    if settings.expires_after is not None:
        expires = date(time.time() + settings.expires_after)
    answer = {"registrationId": number, "status": settings.status, "createdAt": date(time.time()),
              "expiresAt": settings.expires_text or expires, "hookEndpoint": "/v1/hooks/invoke/" + number,
              "negotiated": negotiated,
              "endpoints": {"deregistration": "/v1/hooks/" + number, "status": "/v1/hooks/%s/status" % number}}
    answer.update({name: value.replace("{id}", number) if isinstance(value, str) else value
                   for name, value in settings.registration.items()})
    answer = {name: value for name, value in answer.items() if value != "absent"}
    return {"status": 201, "json": answer, "fields": {"Location": "/v1/hooks/" + number}}


def known(request, number, url):
    """None, or why the request cannot be for this registration."""
    if not is_authenticated(request, url):
        return refusal(401, "INVALID_CREDENTIALS")
    if settings.client_certificate:
        request.check(request.peer.get("certificate"), "no client certificate")
    registration = registrations.get(number)
    if not registration or registration["state"] == "forgotten":
        return refusal(404, "INVALID_REQUEST")
    if registration["state"] == "deregistered":
        return refusal(410, "INVALID_REQUEST")
    return None


def covered(pointer, document):
    """Whether a negotiated pointer leads anywhere."""
    for token in pointer.split("/")[1:]:
        if isinstance(document, list):
            return True
        if not isinstance(document, dict) or token not in document:
            return False
        document = document[token]
    return True


def check_hook(request, registration, document):
    check = request.check
    negotiated = registration["negotiated"]
    stage = document.get("stage")
    side = "outbound" if stage in STAGES["outbound"] else "inbound"
    part = negotiated.get(side) or {"stages": [], "properties": []}
    check(stage in part["stages"], "stage was not negotiated")
    check(document.get("action") in ACTIONS[side], "action")
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", str(document.get("timestamp"))), "timestamp")
    check(document.get("protocol") == {"version": "1.0"}, "protocol")
    tops = {pointer.split("/")[1] for pointer in part["properties"]}
    for name in document:
        check(name in tops or name in ALWAYS, "member that was not negotiated: " + name)
    raw = document.get("rawMessage")
    if isinstance(raw, str):
        try:
            check(base64.b64encode(base64.b64decode(raw, validate=True)).decode() == raw, "rawMessage: base64")
        except ValueError:
            check(False, "rawMessage: base64")
        check(request.fields.get("content-type") == "application/json", "rawMessage as text in CBOR")
    sender = (document.get("envelope") or {}).get("from")
    if sender is not None:
        check(sender.get("address") != "", "sender is \"\"")


def hook(request, number, url):
    request.kind = "hook"
    check = request.check
    check(request.method == "POST", "hook call is no POST")
    check(re.fullmatch(r"[A-Za-z0-9._~-]{1,128}", request.request_id), "request id")
    check(request.registration == number, "registration of header and path differ")
    try:
        request.document = document = decode(request.fields.get("content-type"), request.body)
    except Exception as trouble:
        check(False, "hook call: %s" % trouble)
        return refusal(400, "INVALID_REQUEST")
    digest = hashlib.sha256(request.body).hexdigest()
    with lock:
        check(bodies.setdefault(request.request_id, digest) == digest, "same request id, other body")
    refused = known(request, number, url)
    if refused:
        return refused
    registration = registrations[number]
    wanted = "application/" + registration["negotiated"]["serialization"]
    check(request.fields.get("content-type") == wanted, "serialization was not negotiated")
    check(request.fields.get("accept") == wanted, "Accept is not what was negotiated")
    check_hook(request, registration, document)
    if settings.profile == "rspamd":
        refused = rspamd_hook(request, document, digest)
        if refused:
            return refused
    answer = {"type": wanted}
    answer.update(settings.answer or {"status": 204})
    return answer


RSPAMD_PROPERTIES = ["/stage", "/action", "/timestamp", "/protocol", "/rawMessage", "/envelope", "/queue", "/client"]
RSPAMD_DISCOVERY = {
    "serialization": ["json"],
    "capabilities": {"inbound": {"stages": ["data"], "actions": ["accept", "reject", "discard", "quarantine"],
                                 "fetchProperties": RSPAMD_PROPERTIES,
                                 "updateProperties": ["/action", "/response", "/message/headers"]}, "outbound": None},
    "limits": {"maxMessageSize": 25 << 20, "maxRegistrations": 64, "timeoutMs": 20000}}


def rspamd_registration(request, document):
    """What its frontend refuses (first version, the stricter one)."""
    inbound = document.get("inbound") or {}
    properties = inbound.get("properties")
    if document.get("outbound") is not None or inbound.get("stages") != ["data"] or document.get("serialization") != "json":
        return refusal(400, "CAPABILITY_MISMATCH")
    if properties is not None and sorted(properties) != sorted(RSPAMD_PROPERTIES):
        return refusal(422, "UNSUPPORTED_PROPERTY")
    if document.get("filter") is not None:
        return refusal(422, "UNSUPPORTED_FILTER")
    if len(registrations) >= 64:   # the deregistered ones count, too
        return refusal(409, "REGISTRATION_LIMIT_REACHED")
    return None


def rspamd_hook(request, document, digest):
    text = re.compile(r"[^\x00-\x1f\x7f]*")
    envelope = document.get("envelope") or {}
    sender = envelope.get("from") or {}
    good = bool(document.get("rawMessage")) and 1 <= len(envelope.get("to") or []) <= 1000 \
        and len(request.body) <= (25 << 20) * 4 // 3 + (128 << 10) and sender.get("address", "") != ""
    for address in [sender] + (envelope.get("to") or []):
        parameters = address.get("parameters")
        good = good and isinstance(parameters, dict) and len(parameters) <= 32 and all(
            re.fullmatch(r"[A-Za-z0-9-]{1,64}", key) and text.fullmatch(value) for key, value in parameters.items())
    for name in ("client", "queue"):
        good = good and (document.get(name) is None or isinstance(document[name], dict))
    request.check(good, "Rspamd takes this for no request")
    if not good:
        return refusal(400, "INVALID_REQUEST")
    with lock:
        before = ledger.get(request.request_id)
        if before and before != digest:
            return refusal(409, "INVALID_REQUEST")
        if not before and len(ledger) >= 1024:
            return refusal(429, "RATE_LIMITED", fields={"Retry-After": "1"})
        ledger[request.request_id] = digest
    return None


def proper_answer(request, url):
    common_checks(request)
    path, method = request.path, request.method
    if path == "/.well-known/mta-hooks" and method == "GET":
        return discovery(request)
    if path == "/v1/hooks/register" and method == "POST":
        return register(request, url)
    found = re.fullmatch(r"/v1/hooks/invoke/([^/]+)", path)
    if found:
        return hook(request, found[1], url)
    found = re.fullmatch(r"/v1/hooks/([^/]+)/status", path)
    if found and method == "GET":
        request.kind = "status"
        return known(request, found[1], url) or {"json": {"registrationId": found[1], "status": settings.status}}
    found = re.fullmatch(r"/v1/hooks/([^/]+)", path)
    if found and method == "DELETE":
        request.kind = "delete"
        refused = known(request, found[1], url)
        if refused:
            return refused
        registrations[found[1]]["state"] = "deregistered"
        return {"json": {"registrationId": found[1], "status": "deregistered", "deregisteredAt": date(time.time())}}
    request.check(False, "unknown path or method")
    return refusal(404, "INVALID_REQUEST")


class Connection(threading.Thread):
    def __init__(self, peer, server):
        super().__init__(daemon=True)
        self.peer, self.server = peer, server
        self.input = b""

    def run(self):
        try:
            self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.server.context:
                self.peer = self.server.context.wrap_socket(self.peer, server_side=True)
            while self.serve():
                pass
        except OSError:
            pass   # he has left
        finally:
            try:
                self.peer.close()
            except OSError:
                pass

    def more(self):
        data = self.peer.recv(65536)
        self.input += data
        return data

    def read(self):
        while b"\r\n\r\n" not in self.input:
            if not self.more():
                return None
        head, self.input = self.input.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        fields = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()
        length = int(fields.get("content-length", "0"))
        pieces, size = [self.input], len(self.input)
        while size < length:
            data = self.peer.recv(1 << 20)
            if not data:
                return None
            pieces.append(data)
            size += len(data)
        data = b"".join(pieces)
        self.input = data[length:]
        about = {}
        if self.server.context:
            about = {"version": self.peer.version(), "certificate": bool(self.peer.getpeercert())}
        return Request(method, path, fields, data[:length], about)

    def serve(self):
        request = self.read()
        if request is None:
            return False
        answer = proper_answer(request, self.server.url(request))
        with lock:
            queue = answers.get(request.kind)
            if queue:
                told = queue.pop(0)
                if set(told) - {"delay"}:
                    answer = {"type": request.fields.get("accept", "application/json")}
                answer = dict(answer, **told)
        request.report()
        return self.send(request, answer)

    def send(self, request, answer):
        time.sleep(answer.get("delay", 0))
        if answer.get("close"):
            return False
        if "raw" in answer:
            self.peer.sendall(answer["raw"].encode("latin-1"))
            return not answer.get("ends", True)
        kind = answer.get("type") or request.fields.get("accept", "application/json")
        body = b""
        if "json" in answer:
            body = encode(kind, answer["json"])
        elif "text" in answer:
            body = answer["text"].encode("latin-1")
        elif "hex" in answer:
            body = bytes.fromhex(answer["hex"])
        status = answer.get("status", 200)
        fields = dict(answer.get("fields", {}))
        if (body or status == 200) and kind != "none":
            fields.setdefault("Content-Type", kind)
        if answer.get("chunked") or answer.get("both_framings"):
            if answer.get("both_framings"):
                fields["Content-Length"] = str(len(body))
            fields["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        elif status != 204:
            fields.setdefault("Content-Length", str(len(body)))
        head = "HTTP/1.1 %d As told\r\n" % status + "".join("%s: %s\r\n" % pair for pair in fields.items()) + "\r\n"
        data = head.encode("latin-1") + body
        if "cut" in answer:
            self.peer.sendall(data[:answer["cut"]])
            return False
        if "drip" in answer:
            self.peer.sendall(head.encode("latin-1"))
            for octet in body:
                self.peer.sendall(bytes([octet]))
                time.sleep(answer["drip"])
            return True
        self.peer.sendall(data)
        return fields.get("Connection") != "close"


class Server:
    def __init__(self, directory):
        self.context = self.make_context(directory) if directory else None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]

    def url(self, request):
        return ("https://" if self.context or request.fields.get("x-forwarded-proto") == "https" else "http://") \
            + request.fields.get("host", "")

    def make_context(self, directory):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory + "/server.pem", directory + "/server.key")
        context.load_verify_locations(directory + "/ca.pem")
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            Connection(peer, self).start()


def make_certificates(directory):
    """A throwaway authority, and certificates of it for 127.0.0.1 and for a client."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Throwaway", "-days", "2")
    for name in ("server", "client"):
        openssl("req", *key, "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
        with open(directory + "/" + name + ".ext", "w") as file:
            file.write("subjectAltName=IP:127.0.0.1\n" if name == "server" else "extendedKeyUsage=clientAuth\n")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                name + ".pem", "-days", "2", "-extfile", name + ".ext")


def obey(command):
    for name, value in command.get("set", {}).items():
        if not hasattr(Settings, name):
            raise ValueError(name)
        setattr(settings, name, value)
    if settings.profile == "rspamd" and not settings.discovery:
        settings.discovery = RSPAMD_DISCOVERY
    for kind, told in command.get("next", {}).items():
        answers[kind].extend(told)
    if command.get("requests"):
        for request in seen:
            say("request " + request)
        seen.clear()
    for word, state in (("forget", "forgotten"), ("gone", "deregistered")):
        if command.get(word):
            for registration in registrations.values():
                registration["state"] = state


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", metavar="DIRECTORY", help="HTTPS with the certificates there")
    parser.add_argument("--make-certificates", metavar="DIRECTORY")
    arguments = parser.parse_args()
    if arguments.make_certificates:
        return make_certificates(arguments.make_certificates)
    server = Server(arguments.tls)
    threading.Thread(target=server.run, daemon=True).start()
    say("port %d" % server.port)
    for count, line in enumerate(sys.stdin, 1):
        with lock:
            obey(json.loads(line))
        say("ok %d" % count)


if __name__ == "__main__":
    sys.exit(main())
