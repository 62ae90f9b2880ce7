#!/usr/bin/env bash
#
# nginx's own source, of the version that is installed, in build/nginx-src:
# the unit tests link its pools and strings, the static build needs it whole.
# It is Debian's pristine upstream tarball, through a private apt root.

set -euo pipefail
. "$(dirname "$0")/apt-root.sh"

SOURCE=$ROOT/build/nginx-src
VERSION=$(dpkg-query -W -f '${source:Upstream-Version}' nginx)
TARBALL=nginx_$VERSION.orig.tar.gz

[ "$(cat "$SOURCE/.ready" 2>/dev/null)" = "$VERSION" ] && exit 0


main() {
    say "fetching the source of nginx $VERSION"
    mkdir -p "$CACHE"
    cd "$CACHE"
    [ -f "$TARBALL.ok" ] || fetch

    say "unpacking and configuring it in build/nginx-src"
    rm -rf "$SOURCE"
    mkdir -p "$SOURCE"
    tar -xzf "$TARBALL" --strip-components=1 -C "$SOURCE"
    cd "$SOURCE"
    ./configure --with-compat --with-debug --with-threads \
        --with-http_ssl_module --with-http_v2_module \
        --with-http_slice_module --with-http_auth_request_module \
        >configure.log || die "configure failed, see $SOURCE/configure.log"

    echo "$VERSION" >.ready
}


# A mirror may lack the source of the newest security revision while it has
# the one of an older revision: the upstream tarball is the same.

fetch() {
    local lines version

    mapfile -t lines < <(debian_repos |
        sed "s|^|deb-src [signed-by=$KEYRING] |; s|\$| main|")
    [ ${#lines[@]} -gt 0 ] || die "apt knows no repository of Debian here;
run apt-get update and try again"

    private_apt source "${lines[@]}"
    apt-get "${APT_ROOT[@]}" update 2>&1 | shorten

    for version in $(versions); do
        say "trying revision $version"
        apt-get "${APT_ROOT[@]}" source --download-only "nginx=$version" \
            >>deps.log 2>&1 || true

        if sound "$version"; then
            touch "$TARBALL.ok"
            rm -rf "$CACHE/apt-source" "$CACHE"/nginx_*.debian.tar.* \
                "$CACHE"/nginx_*.dsc
            return
        fi
    done

    die "no source of nginx $VERSION: put its upstream tarball, checked, at
$CACHE/$TARBALL, make the file $TARBALL.ok beside it, and try again"
}


showsrc() { apt-cache "${APT_ROOT[@]}" showsrc nginx; }

versions() { showsrc | sed -n "s/^Version: \($VERSION-.*\)/\1/p" | sort -rVu; }


# sound REVISION: the tarball is here, with the checksum of the signed list

sound() {
    local sum

    [ -f "$TARBALL" ] || return
    sum=$(showsrc | awk -v v="$1" -v t="$TARBALL" '
        $1 == "Version:" { on = ($2 == v) }
        on && NF == 3 && $3 == t && length($1) == 64 { print $1; exit }')
    [ -n "$sum" ] && echo "$sum  $TARBALL" | sha256sum -c --quiet -
}


main
