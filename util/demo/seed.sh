#!/usr/bin/env bash
# Puts the recordings of world.txt into the media origin.  With SOCKET it plays
# the portal as well: writes tenants, calls and a session for each person to
# Redis, and the lists that the static page shows.
#
#     seed.sh RUN MEDIA [SOCKET]
#
# RUN is the demo's state directory, MEDIA has the audio, SOCKET is Redis.

set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
run=$1
media=$2
socket=${3-}
now=$(date +%s)
life=43200                              # seconds: sessions end after 12 hours
seconds=$(<"$media/seconds")

declare -A name tenant_of plan type=([mp3]=audio/mpeg [wav]=audio/wav
    [opus]=audio/ogg)


main() {
    mkdir -p "$run/portal" "$run/objects"
    : >"$run/sign-in.map"
    : >"$run/person.map"
    : >"$run/records"

    each tenant add_tenant
    each client add_client
    each project add_project
    each call add_call
    [ -n "$socket" ] || { origin_is_filled; return; }
    each person add_person

    list "$run"/portal/person.* >"$run/portal/people.json"

    # one SET a line; redis-cli answers OK to each

    local told
    told=$(redis-cli -s "$socket" <"$run/records" | grep -cx OK || :)

    [ "$told" = "$(wc -l <"$run/records")" ] || {
        echo "Seed: Redis did not take every record." >&2
        exit 1
    }

    rm "$run/records"                   # it has the sessions' ids in it
    echo "Seed: $told records in Redis."
    origin_is_filled
}


origin_is_filled() {
    rm -f "$run/records"
    echo "Seed: $(find "$run/objects" -type f | wc -l) recordings at the" \
        "media origin."
}


each() {                                # KIND FUNCTION
    local row

    while IFS='|' read -ra row; do
        [ "${row[0]-}" = "$1" ] || continue
        "$2" "${row[@]:1}"
    done <"$here/world.txt"
}


set_record() {                          # KEY JSON [OPTION ...]
    local json

    json=$(tr -s '\n ' ' ' <<<"$2")
    printf "SET aidial:%s '%s' %s\n" "$1" "$json" "${*:3}" >>"$run/records"
}


list() {                                # FILE ...: a JSON array of the files
    local IFS=,
    local items=()

    for file; do
        items+=("$(<"$file")")
    done

    printf '[%s]\n' "${items[*]}"
}

. "$here/records.sh"
main
