#!/usr/bin/env bash
#
# make bench: the module measured beside what people use today, see
# docs/performance.md.
#
#     BENCH_QUICK=1            a smoke test, about three minutes
#     BENCH_CASES="media ..."  of media grant closing latency growth streams
#                              memory instructions
#     BENCH_ROUNDS, BENCH_SECONDS, BENCH_SEED
#     MODULE=FILE              the module to load
#
# The report goes to the screen and to build/bench/report.md.

set -euo pipefail
cd "$(dirname "$0")/../.."

out=build/bench
export MODULE=${MODULE-build/release/ngx_aidial_recording_module.so}

[ -f "$MODULE" ] || {
    echo "error: $MODULE is missing: run \"make build BUILD=release\"" >&2
    exit 1
}

mkdir -p $out

# one at a time: two would measure each other

exec 9>$out/lock
flock -n 9 || {
    echo "error: another bench runs here" >&2
    exit 1
}

"${CC:-gcc}" -O2 -Wall -Wextra -o $out/load t/bench/load/load.c -lm

exec python3 -B t/bench/lib/main.py
