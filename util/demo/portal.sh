# Which portal the demo has, and its packages; util/demo.sh reads this file.
#
# The sources are copied to build/demo/portal, since Node looks for packages
# beside the file that wants them, and the tree stays clean.

. util/node.sh


choose_portal() {
    portal=static
    sessions=opaque

    if [ -n "${DEMO_STATIC-}" ]; then
        echo "Portal: DEMO_STATIC is set, so nginx serves a sign-in page."
    elif ! have_node; then
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


# one at a time, and without network when nothing has changed

install_portal() {
    mkdir -p "$demo/portal"

    (
        flock 9
        cp -R conf-examples/demo-portal/. "$demo/portal"
        npm_ci "$demo/portal" "$demo/npm.log" --omit=dev
    ) 9>"$demo/portal.lock"
}
