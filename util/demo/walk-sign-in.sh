# Three roles sign in at the portal, as in a browser.

chapter "Signing in"


sign_in() {                             # PERSON
    ask - POST "/sign-in/$1" -H "Origin: $edge"
    expect_status 303
    expect_header Set-Cookie 'aidial_session=[A-Za-z0-9_%.-]{40,}; .*HttpOnly.*'
    expect_header Set-Cookie '.*SameSite=Lax.*'
    cookie[$1]=$(header Set-Cookie | sed 's/^aidial_session=//; s/;.*//')
}


# The real portal gives every sign-in a session of its own.  The static page
# has one a person, so that one is copied.

another_session() {                     # PERSON NAME
    local first=${cookie[$1]} copy

    sign_in "$1"
    cookie[$2]=${cookie[$1]}
    cookie[$1]=$first

    [ "${cookie[$2]}" = "$first" ] || return 0

    cookie[$2]=$(openssl rand -hex 20)
    copy="COPY aidial:session:$first aidial:session:${cookie[$2]}"
    print_redis "$copy" | shown | sed 's/^ *//; s/^/     /'
    [ "$(redis $copy)" = 1 ] || wrong "Redis did not take the session"
}


step "Amelia signs in, a Client Admin of Bright Dental" \
    "The portal writes her session to Redis and gives the browser a cookie \
with the session's id. The edge only ever reads it."
sign_in amelia
end_step "a session cookie that no script can read"

step "Marcus signs in, a Client Manager of Bright Dental" \
    "He looks after two projects, the front desk and the billing line."
sign_in marcus
end_step "his own session"

step "Sofia signs in, Client Staff of Bright Dental" \
    "She works at the front desk, so that is the one project she sees."
sign_in sofia
end_step "her own session"

step "Three people of another tenant sign in: Ingrid, Priya and Tomas" \
    "Northline Calls has bought neither downloads nor playback for staff."
sign_in ingrid
sign_in priya
sign_in tomas
end_step "an admin, a manager and a staff member of the second tenant"
