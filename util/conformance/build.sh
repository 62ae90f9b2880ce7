#!/usr/bin/env bash
#
# Builds the conformance kit, build/conformance/conformance: the files beside
# this one with the module's own parsers and nginx's own pools and strings, as
# the unit tests have them.
#
#   NGINX_SRC       a configured nginx source tree (default: build/nginx-src)
#   CONFORMANCE_CFLAGS  more for the compiler, for instance a sanitizer
#   BUILD_DIR       where it goes (default: build/conformance)

set -euo pipefail
cd "$(dirname "$0")/../.."

: "${NGINX_SRC:=$PWD/build/nginx-src}"
: "${BUILD_DIR:=$PWD/build/conformance}"
: "${CC:=cc}"

CORE=ngx_aidial_recording_module/core
PROGRAM=$BUILD_DIR/conformance
FLAGS="-g -O1 -D_GNU_SOURCE ${CONFORMANCE_CFLAGS-}"
STRICT="-Wall -Wextra -Werror -Wno-unused-parameter"


main() {
    local sources=() file

    [ -f "$NGINX_SRC/objs/ngx_auto_config.h" ] || {
        [ "$NGINX_SRC" = "$PWD/build/nginx-src" ] || {
            echo "error: $NGINX_SRC is no configured nginx source" >&2
            exit 1
        }
        util/deps.sh build
        util/deps-nginx-src.sh
    }

    for file in core/ngx_palloc core/ngx_string core/ngx_array \
        os/unix/ngx_alloc
    do
        sources+=("$NGINX_SRC/src/$file.c")
    done

    mkdir -p "$BUILD_DIR"
    fresh "${sources[@]}" || build "${sources[@]}"
}


fresh() {
    [ -x "$PROGRAM" ] && [ -z "$(find "$CORE" util/conformance t/unit/shim.c \
        "$@" -newer "$PROGRAM" -print -quit)" ]
}


# nginx's files have warnings of their own; ours have none

build() {
    local includes=("-I$NGINX_SRC/objs" "-I$CORE" -Iutil/conformance)
    local objects=() dir file object

    for dir in core event event/modules event/quic os/unix; do
        includes+=("-I$NGINX_SRC/src/$dir")
    done

    for file in "$@" t/unit/shim.c "$CORE"/*.c util/conformance/*.c; do
        object=$BUILD_DIR/$(basename "$file" .c).o
        objects+=("$object")

        # shellcheck disable=SC2046,SC2086
        $CC $FLAGS $(case $file in /*) ;; *) echo "$STRICT" ;; esac) \
            "${includes[@]}" -c "$file" -o "$object"
    done

    # a program that runs is not written over

    # shellcheck disable=SC2086
    $CC $FLAGS "${objects[@]}" -l:libhiredis.a -ljansson -lcrypto -lcrypt \
        -o "$PROGRAM.new"
    mv "$PROGRAM.new" "$PROGRAM"
}


main
