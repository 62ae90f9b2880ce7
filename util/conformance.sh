#!/usr/bin/env bash
#
# make conformance: builds the conformance kit and runs it with the words of
# CONFORMANCE and the Redis of REDIS, or with the arguments if there are any:
#
#   util/conformance.sh --prefix portal: redis://127.0.0.1:6379/0
#
# Its exit code is the kit's: 0 all records conform, 1 some do not, 2 could
# not look.  (make itself answers 2 to whatever is not 0.)

set -euo pipefail

HERE=$(dirname "$0")

"$HERE/conformance/build.sh" >&2 || exit 2

if [ $# -eq 0 ]; then
    eval "set -- ${CONFORMANCE-}"       # words, quoted as for a shell
    set -- "$@" ${REDIS:+"$REDIS"}
fi

exec "$HERE/../build/conformance/conformance" "$@"
