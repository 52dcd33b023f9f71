#!/usr/bin/env python3
"""smoke.py BUILD PEERS SCRATCH: the benchmark as a program: it runs, its table and its JSON are there, nothing is left
behind. Figures are not looked at. Exits with 77 where the benchmark cannot run."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def check(claim, what):
    if not claim:
        sys.exit('smoke: ' + what)


def main():
    build, peers, scratch = sys.argv[1:]
    mounts = open('/proc/self/mounts').read()
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, 'figures')
        done = subprocess.run(
            [sys.executable, '-B', os.path.join(HERE, 'run'), '--quick', '--only', 'accept,maildir', '--sizes', '4k', '--sessions', '10',
             '--servers', 'grapnel,postfix', '--build', build, '--peers', peers, '--scratch', scratch, '--json', path],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200, check=False)
        output = done.stdout.decode(errors='replace')
        print(output)
        if done.returncode == 77:
            sys.exit(77)
        check(done.returncode == 0, 'exit code %d' % done.returncode)
        with open(path) as file:
            figures = json.load(file)
    check('grapnel/postfix' in output, 'there is no table')
    rates = [row for row in figures['rows'] if row['part'] == 'rate']
    check(len(rates) == 4, 'four works were asked for')
    for row in rates:
        for server in ('grapnel', 'postfix'):
            check(row['servers'].get(server, {}).get('median', 0) > 0, 'no rate of %s: %s' % (server, row['work']))
    check(not figures['not_measured'], 'something was not measured')
    check(mounts == open('/proc/self/mounts').read(), 'mounts are left')
    left = [name for _, _, names in os.walk(scratch) for name in names if name.endswith('.img')]
    check(not left, 'images are left: %s' % left)


main()
