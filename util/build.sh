#!/usr/bin/env bash
#
# Builds the dynamic module against the installed nginx (package nginx-dev):
#
#   BUILD=debug MODULE_CFLAGS=... MODULE_LDFLAGS=... util/build.sh
#
# "make build" sets these from build/$BUILD.mk.  Configures again only when
# something changed that configure looks at.

set -euo pipefail
cd "$(dirname "$0")/.."

: "${BUILD:=debug}"

NGINX=/usr/share/nginx/src
NAME=ngx_aidial_recording_module
ROOT=$PWD
OUT=$ROOT/build/$BUILD


main() {
    [ -f $NGINX/conf_flags ] || {
        echo "error: nginx-dev is missing: run util/deps.sh build" >&2
        exit 1
    }

    mkdir -p "$OUT"

    # nginx-dev's flags come in an array, and the last --with-cc-opt wins

    . $NGINX/conf_flags
    FLAGS=(
        "${NGX_CONF_FLAGS[@]}"
        "--builddir=$OUT"
        "--with-cc-opt=-fPIC ${MODULE_CFLAGS-}"
        "--with-ld-opt=${MODULE_LDFLAGS-}"
        "--add-dynamic-module=$ROOT"
    )

    [ "$(key)" = "$(cat "$OUT/configured" 2>/dev/null)" ] || configure
    make -s -j"$(nproc)" -f "$OUT/Makefile" -C $NGINX modules
}


# everything that configure's result depends on

key() {
    {
        printf '%s\n' "${FLAGS[@]}"
        dpkg-query -W nginx-dev libhiredis-dev libjansson-dev libssl-dev
        cat config build/exports.map $NAME/redis/lua/*.lua $NAME/redis/lua/lib/*.lua util/embed-lua.sh
        find $NAME -name '*.[ch]' | sort
    } | sha256sum
}


configure() {
    echo "==> configuring the module ($BUILD)"
    rm -rf "$OUT"
    mkdir -p "$OUT"

    (cd $NGINX && ./configure "${FLAGS[@]}") >"$OUT/configure.log" 2>&1 || {
        tail -n 8 "$OUT/configure.log" >&2
        exit 1
    }

    key >"$OUT/configured"
}


main
