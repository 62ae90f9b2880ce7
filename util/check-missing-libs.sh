#!/usr/bin/env bash
#
# Without one of its libraries the module does not configure, and says which
# package to install.  A compiler that refuses the header stands for the
# library that is missing.

set -euo pipefail
cd "$(dirname "$0")/.."

ROOT=$PWD
NGINX=/usr/share/nginx/src
OUT=$ROOT/build/libs


main() {
    rm -rf "$OUT"
    mkdir -p "$OUT"

    cat >"$OUT/cc" <<'END'
#!/bin/sh
for arg; do
    case $arg in
        *autotest.c) grep -q "#include <$HIDDEN>" "$arg" && exit 1 ;;
    esac
done
exec cc "$@"
END
    chmod +x "$OUT/cc"

    refused hiredis/hiredis.h libhiredis-dev &
    refused jansson.h libjansson-dev &
    wait %1
    wait %2
    refused openssl/evp.h libssl-dev
    configure nothing/hidden.h ||
        { echo "error: configure fails with every library there"; exit 1; }
}


refused() {
    if configure "$1"; then
        echo "error: configures without <$1>"
        exit 1
    fi

    grep -q "error: .*needs" "$OUT/${1##*/}.log" &&
        grep -q "install .*$2" "$OUT/${1##*/}.log" || {
        echo "error: without <$1>, configure does not name $2:"
        tail -n 5 "$OUT/${1##*/}.log"
        exit 1
    }

    echo "without <$1>: names $2"
}


configure() {
    (cd $NGINX && HIDDEN=$1 ./configure --with-compat --with-cc="$OUT/cc" \
        --without-http_rewrite_module --without-http_gzip_module \
        --builddir="$OUT/${1##*/}" --add-dynamic-module="$ROOT") \
        >"$OUT/${1##*/}.log" 2>&1
}


main
