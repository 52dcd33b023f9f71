#!/usr/bin/env python3
"""A small, complete MTA Hooks scanner (draft-degennaro-mta-hooks-01), to start from. Python's standard library only.

    scanner.py [--port N] [--token TEXT] [--seconds N]

It listens on 127.0.0.1 (behind a TLS proxy in real life) and prints "listening on URL" first. What it does:
    rcpt      refuses recipients whose local part begins with "refused"
    data      adds X-Scanned; "[spam]" in the subject: quarantine, "[virus]": reject, "[drop]": discard
    delivery  prints what became of each recipient
It keeps registrations in memory: after a restart the MTA is told 404, and registers again.
"""
import argparse
import datetime
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STAGES = {'inbound': ['connect', 'ehlo', 'mail', 'rcpt', 'data'], 'outbound': ['delivery', 'defer', 'dsn']}
PROPERTIES = {'inbound': ['/envelope', '/message/headers', '/message/subject', '/queue', '/client'],
              'outbound': ['/envelope', '/queue']}
LIFETIME = datetime.timedelta(hours=1)

options = None
registrations = {}   # id: what was agreed
lock = threading.Lock()


def utc(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')


def now():
    return datetime.datetime.now(datetime.timezone.utc)


# ---- what it thinks of mail: each takes the request and returns edits

def at_rcpt(request):
    recipient = request['envelope']['to'][-1]   # the last one is under decision
    if recipient['address'].startswith('refused'):
        return {'set': [{'path': '/action', 'value': 'reject'},
                        {'path': '/response', 'value': {'code': 550, 'enhancedCode': '5.7.1',
                                                        'message': 'This scanner refuses you'}}]}
    return {}


def at_data(request):
    subject = request['message']['subject'] or ''
    if '[virus]' in subject:
        return {'set': [{'path': '/action', 'value': 'reject'}]}
    if '[drop]' in subject:
        return {'set': [{'path': '/action', 'value': 'discard'}]}
    edits = {'add': [{'path': '/message/headers', 'index': 0,
                      'value': {'name': 'X-Scanned', 'value': 'by example; queue=' + request['queue']['id']}}]}
    if '[spam]' in subject:
        edits['set'] = [{'path': '/action', 'value': 'quarantine'}]
    return edits


def at_delivery(request):
    for recipient in request['envelope']['to']:
        reply = recipient['lastResponse'] or {'code': '-', 'message': ''}
        say('%s: %s %s (%s %s)' % (request['queue']['id'], recipient['address'], recipient['status'],
                                   reply['code'], reply['message']))
    return {}


JUDGES = {'rcpt': at_rcpt, 'data': at_data, 'delivery': at_delivery}


# ---- the protocol

class Refusal(Exception):
    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code = status, code


def register(request):
    if request.get('serialization') != 'json':
        raise Refusal(400, 'CAPABILITY_MISMATCH', 'only JSON')
    negotiated = {'serialization': 'json', 'inbound': None, 'outbound': None}
    for direction, stages in STAGES.items():
        wish = request.get(direction)
        if wish is None:
            continue
        properties = wish.get('properties')
        negotiated[direction] = {
            'stages': [stage for stage in wish['stages'] if stage in stages],
            'properties': PROPERTIES[direction] if properties is None else properties}
    if not (negotiated['inbound'] or negotiated['outbound']):
        raise Refusal(400, 'NO_STAGES_REQUESTED', 'no stages')
    name = 'r-' + secrets.token_hex(8)
    registration = {
        'registrationId': name, 'status': 'active', 'createdAt': utc(now()), 'expiresAt': utc(now() + LIFETIME),
        'hookEndpoint': '/hooks/' + name, 'negotiated': negotiated,
        'endpoints': {'deregistration': '/registrations/' + name, 'status': '/registrations/' + name}}
    with lock:
        registrations[name] = dict(registration, calls=0)
    say('registered %s for %s' % (name, request.get('name')))
    return registration


def known(name):
    with lock:
        if name not in registrations:
            raise Refusal(404, 'REGISTRATION_NOT_FOUND', 'no such registration')
        return registrations[name]


def status(name):
    one = known(name)
    return {'registrationId': name, 'status': 'active', 'createdAt': one['createdAt'], 'expiresAt': one['expiresAt'],
            'statistics': {'invocations': {'total': one['calls']}}, 'health': {'status': 'healthy'}}


def deregister(name):
    known(name)
    with lock:
        registrations.pop(name, None)
    say('deregistered ' + name)
    return {'registrationId': name, 'status': 'deregistered', 'deregisteredAt': utc(now())}


def hook(name, request):
    registration = known(name)
    with lock:
        registration['calls'] += 1
    if options.seconds:
        time.sleep(options.seconds)
    judge = JUDGES.get(request['stage'])
    return judge(request) if judge else {}


def discovery():
    return {'version': '1.0',
            'endpoints': {'registration': '/registrations', 'deregistration': '/registrations/{registration_id}'},
            'serialization': ['json'],
            'capabilities': {
                direction: {'stages': STAGES[direction], 'actions': actions,
                            'fetchProperties': PROPERTIES[direction], 'updateProperties': updates}
                for direction, actions, updates in (
                    ('inbound', ['accept', 'reject', 'discard', 'quarantine'],
                     ['/action', '/response', '/message/headers']),
                    ('outbound', ['continue'], ['/action']))},
            'limits': {'maxMessageSize': 50 << 20, 'maxRegistrations': None, 'timeoutMs': None}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'   # connections stay open
    disable_nagle_algorithm = True   # header and body are two writes

    def do_GET(self):
        if self.path == '/.well-known/mta-hooks':
            return self.answer(200, discovery())   # nobody needs a token for this
        self.handle_with({'registrations': status}, 200)

    def do_DELETE(self):
        self.handle_with({'registrations': deregister}, 200)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        if self.path == '/registrations':
            return self.attempt(lambda: register(json.loads(body)), 201)
        self.handle_with({'hooks': lambda name: hook(name, json.loads(body))}, 200)

    def handle_with(self, table, good):
        parts = self.path.strip('/').split('/')
        work = table.get(parts[0])
        if len(parts) != 2 or not work:
            return self.answer(404, {'error': {'code': 'INVALID_REQUEST', 'message': 'no such path'}})
        self.attempt(lambda: work(parts[1]), good)

    def attempt(self, work, good):
        expected = 'Bearer ' + options.token
        if not hmac.compare_digest(self.headers.get('Authorization', '').encode(), expected.encode()):
            return self.answer(401, {'error': {'code': 'INVALID_CREDENTIALS', 'message': 'wrong token'}})
        try:
            self.answer(good, work())
        except Refusal as refusal:
            self.answer(refusal.status, {'error': {'code': refusal.code, 'message': str(refusal)}})
        except (KeyError, TypeError, ValueError) as problem:
            self.answer(400, {'error': {'code': 'INVALID_REQUEST', 'message': repr(problem)}})

    def answer(self, code, body):
        octets = json.dumps(body).encode()
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_):
        pass


def say(text):
    print(text, flush=True)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--token', default='change-me-before-you-use-this-scanner')
    parser.add_argument('--seconds', type=float, default=0, help='time that every hook call takes')
    options = parser.parse_args()
    server = Server(('127.0.0.1', options.port), Handler)
    say('listening on http://127.0.0.1:%d/' % server.server_port)
    server.serve_forever()


if __name__ == '__main__':
    main()
