#!/usr/bin/env bash
#
# Installs what is missing on Debian: deps.sh [build] [test] [demo] [e2e]
# [portals] [bench].  Without a group: all but e2e and bench.  Needs no network
# when nothing is missing.

set -euo pipefail
. "$(dirname "$0")/apt-root.sh"
. "$(dirname "$0")/as-root.sh"
. "$(dirname "$0")/node.sh"

BUILD="gcc libc6-dev make dpkg-dev nginx nginx-dev libhiredis-dev libjansson-dev
       libssl-dev libpcre2-dev zlib1g-dev"
TEST="redis-server openssl perl python3 binutils procps curl universal-ctags
      cppcheck prometheus"
PORTALS="python3-django python3-django-redis ruby-railties ruby-redis-actionpack
         puma php-cli php-redis php-illuminate-cache php-illuminate-config
         php-illuminate-container php-illuminate-cookie
         php-illuminate-encryption php-illuminate-http php-illuminate-pipeline
         php-illuminate-redis php-illuminate-session"
DEMO="espeak-ng lame opus-tools sox curl openssl redis-server"
E2E="chromium firefox-esr fonts-dejavu-core fonts-noto-core"
BENCH="valgrind wrk redis-server python3 perl util-linux"
NODE="nodejs npm"


main() {
    local groups=${*:-build test demo portals} packages="" missing

    case " $groups " in *" build "*) packages="$packages $BUILD" ;; esac
    case " $groups " in *" test "*) packages="$packages $TEST" ;; esac
    case " $groups " in *" demo "*) packages="$packages $DEMO" ;; esac

    mkdir -p "$CACHE"

    case " $groups " in
        *" demo "* | *" e2e "* | *" portals "* | *" bench "*)
            [ -n "${DEMO_STATIC-}" ] || have_node || try_node ;;
    esac

    case " $groups " in *" e2e "*) packages="$packages $E2E" ;; esac
    case " $groups " in *" bench "*) packages="$packages $BENCH" ;; esac

    missing=$(missing_of $packages)

    if [ -n "$missing" ]; then
        command -v apt-get >/dev/null ||
            die "no apt-get here; please install by hand:" $missing

        become_root
        install_packages $missing
    fi

    case " $groups " in
        *" test "*)
            "$ROOT/util/deps-test-nginx.sh"
            "$ROOT/util/deps-nginx-src.sh"
            ;;
    esac

    case " $groups " in
        *" portals "*) portals ;;
    esac
}


# a portal that cannot be installed stops nothing: its test is skipped by name

portals() {
    local missing

    missing=$(missing_of $PORTALS)

    if [ -n "$missing" ]; then
        (become_root; install_packages $missing) ||
            say "some portals cannot be installed, their tests are left out"
    fi

    "$ROOT/util/deps-portals.sh"
}


# Who needs Node does without it if need be: the demo has a static page.  With
# DEMO_STATIC it is not even looked for.  In a shell of its own, since a
# failure ends it.

try_node() {
    (
        command -v apt-get >"$CACHE/probe" || exit 1
        become_root
        install_packages $NODE
    ) || say "no Node here: the demo's portal is a static page, no e2e tests"
}


missing_of() {
    local have

    have=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' "$@" \
        2>/dev/null || true)"

    for package; do
        case $have in *" installed:$package "*) ;; *) echo "$package" ;; esac
    done | sort -u | tr '\n' ' '
}


install_packages() {
    say "installing $# packages: $*"
    keep_daemons_down

    say "reading the package lists"
    $AS_ROOT apt-get -q update 2>&1 | shorten ||
        die "apt-get update failed, see $CACHE/deps.log"

    say "fetching and setting up (nginx and redis-server are not started)"
    DEBIAN_FRONTEND=noninteractive $AS_ROOT apt-get -q \
        -o Dpkg::Use-Pty=0 install -y \
        --no-install-recommends "$@" </dev/null 2>&1 | shorten ||
        die "apt-get install failed, see $CACHE/deps.log"
}


main "$@"
