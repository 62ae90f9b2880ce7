#!/usr/bin/env bash
#
# The Test::Nginx suite: util/tnginx.sh [t/NNN-name.t ...].  Each file has its
# own port, server root and Redis.  A process that a test leaves behind is an
# error.  The last line is "N passed, N failed", counted in assertions.

set -euo pipefail
cd "$(dirname "$0")/.."

export TEST_NGINX_RANDOMIZE=1
export TEST_NGINX_BINARY=${TEST_NGINX_BINARY:-/usr/sbin/nginx}

# A tree of links: server roots, sockets and logs lie in a directory that is
# this run's alone, and whatever the run starts has a file open in it.

TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
chmod 755 "$TMPDIR"

OUT=$TMPDIR/out
mkdir "$TMPDIR/run"
ln -s "$PWD"/* "$TMPDIR/run/"
rm "$TMPDIR/run/t"
mkdir "$TMPDIR/run/t"
ln -s "$PWD"/t/* "$TMPDIR/run/t/"
cd "$TMPDIR/run"


main() {
    local rc=0 left

    [ $# -gt 0 ] || set -- t/[0-9]*.t
    [ -e "$1" ] || { echo "error: no test in t/" >&2; exit 1; }

    prove -j"${JOBS:-2}" --timer -It/lib "$@" 2>&1 | tee "$OUT" || rc=1

    left=$(leftover)
    if [ -n "$left" ]; then
        echo "error: left running by the tests:"
        # shellcheck disable=SC2086
        ps -o pid=,args= -p $left
        # shellcheck disable=SC2086
        kill $left 2>/dev/null || true
        rc=1
    fi

    closing_line $rc
    return $rc
}


# pids of what still runs; a guard gets a moment to leave

leftover() {
    local pids

    for _ in 1 2 3 4 5 6 7 8 9 10; do
        pids=$(find /proc/[0-9]*/cwd /proc/[0-9]*/fd -maxdepth 1 -type l \
            \( -lname "$TMPDIR/aidial-*" -o -lname "$TMPDIR/run/*" \) \
            2>/dev/null | cut -d/ -f3 | sort -u | paste -sd ' ')
        [ -n "$pids" ] || return 0
        sleep 0.2
    done

    echo "$pids"
}


closing_line() {
    local total failed

    total=$(sed -n 's/^Files=[0-9]*, Tests=\([0-9]*\),.*/\1/p' "$OUT")
    failed=$(sed -n 's/.*(Wstat: .* Tests: [0-9]* Failed: \([0-9]*\)).*/\1/p' \
        "$OUT" | awk '{ n += $1 } END { print n + 0 }')

    [ "$1" = 0 ] || [ "$failed" -gt 0 ] || failed=1
    [ "${total:-0}" -ge "$failed" ] || total=$failed
    echo "$((${total:-0} - failed)) passed, $failed failed"
}


main "$@"
