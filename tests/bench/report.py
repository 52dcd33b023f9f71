"""The results: kept, summed up, printed as one table, written as JSON."""
import json
import os
import statistics


class Results:
    def __init__(self, servers):
        self.servers = servers
        self.values = {}     # (work title, part, server) -> values of its runs
        self.reasons = {}    # (work title, server) -> why there is none

    def add(self, work, server, result):
        for part, value in result.items():
            self.values.setdefault((work.title, part, server), []).append(value)

    def fail(self, work, server, reason):
        self.reasons[work.title, server] = reason

    def of(self, work, part, server):
        return self.values.get((work.title, part, server), [])

    def medians(self, work, part):
        found = {server: self.of(work, part, server) for server in self.servers}
        return {server: statistics.median(values) for server, values in found.items() if values}

    def ratio(self, work, row):
        medians = self.medians(work, row.part)
        if 'grapnel' not in medians or not medians.get('postfix'):
            return None
        return medians['grapnel'] / medians['postfix']

    def cell(self, work, row, server):
        values = self.of(work, row.part, server)
        if not values:
            return '-'
        middle, low, high = (number(value) for value in (statistics.median(values), min(values), max(values)))
        return middle if len(values) == 1 else '%s (%s..%s)' % (middle, low, high)


def number(value):
    return '%.0f' % value if abs(value) >= 100 else '%.1f' % value if abs(value) >= 10 else '%.3f' % value


def verdict(row, medians):
    if not row.target:
        return ''
    return {True: 'reached', False: 'MISSED', None: 'unknown'}[row.target.reached(medians)]


def table(results, works, quick):
    head = ['work', 'unit'] + results.servers + ['grapnel/postfix', 'target', '']
    lines = [head]
    for work in works:
        title = work.title
        for row in work.rows:
            medians = results.medians(work, row.part)
            if not medians and row is not work.rows[0]:
                continue
            ratio = results.ratio(work, row)
            lines.append([title, row.unit] + [results.cell(work, row, server) for server in results.servers] +
                         ['' if ratio is None else ('%.2f' if ratio >= 0.1 else '%.4f') % ratio + (' (less is better)' if row.less_is_better else ''),
                          row.target.text() if row.target else '', '' if quick else verdict(row, medians)])
            title = ''
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = ''
    for line in lines:
        text += '  '.join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() + '\n'
    return text + ('\nFew messages: this shows that it works; the figures mean nothing.\n' if quick else '')


def footnotes(results, skipped):
    text = ''.join('- %s, %s: %s\n' % (title, server, reason) for (title, server), reason in results.reasons.items())
    text += ''.join('- %s\n' % note for note in skipped)
    return '\nNot measured:\n' + text if text else ''


def as_json(results, works, about):
    rows = []
    for work in works:
        parts = {part for title, part, _ in results.values if title == work.title}
        shown = {row.part: row for row in work.rows}
        for part in sorted(parts, key=lambda name: (name != 'rate', name)):
            row = shown.get(part)
            entry = {'work': work.title, 'kind': work.name, 'part': part, 'unit': row.unit if row else part,
                     'servers': {}}
            for server in results.servers:
                values = results.of(work, part, server)
                if values:
                    entry['servers'][server] = {'median': statistics.median(values), 'least': min(values),
                                                'greatest': max(values), 'values': values}
            if row:
                entry['less_is_better'] = row.less_is_better
                entry['grapnel/postfix'] = results.ratio(work, row)
            if row and row.target:
                entry['target'] = row.target.text()
                entry['reached'] = row.target.reached(results.medians(work, part))
            rows.append(entry)
    reasons = [{'work': title, 'server': server, 'reason': why} for (title, server), why in results.reasons.items()]
    return json.dumps({'about': about, 'rows': rows, 'not_measured': reasons}, indent=1) + '\n'


def about(options):
    release = os.uname()
    return {'kernel': release.release, 'processors': os.cpu_count(), 'disk': options.disk, 'runs': options.runs,
            'quick': options.quick, 'build': options.build}
