# Which portal the demo has, and its packages; util/demo.sh reads this file.
#
# The sources are copied to build/demo/portal, since Node looks for packages
# beside the file that wants them, and the tree stays clean.


choose_portal() {
    portal=static
    sessions=opaque

    if [ -n "${DEMO_STATIC-}" ]; then
        echo "Portal: DEMO_STATIC is set, so nginx serves a sign-in page."
    elif ! node_is_new_enough; then
        echo "Portal: there is no Node 18 or later with npm here, so nginx" \
            "serves a static sign-in page instead."
    elif ! install_portal; then
        echo "Portal: its packages could not be installed (see" \
            "$demo/npm.log), so nginx serves a static sign-in page instead."
    else
        portal=express
        sessions=express
    fi
}


node_is_new_enough() {
    command -v node npm >"$run/probe" &&
        node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'
}


# one at a time, and without network when nothing has changed

install_portal() {
    mkdir -p "$demo/portal"

    (
        flock 9
        cp -R conf-examples/demo-portal/. "$demo/portal"
        install_packages "$demo/portal" "$demo/npm.log"
    ) 9>"$demo/portal.lock"
}


install_packages() {                    # DIRECTORY LOG
    local stamp

    stamp=$(cksum <"$1/package-lock.json")
    [ "$(cat "$1/node_modules/.stamp" 2>/dev/null)" != "$stamp" ] || return 0

    echo "Portal: npm ci installs the packages of package-lock.json" \
        "(Express, express-session, connect-redis, redis)."

    timeout 300 npm ci --prefix "$1" --omit=dev --ignore-scripts \
        --no-audit --no-fund >"$2" 2>&1 </dev/null || return 1
    printf '%s\n' "$stamp" >"$1/node_modules/.stamp"
}
