#!/usr/bin/env bash
# Walks through the product with curl and prints every step:
#
#     walk.sh URL RUN SOCKET
#
# URL is the edge, RUN the demo's state directory, SOCKET its Redis.  Exits
# with 1 when a step failed.  The steps stand in walk-*.sh, in this order.

set -uo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
edge=$1
run=$2
socket=$3
work=$run/walk
declare -A cookie=()

mkdir -p "$work"
: >"$work/figures"

. "$here/show.sh"
. "$here/ask.sh"
. "$here/expect.sh"
. "$here/stream.sh"

say_all <<END
This is an nginx that guards the call recordings of an AI receptionist.
Before a byte of a recording leaves the building, it asks Redis who is signed
in, whether that person's tenant, client and project own the call, and whether
consent, playback compliance and the person's role allow it. A link to listen
or to save is made for one person, lives for minutes, and is judged again at
every request; and no byte leaves before the tenant's audit stream has it.

Below, curl does what the portal's page does. Lines with \$ are commands, lines
with < are the answer; "…" stands for what is cut out of a cookie or a link.
END

for part in sign-in status playback download resume unspent rate refusals \
    withdrawal audit; do

    . "$here/walk-$part.sh"
done

summary
