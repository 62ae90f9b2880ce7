#!/usr/bin/env bash
#
# The session libraries that the portals of t/portals use, from npm, into
# build/portals.  Without npm, or when it fails, the tests of these portals
# are skipped by name.

set -euo pipefail
cd "$(dirname "$0")/.."

HERE=build/portals


main() {
    if cmp -s t/portals/package-lock.json $HERE/installed.json; then
        return
    fi

    command -v npm >/dev/null || {
        say "npm is missing: portals in Node are left out"
        return
    }

    say "fetching session libraries for the tests, into $HERE"
    mkdir -p $HERE
    cp t/portals/package.json t/portals/package-lock.json t/portals/.npmrc \
        $HERE/

    if (cd $HERE && npm ci --ignore-scripts --no-progress >npm.log 2>&1); then
        cp t/portals/package-lock.json $HERE/installed.json
        return
    fi

    say "npm ci failed, see $HERE/npm.log: portals in Node are left out"
}


say() { printf '==> %s\n' "$*"; }


main
