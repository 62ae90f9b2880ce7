#!/usr/bin/env bash
#
# Test::Nginx, which Debian packages since forky: this one package from that
# suite, through a private apt root; its dependencies from the machine's own.

set -euo pipefail
. "$(dirname "$0")/apt-root.sh"

SUITE=forky
PACKAGE=libtest-nginx-perl
NEXT="install Test::Nginx by hand (for example: cpan Test::Nginx), then run
make test again"

perl -MTest::Nginx::Socket -e 1 2>/dev/null </dev/null && exit 0


main() {
    local uri

    uri=$(debian_repos | awk '$2 !~ /-/ { print $1; exit }')
    [ -n "$uri" ] || die "apt knows no repository of Debian here;
run apt-get update and try again"

    say "fetching $PACKAGE from Debian's suite $SUITE (/etc/apt stays as it is)"
    private_apt "$SUITE" "deb [signed-by=$KEYRING] $uri $SUITE main"
    update || die "the lists of $SUITE cannot be read: $NEXT"

    cd "$CACHE"
    rm -f "$PACKAGE"_*.deb
    apt-get "${APT_ROOT[@]}" download "$PACKAGE" >>deps.log 2>&1 ||
        die "$PACKAGE cannot be fetched: $NEXT"

    say "installing $PACKAGE and the Perl modules that it needs"
    install_deb "$CACHE"/"$PACKAGE"_*.deb 2>&1 | shorten ||
        die "$PACKAGE cannot be installed, see $CACHE/deps.log: $NEXT"

    rm -rf "$CACHE/apt-$SUITE"
}


# A mirror may lag behind with a list whose date has passed.  Signatures are
# checked in any case.

update() {
    apt-get "${APT_ROOT[@]}" --error-on=any update 2>&1 | shorten && return

    say "warning: the lists of $SUITE are out of date; taking them as they are"
    apt-get "${APT_ROOT[@]}" --error-on=any -o Acquire::Check-Valid-Until=no \
        update 2>&1 | shorten
}


install_deb() {
    local as_root=""

    [ "$(id -u)" = 0 ] || as_root="sudo"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q \
        -o Dpkg::Use-Pty=0 install -y \
        --no-install-recommends -o APT::Sandbox::User=root "$1" </dev/null
}


main
