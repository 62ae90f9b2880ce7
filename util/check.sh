#!/usr/bin/env bash
#
# make check: silent on good code.  Each part says what it found, names the
# place, and fails as well when it finds nothing to look at.

set -uo pipefail
cd "$(dirname "$0")/.."

RC=0

for part in style layers sizes reasons directives docs logs exports cppcheck; do
    "util/check-$part" || {
        echo "check-$part: failed"
        RC=1
    }
done

exit $RC
