# Sourced by deps.sh: what needs root, and how daemons stay down meanwhile.

POLICY=/usr/sbin/policy-rc.d
AS_ROOT=


become_root() {
    [ "$(id -u)" = 0 ] && return

    command -v sudo >/dev/null || die "run util/deps.sh as root (no sudo here)"
    say "sudo may ask for your password: packages are installed with apt"
    AS_ROOT="sudo env DEBIAN_FRONTEND=noninteractive"
    $AS_ROOT true
}


# Debian starts a daemon when it is installed, and fails to in a chroot.

keep_daemons_down() {
    [ -e $POLICY ] && $AS_ROOT mv $POLICY $POLICY.aidial
    trap 'put_policy_back' EXIT
    printf '#!/bin/sh\nexit 101\n' | $AS_ROOT tee $POLICY >/dev/null
    $AS_ROOT chmod 755 $POLICY
}


put_policy_back() {
    $AS_ROOT rm -f $POLICY
    [ ! -e $POLICY.aidial ] || $AS_ROOT mv $POLICY.aidial $POLICY
}
