#!/bin/sh
# Runs the libFuzzer targets of a build made with the fuzz preset.
#
#   tests/fuzz/run.sh BUILD RUNS [NAME…]        each as often, and on every machine with the same inputs
#   tests/fuzz/run.sh BUILD SECONDSs [NAME…]    each as long (600s and up for a long run), with ever new inputs
#
# What is found lies in BUILD/fuzz/found/NAME and is used again by the next run; an input that fails is in
# BUILD/fuzz/failed/NAME: fix the code, then put it into tests/fuzz/regress/NAME.
set -eu
[ $# -ge 2 ] || { echo "usage: tests/fuzz/run.sh BUILD RUNS|SECONDSs [NAME...]" >&2; exit 100; }
source=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
case $2 in
*s) limit=-max_total_time=${2%s} seed=0 real=${GRAPNEL_CORPUS:-$source/../../../shared/corpus} ;;
*) limit=-runs=$2 seed=1 real= ;;   # what lies beside the project is not on every machine
esac
shift 2
[ $# -gt 0 ] || set -- $(cd "$source" && ls | sed -n 's/_fuzz\.cpp$//p')
messages=$source/../programs/messages
cd "$build/fuzz"
# Nothing depends on addresses then; not every container allows it.
same=
! setarch -R true 2> /dev/null || same="setarch -R"

bad=
for name in "$@"; do
    found=$build/fuzz/found/$name failed=$build/fuzz/failed/$name
    mkdir -p "$found" "$failed"
    set --
    for seeds in "$source/seeds/$name" "$source/regress/$name"; do [ ! -d "$seeds" ] || set -- "$@" "$seeds"; done
    if head -n 1 "$source/${name}_fuzz.cpp" | grep -q corpus; then
        for seeds in "$messages" "$real"; do [ ! -d "$seeds" ] || set -- "$@" "$seeds"; done
    fi
    if $same "$build/fuzz/${name}_fuzz" "$limit" -seed="$seed" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
        -print_final_stats=1 -reload=0 -artifact_prefix="$failed/" "$found" "$@" > "$build/fuzz/$name.log" 2>&1; then
        printf '%s: %s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/fuzz/$name.log")"
    else
        tail -n 40 "$build/fuzz/$name.log"
        echo "$name: FAILED; the input is in $failed"
        bad="$bad $name"
    fi
done
[ -z "$bad" ] || { echo "failed:$bad" >&2; exit 1; }
