# How many links one user may ask for.  The numbers are those of "rate=30r/m
# burst=5" in conf-examples/demo-edge.conf.

chapter "Too many requests"

step "Noah signs in, and a script asks for links in his name" \
    "He manages the clinic line of Oak Street Vets. Six requests at once are \
what this edge lets a user have; Redis counts them for all edges."
sign_in noah
begun=$SECONDS

for ((granted = 0; granted < 20; granted++)); do
    fetch noah POST /api/calls/c_2001/recording/grant "${page[@]}" \
        -d "$playback"
    [ "$status" = 201 ] || break
done

say "$granted requests later:"
print_command noah POST /api/calls/c_2001/recording/grant "${page[@]}" \
    -d "$playback"
print_answer
expect_problem 429 rate_limited
expect_header Retry-After '[12]'
patience=$(header Retry-After)
expect_body "\"retry_after\": $patience}"
most=$((6 + (SECONDS - begun + 1) / 2))
[ "$granted" -ge 6 ] && [ "$granted" -le $most ] ||
    wrong "expected 6 to $most links, got $granted"
end_step "$granted links, then 429 rate_limited"

step "Calls cannot be guessed that way either" \
    "A call that nobody has gets the same answer."

# on a slow machine the first is let in, since its time has come

for ((early = 0; early < 3; early++)); do
    fetch noah POST /api/calls/c_9999/recording/grant "${page[@]}" \
        -d "$playback"
    [ "$status" != 429 ] || break
done

print_command noah POST /api/calls/c_9999/recording/grant "${page[@]}" \
    -d "$playback"
print_answer
expect_problem 429 rate_limited
expect_header Retry-After '[12]'
[ $early != 0 ] || [ "$(header Retry-After)" -le "$patience" ] ||
    wrong "being refused has lengthened the wait"
patience=$(header Retry-After)
end_step "429 rate_limited, and the wait has not grown"

step "He waits as long as he was told to" \
    "Retry-After is true: who waits that long is let in."
printf '     $ sleep %s\n' "$patience"
sleep "$patience"
grant noah c_2001 "$playback"
expect_status 201
expect_link
end_step "201 after $patience s"
