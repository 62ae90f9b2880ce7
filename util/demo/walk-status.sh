# What may each role do with a call, and what states can a call be in?

chapter "The state of a call"


state() {                               # PERSON CALL
    ask "$1" GET "/api/calls/$2/recording"
    expect_status 200
    expect_header Content-Type 'application/json'
    expect_header Cache-Control 'no-store'
    expect_body "\"call_id\": \"$2\""
}


step "The admin asks about the call of Maria Lopez" \
    "The portal's page asks before it draws its buttons. Everything is in \
order, so Amelia may listen and save."
state amelia c_1001
expect_body '"playback": {"allowed": true, "reasons": []}'
expect_body '"download": {"allowed": true, "reasons": []}'
expect_body '"content_type": "audio/mpeg"'
end_step "playback and download are allowed"

step "The manager asks" "Marcus may do the same in his two projects."
state marcus c_1001
expect_body '"playback": {"allowed": true, "reasons": []}'
expect_body '"download": {"allowed": true, "reasons": []}'
end_step "playback and download are allowed"

step "Staff asks" \
    "Sofia may listen, because her tenant lets staff listen. Staff never \
saves a recording, whatever the settings are."
state sofia c_1001
expect_body '"playback": {"allowed": true, "reasons": []}'
expect_body '"download": {"allowed": false, "reasons": ["role_restriction"]}'
end_step "playback is allowed, download is not, and the answer says why"

step "The other tenant's admin and staff ask about a call of their own" \
    "Without the entitlement not even an admin saves; without the setting \
staff does not listen."
state ingrid c_3001
expect_body '"playback": {"allowed": true, "reasons": []}'
expect_body '"download": {"allowed": false, "reasons": ["missing_entitlement"]}'
state tomas c_3001
expect_body '"playback":{"allowed":false,"reasons":["staff_playback_disabled"]}'
expect_body '"download": {"allowed": false, "reasons": ["role_restriction"]}'
end_step "each refusal has its own reason"

step "Every call of Bright Dental, as its admin sees it" \
    "Consent, playback compliance and the media's state each have a say; what \
is missing or not understood counts against playing. Each line is one status \
request."

. "$here/walk-table.sh"
