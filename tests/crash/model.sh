#!/bin/sh
# Checks the model of a message's life (queue.pml), and that each promise left out of it is missed.
set -eu
command -v spin > /dev/null || { echo "SKIPPED: no spin on this machine"; exit 77; }
model=$(cd "$(dirname "$0")" && pwd)/queue.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
errors() {
    spin -a "$@" "$model" > spin.log && cc -O0 -w -o pan pan.c && ./pan -m1000000 > pan.log
    sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log
}
states() { sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' pan.log; }
failed=0
for path in CLASSIC FAST HOOKED; do
    [ "$(errors -D$path)" = 0 ] && echo "$path: holds in $(states) states" || { echo "$path: an error in the protocol"; failed=1; }
done
for promise in TODO_FSYNC NEW_FSYNC BOUNCE_FSYNC INFO_FSYNC REMOVAL_FLUSH BOUNCE_FIRST RESYNC \
    FAST_FLUSH MESS_LAST FALLBACK_BOUNCE_FIRST FALLBACK_FLUSH FALLBACK_MARKS LOOKING_FOR_LEFTOVERS; do
    [ "$(errors -DFAST -DWITHOUT_$promise)" != 0 ] && echo "without $promise: caught" || { echo "without $promise: NOT caught"; failed=1; }
done
[ "$(errors -DHOOKED -DWITHOUT_RECORD_FSYNC)" != 0 ] && echo "without RECORD_FSYNC: caught" || { echo "without RECORD_FSYNC: NOT caught"; failed=1; }
exit $failed
