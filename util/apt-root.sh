# Sourced by deps*.sh: a private apt root, so that /etc/apt stays as it was.
# The mirror is the one that this machine already uses; no host is named here.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=$ROOT/build/cache
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg


# "URI suite" of each of Debian's own repositories that this machine uses

debian_repos() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
        'Created-By: Packages' 'Origin: Debian' 'Component: main' | sort -u
}


# private_apt NAME LINE...: makes the root NAME with these sources.list lines
# and leaves the options for apt-get and apt-cache in the array APT_ROOT

private_apt() {
    local dir=$CACHE/apt-$1

    shift
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
    printf '%s\n' "$@" >"$dir/sources.list"

    APT_ROOT=(
        -o "Dir::Etc::SourceList=$dir/sources.list"
        -o Dir::Etc::SourceParts=/dev/null
        -o Dir::Etc::Preferences=/dev/null
        -o Dir::Etc::PreferencesParts=/dev/null
        -o "Dir::State::Lists=$dir/lists"
        -o "Dir::Cache=$dir/cache"
        -o Acquire::Languages=none
        -o APT::Sandbox::User="$(id -un)"
        -q
    )
}


# apt's output: whole in the log, a line every tenth step on the screen

shorten() {
    tee -a "$CACHE/deps.log" | awk '
        / newly installed, / { print "    " $0; fflush() }
        /^Need to get /      { print "    " $0; fflush() }
        /^(E|Err|W):/        { print "    " $0; fflush() }
        /^(Get:[0-9]+|Unpacking|Setting up) / {
            if (++n % 10 == 0) {
                what = ($1 ~ /^Get:/) ? "fetched " $5 : $0
                printf "    step %d: %s\n", n, substr(what, 1, 60); fflush()
            }
        }'
}


say() { printf '==> %s\n' "$*"; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
