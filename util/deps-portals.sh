#!/usr/bin/env bash
#
# The session libraries that the portals of t/portals use, from npm, into
# build/portals.  Without npm, or when it fails, the tests of these portals
# are skipped by name.

set -euo pipefail
cd "$(dirname "$0")/.."
. util/node.sh

HERE=build/portals


main() {
    have_node || {
        say "Node 18 or npm is missing: portals in Node are left out"
        return
    }

    mkdir -p $HERE
    cp t/portals/package.json t/portals/package-lock.json t/portals/.npmrc \
        $HERE/

    npm_ci $HERE $HERE/npm.log ||
        say "npm ci failed, see $HERE/npm.log: portals in Node are left out"
}


say() { printf '==> %s\n' "$*"; }


main
