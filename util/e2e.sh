#!/usr/bin/env bash
#
# make e2e: the browser tests in t/e2e, against the demo with its real portal.
#
#     util/e2e.sh [TEST.test.mjs ...]
#
# The last line is "N passed, N failed".  Without Chromium or Node it says so
# and passes, since both are for tests alone.

set -uo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
. util/node.sh

work=build/e2e
log=$work/result.log
LIMIT=1500                              # seconds for all of it


main() {
    mkdir -p "$work"
    util/deps.sh build demo e2e >"$work/deps.log" 2>&1 ||
        none "the packages could not be installed (see $work/deps.log)"

    [ -x /usr/bin/chromium ] || none "there is no /usr/bin/chromium"
    have_node ||
        none "there is no Node 18 or later"
    install || none "npm ci did not work (see $work/npm.log)"

    [ -n "$(find build/release build/debug -name 'ngx_aidial_*.so' \
        2>/dev/null)" ] || make -s build || exit 1

    run "$@"
}


none() {
    echo "e2e: no browser tests here: $1."
    echo "0 passed, 0 failed"
    exit 0
}

# beside its packages, which the tree shall not have

install() {
    rm -rf "$work"/*.test.mjs "$work/lib"
    cp -R t/e2e/. "$work"
    npm_ci "$work" "$work/npm.log"
}


run() {
    local tests=("$work"/*.test.mjs) passed failed rc=0 one

    if [ $# -gt 0 ]; then
        tests=()
        for one; do tests+=("$work/$(basename "$one")"); done
    fi

    AIDIAL_ROOT=$PWD timeout -k 10 $LIMIT node --test --test-concurrency=1 \
        --test-reporter=spec "${tests[@]}" 2>&1 | tee "$log" || rc=1

    passed=$(sed -n 's/^[^a-z]*pass \([0-9]*\)$/\1/p' "$log" | tail -n 1)
    failed=$(sed -n 's/^[^a-z]*fail \([0-9]*\)$/\1/p' "$log" | tail -n 1)

    # a run that was cut off, or found nothing to run, has failed

    [ $rc = 0 ] || [ "${failed:-0}" -gt 0 ] || failed=1
    [ "${passed:-0}" -gt 0 ] || [ "${failed:-0}" -gt 0 ] || { failed=1; rc=1; }
    echo "${passed:-0} passed, ${failed:-1} failed"
    exit $rc
}


main "$@"
