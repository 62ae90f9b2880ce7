#!/usr/bin/env bash
#
# make test: every part in turn; the first that fails ends it and is named.
# The last line is "N passed, N failed": unit cases and test assertions.

set -uo pipefail
cd "$(dirname "$0")/.."

LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

PASSED=0
FAILED=0


main() {
    part "packages" util/deps.sh build test portals
    part "unit tests of core/, under ASan and UBSan" make -s unit
    count
    part "tests of the bench" t/bench/test.py
    count
    part "build of the module against the installed nginx" make -s build
    part "make check" make -s check
    part "a missing library is named" util/check-missing-libs.sh
    part "static and dynamic build with nginx's plain source" make -s static
    part "Test::Nginx suite" make -s tnginx
    count
    part "browser tests" make -s e2e
    count
    part "race of edges against each other and faults" make -s race
    count
    closing_line
}


part() {
    local name=$1 begin=$SECONDS

    shift
    printf '\n=== %s\n' "$name"

    "$@" 2>&1 | tee "$LOG" || {
        printf '\nerror: this part failed: %s\n' "$name"
        count
        [ "$FAILED" -gt 0 ] || FAILED=1
        closing_line
        exit 1
    }

    printf -- '--- %d s\n' $((SECONDS - begin))
}


# adds the closing line of the part that has just run

count() {
    local line

    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$LOG" | tail -n 1)
    [ -n "$line" ] || return

    PASSED=$((PASSED + ${line%% *}))
    line=${line#*, }
    FAILED=$((FAILED + ${line%% *}))
}


closing_line() { printf '\n%d passed, %d failed\n' "$PASSED" "$FAILED"; }


main
