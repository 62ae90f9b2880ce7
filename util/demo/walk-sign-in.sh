# Three roles sign in at the portal, as in a browser.

chapter "Signing in"


sign_in() {                             # PERSON
    ask - GET "/sign-in/$1"
    expect_status 303
    expect_header Set-Cookie 'aidial_session=[0-9a-f]{40}; .*HttpOnly.*'
    expect_header Set-Cookie '.*SameSite=Lax.*'
    cookie[$1]=$(header Set-Cookie | sed 's/^aidial_session=//; s/;.*//')
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
