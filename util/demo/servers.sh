# Starting the demo's servers; util/demo.sh reads this file.

declare -A pid=()


start_redis() {
    redis-server --port 0 --unixsocket "$sockets/redis.sock" --dir "$run" \
        --unixsocketperm 700 --pidfile "$run/redis.pid" \
        --save '' --appendonly no >"$run/redis.log" 2>&1 &
    pid[redis]=$!

    ready redis redis-cli -s "$sockets/redis.sock" ping
    echo "Redis: listens on $sockets/redis.sock"
}


start_origin() {
    configure origin
    start_nginx origin
    ready origin curl -s --unix-socket "$sockets/origin.sock" \
        -o "$run/probe" http://origin/
    echo "Media origin: listens on $sockets/origin.sock"
}

# the real one where Node is to be had, else files that nginx serves

start_portal() {
    if [ "$portal" = express ]; then
        start_express
    else
        configure static
        start_nginx static portal
    fi

    ready portal curl -sf --unix-socket "$sockets/portal.sock" \
        -o "$run/probe" http://portal/
    echo "Portal: $portal, listens on $sockets/portal.sock"
}


start_express() {
    openssl rand -base64 32 >"$run/session.secret"

    PORTAL_SOCKET=$sockets/portal.sock PORTAL_REDIS=$sockets/redis.sock \
        PORTAL_SECRET_FILE=$run/session.secret NODE_ENV=production \
        PORTAL_WORLD=$root/util/demo/world.txt PORTAL_MEDIA=$demo/media \
        PORTAL_CARD=$root/conf-examples/recording-card \
        PORTAL_LOOK=$root/conf-examples/demo-site \
        node "$demo/portal/server.mjs" >"$run/portal.log" 2>&1 &
    pid[portal]=$!
    echo "${pid[portal]}" >"$run/portal.pid"
}


start_edge() {
    openssl rand -out "$run/grant.key" 48
    fill_in "conf-examples/demo-session/$sessions.conf" "$run/session.conf"
    find_port
    configure edge
    start_nginx edge
    ready edge curl -sf -o "$run/probe" "http://127.0.0.1:$port/"
    echo "Edge: $($nginx -v 2>&1 | sed 's/.*: //') with ${module#"$root"/}" \
        "on http://127.0.0.1:$port/"
}

# waits until COMMAND succeeds: at most ten seconds, and no longer than the
# server lives

ready() {                               # NAME COMMAND ...
    local try

    for ((try = 0; try < 100; try++)); do
        ! "${@:2}" >"$run/probe.out" 2>&1 || return 0
        kill -0 "${pid[$1]}" 2>/dev/null || break
        sleep 0.1
    done

    tail -n 15 "$run/$1".{log,out} >&2 2>/dev/null || :
    die "The $1 of the demo did not start; above is the end of its log."
}