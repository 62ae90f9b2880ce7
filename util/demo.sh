#!/usr/bin/env bash
# "make demo": a private Redis, a media origin and the edge on loopback, two
# tenants with a dozen calls, and a walk through the product.
#
#     DEMO_PORT=8088   the port to try first
#     DEMO_ONCE=1      leave with the walk's result instead of staying up
#     DEMO_STATIC=1    no Node: the sign-in page that nginx serves
#     DEMO_SERVE=1     no walk: one line "demo: {JSON}" says where all is, and
#                      the servers stay until a signal comes
#     MODULE=FILE      the module to load
#
# Everything lives in build/demo: the audio in media/, each run in a directory
# of its own (configuration, logs, sockets), which stays until the next run.

set -euo pipefail
export LC_ALL=C
umask 077

cd "$(dirname "$0")/.."
root=$PWD
demo=$root/build/demo
run=$demo/run-$$
name=ngx_aidial_recording_module.so
walk=
result=1                                # until the walk has ended
bold='' plain=''
[ ! -t 1 ] || { bold=$'\e[1m'; plain=$'\e[0m'; }

. util/demo/servers.sh
. util/demo/nginx.sh
. util/demo/portal.sh
. util/demo/tidy.sh
. util/demo/invite.sh


main() {
    trap stop_all EXIT
    trap 'stopped_by_user' HUP INT TERM

    find_module
    mkdir -p "$run/temp"
    remove_old_runs
    find_room_for_sockets

    util/demo/audio.sh "$demo/media"
    choose_portal
    start_redis
    seed
    start_origin
    start_portal
    start_edge

    [ -z "${DEMO_SERVE-}" ] || serve

    # in the background, so that a signal is heard at once

    util/demo/walk.sh "http://127.0.0.1:$port" "$run" \
        "$sockets/redis.sock" &
    walk=$!

    if wait $walk; then
        result=0
    fi

    walk=

    [ -z "${DEMO_ONCE-}" ] || exit $result

    invite
    stay
}


# the one that was built last, unless MODULE says which

find_module() {
    module=${MODULE-}

    [ -n "$module" ] || module=$(ls -t build/{release,debug}/$name \
        2>/dev/null | head -n 1) || :

    [ -f "$module" ] ||
        die "The module is not built yet: run \"make build\" first."

    module=$(realpath "$module")
}

# the real portal writes its records itself

seed() {
    if [ "$portal" = express ]; then
        util/demo/seed.sh "$run" "$demo/media"
    else
        util/demo/seed.sh "$run" "$demo/media" "$sockets/redis.sock"
    fi
}

# For tests: Redis may be stopped and started by them, so it is not waited for.

serve() {
    result=0
    printf 'demo: {"url": "http://127.0.0.1:%s", "run": "%s", ' "$port" "$run"
    printf '"redis": "%s", "portal": "%s"}\n' "$sockets/redis.sock" "$portal"
    wait -n "${pid[origin]}" "${pid[portal]}" "${pid[edge]}" || :
    die "A server of the demo ended by itself; its log is in $run."
}

# until a signal comes, or one of the servers ends by itself

stay() {
    wait -n || :
    die "A server of the demo ended by itself; its log is in $run."
}


main
