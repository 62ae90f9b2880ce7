# What an outsider, a neighbour and another tenant see.

chapter "Those who may not"

step "A call of another tenant does not exist" \
    "Amelia asks for a call of Northline Calls, then for one that nobody has. \
The two answers are the same, byte for byte, so asking around tells nothing."
ask amelia GET /api/calls/c_3001/recording
expect_problem 404 recording_not_found
keep_answer foreign
ask amelia GET /api/calls/c_9999/recording
expect_problem 404 recording_not_found
keep_answer unknown
expect_same foreign unknown
end_step "404 twice, and no way to tell them apart"

step "Nor do calls of another client, or of a project that is not hers" \
    "Oak Street Vets is a client of the same tenant; the billing line is a \
project that Sofia does not work for."
ask amelia GET /api/calls/c_2001/recording
expect_problem 404 recording_not_found
keep_answer client
ask sofia GET /api/calls/c_1003/recording
expect_problem 404 recording_not_found
keep_answer project
expect_same client unknown
expect_same project unknown
end_step "404 again"

step "Nobody gets in without a session" \
    "Neither to the state of a call, nor with a link that is still good."
ask - GET /api/calls/c_1001/recording
expect_problem 401 session_required
ask - GET "$listen"
expect_problem 401 session_required
end_step "401 session_required"

step "A link does not work for a colleague" \
    "Marcus forwards his link to Sofia. She may play this call, but not with \
a link that was made for him: she gets the answer of a link that never was."
ask sofia GET "$listen"
expect_problem 404 recording_not_found
keep_answer colleague
say "The same link with its last characters changed:"
ask sofia GET "${listen%??????}AAAAAA"
expect_problem 404 recording_not_found
keep_answer forged
expect_same colleague forged
end_step "404, the same as for a forged link"

step "Another site cannot ask in Amelia's name" \
    "Her browser would send the cookie along; the edge looks at where the \
request comes from."
ask amelia POST /api/calls/c_1001/recording/grant \
    -H 'Origin: https://elsewhere.example' \
    -H 'Content-Type: application/json' -d "$playback"
expect_problem 403 cross_site_request
end_step "403 cross_site_request"
