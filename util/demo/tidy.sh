# Leaving nothing behind; util/demo.sh reads this file.


die() {
    echo "demo: $*" >&2
    exit 1
}


stopped_by_user() {
    trap '' HUP INT TERM
    echo
    echo "Stopping the demo."
    exit "$result"
}


# by process id, and only what this run started

stop_all() {
    local one

    trap '' HUP INT TERM
    stop_edge

    for one in ${walk:-} "${pid[@]}"; do
        kill "$one" 2>/dev/null || :
    done

    for one in ${walk:-} "${pid[@]}"; do
        wait "$one" 2>/dev/null || :
    done

    rm -rf "$run/objects" "$run/temp"
    [ "${sockets-$run}" = "$run" ] || rm -rf "$sockets"
}


# Before Redis, and in peace: the edge has the ends of playbacks to enter.  A
# response that still runs is not waited for.

stop_edge() {
    local try

    kill -QUIT "${pid[edge]-}" 2>/dev/null || return 0

    for ((try = 0; try < 30; try++)); do
        kill -0 "${pid[edge]}" 2>/dev/null || break
        sleep 0.1
    done
}


# A run whose script is gone: its servers are stopped, if any is left, and its
# directory goes.  A process counts as its server only when its command line
# names that directory, for process ids are used again.

remove_old_runs() {
    local old script one

    for old in "$demo"/run-*/; do
        old=${old%/}
        script=${old##*-}

        [ "$old" != "$run" ] || continue
        ! names "$script" util/demo.sh || continue

        for one in $(cat "$old"/*.pid 2>/dev/null || :); do
            names "$one" "$old" || continue
            echo "Stopping process $one, left over by an earlier demo."
            kill "$one" 2>/dev/null || :
        done

        rm -rf "$old"
    done
}


names() {                               # PID TEXT
    tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "$2"
}


# the path of a unix socket has at most 107 characters

find_room_for_sockets() {
    sockets=$run
    [ ${#run} -le 90 ] || sockets=$(mktemp -d)
}
