#!/usr/bin/env bash
#
# Races of edges against each other and against faults: util/race.sh [soak].
# The small form proves the proxy and the checker first, then that broken
# scripts are caught, then runs one race; "soak" runs races for SOAK_SECONDS
# (1800).  RACE_SEED runs the same dice again, RACE_KEEP names a directory
# for the history.  The last line is "N passed, N failed".

set -euo pipefail
cd "$(dirname "$0")/.."

# one at a time: what they measure is time

export JOBS=1

case ${1:-small} in
    small) exec util/tnginx.sh t/race/{proxy,checker,controls,race}.t ;;
    soak) exec util/tnginx.sh t/race/soak.t ;;
    *) echo "usage: $0 [soak]" >&2; exit 2 ;;
esac
