#!/usr/bin/env bash
#
# The Lua peer of "make bench": nginx's Lua module and its libraries, unpacked
# into build/bench/lua.  Nothing is installed: Debian's package of the Redis
# client would bring nginx-extras, and with it 22 modules into every nginx of
# this machine.

set -euo pipefail
. "$(dirname "$0")/apt-root.sh"

LUA=$ROOT/build/bench/lua
PACKAGES="libnginx-mod-http-lua libnginx-mod-http-ndk lua-resty-core
          lua-resty-lrucache lua-nginx-redis lua-cjson libluajit2-5.1-2
          libpcre3"

# the module fits one version of nginx

VERSION=$(dpkg-query -W -f '${Version}' nginx)

[ "$(cat "$LUA/ready" 2>/dev/null)" != "$VERSION" ] || exit 0


main() {
    local lines package

    mapfile -t lines < <(debian_repos |
        sed "s|^|deb [signed-by=$KEYRING] |; s|\$| main|")
    [ ${#lines[@]} -gt 0 ] || die "apt knows no repository of Debian here;
run apt-get update and try again"

    say "fetching the Lua peer into build/bench/lua (it is not installed)"
    private_apt bench "${lines[@]}"
    apt-get "${APT_ROOT[@]}" update 2>&1 | shorten ||
        die "apt-get update failed, see $CACHE/deps.log"

    rm -rf "$LUA"
    mkdir -p "$LUA/debs"
    cd "$LUA/debs"
    apt-get "${APT_ROOT[@]}" download $PACKAGES >>"$CACHE/deps.log" 2>&1 ||
        die "the Lua packages cannot be fetched, see $CACHE/deps.log"

    for package in *.deb; do
        dpkg -x "$package" "$LUA"
    done

    rm -rf "$LUA/debs" "$CACHE/apt-bench"
    echo "$VERSION" >"$LUA/ready"
}


main
