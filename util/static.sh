#!/usr/bin/env bash
#
# Builds with nginx's plain source tree, as someone without nginx-dev does:
# the module linked into nginx, then as a dynamic module of that nginx; and
# lets each read a configuration that uses the module.

set -euo pipefail
cd "$(dirname "$0")/.."

NAME=ngx_aidial_recording_module
ROOT=$PWD
: "${NGINX_SRC:=$ROOT/build/nginx-src}"
OUT=$ROOT/build/static


main() {
    [ -x "$NGINX_SRC/configure" ] || {
        echo "error: no source of nginx: run util/deps.sh test" >&2
        exit 1
    }

    built static --add-module
    try static ""

    built dynamic --add-dynamic-module
    [ -f "$OUT/dynamic/$NAME.so" ]
    try dynamic "load_module $OUT/dynamic/$NAME.so;"
}


# built DIR OPTION: configures and builds in build/static/DIR, when it has to

built() {
    local dir=$OUT/$1 key

    mkdir -p "$dir"
    key=$({ cat config; find $NAME -type f | sort; cat $NAME/redis/lua/*.lua $NAME/redis/lua/lib/*.lua; } |
        sha256sum)

    if [ "$(cat "$dir/configured" 2>/dev/null)" != "$key" ]; then
        echo "==> configuring nginx with $2"
        (cd "$NGINX_SRC" && ./configure --builddir="$dir" --with-debug \
            --prefix="$OUT/run" --with-cc-opt="-g -O0" "$2=$ROOT") \
            >"$dir/configure.log" || {
            tail -n 8 "$dir/configure.log" >&2
            exit 1
        }
        echo "$key" >"$dir/configured"
    fi

    echo "==> building nginx with $2"
    make -s -j"$(nproc)" -f "$dir/Makefile" -C "$NGINX_SRC" build >"$dir/log"
}


try() {
    local run=$OUT/run

    mkdir -p "$run/logs" "$run/conf"
    printf '%032d' 0 >"$run/conf/grant.key"

    cat >"$run/conf/nginx.conf" <<END
$2
events { }
http {
    aidial_recording_redis redis://127.0.0.1:6379;
    aidial_recording_zone aidial:1m;
    aidial_recording_grant_key k1 grant.key;
    server {
        listen unix:$run/nginx.sock;
        location ~ ^/api/calls/([^/]+)/grant\$ { aidial_recording grant \$1; }
        location /recordings/ { aidial_recording media; root html; }
    }
}
END

    echo "==> nginx -t with the $1 module"
    "$OUT/$1/nginx" -t -p "$run" -c conf/nginx.conf 2>"$run/log" || {
        cat "$run/log" >&2
        exit 1
    }
}


main
