"""What is measured: each work with its numbers, the rows it gives, and what grapnel has to reach there."""
import base64
import functools
from dataclasses import dataclass, field

import held
import load
import restart
import scanned
from servers import AUTH_USER

KIB, MIB = 1 << 10, 1 << 20
NAMES = ('accept', 'maildir', 'relay', 'inject', 'connections', 'auth', 'starttls', 'idle', 'dripping',
         'fanout', 'syncs', 'restart', 'verdict', 'waiting', 'large')


@dataclass
class Target:
    """Terms: (factor, server) that grapnel has to reach, or a greatest value. All of them, or any one."""
    terms: list
    any_of: bool = False
    of: str = 'grapnel'

    def text(self):
        words = ['at most %g' % term if isinstance(term, (int, float)) else '%g x %s' % term for term in self.terms]
        return (' or ' if self.any_of else ', ').join(words)

    def reached(self, medians):
        """True, False, or None where a server is missing that it takes to know."""
        known = [self.holds(term, medians) for term in self.terms]
        decisive = True if self.any_of else False
        if decisive in known:
            return decisive
        return None if None in known else not decisive

    def holds(self, term, medians):
        mine = medians.get(self.of)
        if mine is None:
            return None
        if isinstance(term, (int, float)):
            return mine <= term
        factor, other = term
        return None if medians.get(other) is None else mine >= factor * medians[other]


@dataclass
class Added:
    """How much greater the value of one server may be than that of another."""
    most: float
    of: str
    to: str

    def text(self):
        return '%s: at most %g more' % (self.of, self.most)

    def reached(self, medians):
        if self.of not in medians or self.to not in medians:
            return None
        return medians[self.of] - medians[self.to] <= self.most


@dataclass
class Row:
    """One line of the table: a part of a work's results."""
    part: str
    unit: str
    less_is_better: bool = False
    target: object = None


@dataclass
class Work:
    name: str
    title: str
    measure: object               # server -> {part: value}
    rows: list = field(default_factory=list)
    most_runs: int = 1000
    only_for: tuple = ()          # servers that it makes sense for; empty: who can do it


def costs(flush_target=None):
    return [Row('cpu', 'ms CPU each', True), Row('forks', 'forks each', True),
            Row('flushes', 'device flushes each', True, flush_target)]


def bytes_text(size):
    return '%d MiB' % (size // MIB) if size >= MIB else '%d KiB' % (size // KIB)


def message_count(options, sessions, per_connection, size):
    """Enough for some seconds, as many for each server, always whole connections."""
    if options.quick:
        count = 20 if size < MIB else 4
    elif size >= MIB:
        count = {1: 20, 10: 60}.get(sessions, 100)
    elif size > 16 * KIB:
        count = {1: 200}.get(sessions, 1000)
    else:
        count = {1: 300, 10: 2000}.get(sessions, 4000)
    least = sessions * per_connection
    return max(count - count % least, least)


def smtp_work(options, name, sessions, per_connection, size, target=None, with_costs=False):
    count = message_count(options, sessions, per_connection, size)
    title = '%s %s, %d session%s' % (name, bytes_text(size), sessions, 's' if sessions > 1 else '')
    title += ', %d a connection' % per_connection if name == 'accept' else ''
    most = (options.image_size << 20) * 2 // 3
    if count * size > most:
        return title + ': more than %s' % bytes_text(most)
    measure = functools.partial(load.smtp, work=name, sessions=sessions, messages=count,
                                per_connection=per_connection, size=size)
    rows = [Row('rate', 'messages/s', target=target)]
    at_most = Target([0.1]) if (name, sessions, per_connection) == ('accept', 50, 1) else None
    return Work(name, title, measure, rows + (costs(at_most) if with_costs else []))


def accept_works(options):
    for size in options.sizes:
        for per_connection in options.per_connection:
            for sessions in options.sessions:
                small, usual = size == 4 * KIB, (sessions, per_connection) == (50, 1)
                target = None
                if small and usual:
                    target = Target([(3, 'postfix'), (0.7, 'floor')])
                elif (size, sessions, per_connection) == (10 * MIB, 10, 1):
                    target = Target([(2, 'postfix')])
                yield smtp_work(options, 'accept', sessions, per_connection, size, target, small and usual)


def works(options):
    """All of them, in order; for a work whose messages would not fit on the disk, a sentence."""
    quick = options.quick
    yield from accept_works(options)
    for name, target in (('maildir', Target([(2, 'postfix')])), ('relay', None)):
        for sessions in (10, 50):
            yield smtp_work(options, name, sessions, 1, 4 * KIB, target, with_costs=sessions == 10)
    count = 40 if quick else 2000
    yield Work('inject', 'inject with sendmail, 8 at a time', functools.partial(load.inject, messages=count),
               [Row('rate', 'messages/s', target=Target([(1.5, 'notqmail'), (3, 'postfix')], True))] + costs())
    yield Work('connections', 'connections: EHLO, QUIT; 50 at once',
               functools.partial(load.connections, count=500 if quick else 20000),
               [Row('rate', 'connections/s', target=Target([(1.2, 'opensmtpd'), (1.5, 'postfix')], True)),
                Row('cpu', 'ms CPU each', True)])
    # With Postfix it would be Cyrus's or Dovecot's speed that is measured, which are programs beside it.
    line = 'AUTH PLAIN ' + base64.b64encode(('\0%s\0%s' % AUTH_USER).encode()).decode()
    yield Work('auth', 'connections: EHLO, AUTH PLAIN by keys of its own, QUIT; 50 at once',
               functools.partial(load.connections, count=200 if quick else 5000, line=line),
               [Row('rate', 'connections/s'), Row('cpu', 'ms CPU each', True)], only_for=('auth',))
    count = 20 if quick else 2000
    yield Work('starttls', 'accept 4 KiB within TLS, 50 sessions, 1 a connection',
               functools.partial(load.starttls, messages=count, at_once=10 if quick else 50),
               [Row('rate', 'messages/s'), Row('cpu', 'ms CPU each', True)], only_for=('grapnel', 'postfix'))
    yield from held_works(options)
    count = 50 if quick else 1000
    yield Work('fanout', 'one message to %d recipients' % count, functools.partial(load.fanout, recipients=count),
               [Row('rate', 'deliveries/s')] + costs())
    count = 20 if quick else 500
    yield Work('syncs', 'accept %d of 4 KiB, %d sessions, traced' % (count, 10 if quick else 50),
               functools.partial(load.syncs, sessions=10 if quick else 50, messages=count),
               [Row('rate', 'calls for a flush each', True)], most_runs=1)
    count = 300 if quick else 100000
    yield Work('restart', 'restart with %d in the queue' % count, functools.partial(restart.restart, count=count),
               [Row('rate', 's to the first 250', True, Target([2])),
                Row('known', 's until all are known', True, Target([10])),
                Row('memory', 'MB of qmail-send', True, Target([60]))], only_for=('grapnel', 'notqmail'))
    yield from scanner_works(quick)


def held_works(options):
    for count in options.idle:
        yield Work('idle', 'memory of %d idle connections' % count, functools.partial(held.idle, count=count),
                   [Row('rate', 'KiB each', True, Target([16]) if count >= 10000 else None)], most_runs=1)
    for count in options.idle_tls:
        yield Work('idle', 'memory of %d idle connections within TLS' % count,
                   functools.partial(held.idle, count=count, tls=True), [Row('rate', 'KiB each', True)], most_runs=1,
                   only_for=('grapnel', 'postfix'))
    writers, sessions, count = (20, 10, 20) if options.quick else (200, 50, 4000)
    yield Work('dripping', 'accept 4 KiB, %d sessions, beside %d slow writers' % (sessions, writers),
               functools.partial(held.dripping, writers=writers, sessions=sessions, messages=count),
               [Row('rate', 'messages/s'), Row('share', 'of the rate without them')], only_for=('grapnel', 'postfix'))


def scanner_works(quick):
    count = 20 if quick else 500
    yield Work('verdict', 'one message after the other, 4 KiB', functools.partial(scanned.verdict, messages=count),
               [Row('rate', 'ms to the 250, median', True, Added(2, 'hooks', 'grapnel'))], only_for=('grapnel', 'hooks'))
    count = 20 if quick else 1000
    yield Work('waiting', '%d sessions wait for a scanner of 2 s' % count, functools.partial(scanned.waiting, sessions=count),
               [Row('rate', 's to the last 250', True),
                Row('connections', 'connections to it', True, Target([2], of='slow-http2')),
                Row('threads', 'threads of qmail-hookd', True),
                Row('memory', 'MiB of qmail-hookd', True)], most_runs=1, only_for=('slow', 'slow-http2'))
    size = (2 if quick else 25) * MIB
    yield Work('large', 'a message of %s looked at' % bytes_text(size), functools.partial(scanned.large, size=size),
               [Row('rate', 'MiB of qmail-hookd', True),
                Row('times', 'of what it sends', True, None if quick else Target([3], of='hooks'))], most_runs=1,
               only_for=('hooks',))
