# Saving: refused to staff, confirmed by others, once.

chapter "Saving"

confirmed='{"action": "download", "confirm": true}'

step "Sofia tries to save a recording" \
    "Her page shows the button with its reason. A request sent by hand gets \
the same answer."
grant sofia c_1001 "$confirmed"
expect_problem 403 recording_blocked
expect_body '"reasons": ["role_restriction"]'
end_step "403 recording_blocked: her role may not save recordings"

step "Ingrid tries it as the admin of a tenant without the entitlement" \
    "Being an admin is not enough when the tenant has not bought downloads."
grant ingrid c_3001 "$confirmed"
expect_problem 403 recording_blocked
expect_body '"reasons": ["missing_entitlement"]'
end_step "403 recording_blocked: the entitlement is missing"

step "Amelia asks without confirming" \
    "A download must be confirmed, so that no single click takes a recording \
out of the building."
grant amelia c_1001 '{"action": "download"}'
expect_problem 400 confirmation_required
end_step "400 confirmation_required"

step "Amelia confirms" \
    "Now she gets a link for one download, which she has a minute to begin."
grant amelia c_1001 "$confirmed"
expect_status 201
expect_body '"action": "download"'
expect_left expires_in 60
expect_body '"single_use": true'
expect_link
end_step "201 with a link for one use"
save=$link

step "The browser saves the file" \
    "The name comes from Content-Disposition, and the file is the origin's \
to the last bit."
mkdir -p "$work/saved"
save "$work/saved" amelia "$save"
expect_status 200
expect_header Content-Disposition 'attachment; filename="call-c_1001.mp3".*'
expect_header Content-Type audio/mpeg
printf '     saved as:                %s\n' "$(ls "$work/saved")"
expect_object "$object" "$work/saved/call-c_1001.mp3"
end_step "saved as call-c_1001.mp3, unchanged"

step "The link is used a second time" \
    "Someone finds it in the browser's history. It is spent."
ask amelia GET "$save"
expect_problem 410 grant_used
end_step "410 grant_used"
