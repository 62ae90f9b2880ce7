#!/bin/sh

# Builds the unit tests against the sources of a real nginx and runs them under
# ASan and UBSan, then replays the corpus of each fuzz target.
#
#   NGINX_SRC  a configured nginx source tree, absolute path (required)
#   BUILD_DIR  where objects and programs go (default: build/unit)
#   CC         the compiler (default: cc)
#
# Arguments are names of suites: only these run, and nothing is replayed.

set -eu

cd "$(dirname "$0")/.."

: "${NGINX_SRC:?a configured nginx source tree is needed}"
: "${BUILD_DIR:=build/unit}"
: "${CC:=cc}"

core=ngx_aidial_recording_module/core

sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"
flags="-g -O1 -fno-omit-frame-pointer $sanitize -DNGX_DEBUG_PALLOC=1"
strict="-Wall -Wextra -Werror -Wno-unused-parameter -DNGX_AIDIAL_DEBUG=1"
libs="-ljansson -lcrypto -lcrypt"
includes="-I$NGINX_SRC/objs -I$core -It/unit"

for dir in core event event/modules event/quic os/unix; do
    includes="$includes -I$NGINX_SRC/src/$dir"
done

[ -f "$NGINX_SRC/objs/ngx_auto_config.h" ] || {
    echo "$0: $NGINX_SRC is not a configured nginx source tree" >&2
    exit 1
}

# a suite that nobody runs is a suite that cannot fail

for file in t/unit/test_*.c; do
    name=$(basename "${file#t/unit/test_}" .c)

    grep -q "^ *X($name)" t/unit/aidial_unit.c || {
        echo "$0: $file is not in the table of t/unit/aidial_unit.c" >&2
        exit 1
    }
done

mkdir -p "$BUILD_DIR"
rm -f "$BUILD_DIR"/*.o

compile() {
    # shellcheck disable=SC2086
    $CC $flags $includes "$@"
}

for file in core/ngx_palloc core/ngx_string core/ngx_array os/unix/ngx_alloc
do
    compile -c "$NGINX_SRC/src/$file.c" -o "$BUILD_DIR/$(basename $file).o"
done

for file in t/unit/shim.c "$core"/*.c; do
    # shellcheck disable=SC2086
    compile $strict -c "$file" -o "$BUILD_DIR/$(basename "$file" .c).o"
done

# shellcheck disable=SC2086
compile $strict t/unit/aidial_unit.c t/unit/test_*.c "$BUILD_DIR"/*.o \
    -Wl,--wrap=ngx_alloc $libs -o "$BUILD_DIR/unit"

"$BUILD_DIR/unit" "$@"

[ $# -eq 0 ] || exit 0

for file in t/fuzz/fuzz_*.c; do
    target=$(basename "${file#t/fuzz/fuzz_}" .c)

    # shellcheck disable=SC2086
    compile $strict "$file" t/fuzz/replay.c "$BUILD_DIR"/*.o \
        $libs -o "$BUILD_DIR/fuzz_$target"

    set --

    for input in t/fuzz/corpus/"$target"/* t/data/"$target"/*/input; do
        [ ! -f "$input" ] || set -- "$@" "$input"
    done

    "$BUILD_DIR/fuzz_$target" "$@"
done
