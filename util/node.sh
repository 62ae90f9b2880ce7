# Sourced by what needs Node: is there one, and are the packages of a lock file
# where they are looked for.


# Node 18 or later with npm, whoever packaged it

have_node() {
    [ -n "$(command -v node)" ] && [ -n "$(command -v npm)" ] &&
        node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'
}


# npm_ci DIRECTORY LOG [OPTION...]: what its package-lock.json names; nothing
# to do, and no network, when that is there already

npm_ci() {
    local dir=$1 log=$2 stamp

    shift 2
    stamp=$(cksum <"$dir/package-lock.json")
    [ "$(cat "$dir/node_modules/.stamp" 2>/dev/null)" != "$stamp" ] || return 0

    echo "==> npm ci: the packages of $dir/package-lock.json"
    timeout 300 npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund \
        --no-progress "$@" >"$log" 2>&1 </dev/null || return 1
    printf '%s\n' "$stamp" >"$dir/node_modules/.stamp"
}
