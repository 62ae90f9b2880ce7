# Consent is withdrawn while a link is in use, and the log is read.

chapter "When consent is withdrawn"

key=aidial:call:c_1001


before=$(redis GET $key)

step "Maria Lopez withdraws her consent while Marcus is listening" \
    "His player has a part of it and pauses. The portal changes the call's \
record in Redis. What is on its way is judged again every few seconds, and cut, \
whether the player reads or not."
listen_and_pause marcus "$listen" "$work/heard"
print_redis "SET $key '{… \"consent\": \"denied\" …}'"
redis SET $key "$(sed -E 's/("consent": *)"granted"/\1"denied"/' \
    <<<"$before")" \
    >"$work/redis" || wrong "Redis did not take the change"
expect_cut consent_denied "$work/heard"
end_step "the connection is reset, and the audit stream has a media.cut"

step "His player tries again" \
    "The same link, and the answer that is true now: nothing about a decision \
is kept."
ask marcus GET "$listen" -r 0-1023
expect_problem 403 recording_blocked
expect_body '"reasons": ["consent_denied"]'
end_step "403 recording_blocked, with the reason"

step "The record is put back" "The same link works again."
print_redis "SET $key '{… \"consent\": \"granted\" …}'"
redis SET $key "$before" >"$work/redis" || wrong "Redis did not take the change"
ask marcus GET "$listen" -r 0-1023
expect_status 206
expect_header Content-Range "bytes 0-1023/$size"
expect_bytes "$object" 0 1024
end_step "206"

step "What the edge's log says of all this" \
    "Who asked for what and what was decided, and no token that would still \
open anything."
grep -a 'decision=' "$run/edge-access.log" | tail -n 3 | shown |
    sed 's/^ *//; s/ user=/\n    user=/' | sed 's/^/     /'
grep -qa 'decision=recording_blocked reasons=consent_denied' \
    "$run/edge-access.log" || wrong "the refusal is not in the log"
! grep -qaF -e "${listen##*/}" -e "${save##*/}" "$run/edge-access.log" \
    "$run/edge.log" || wrong "a usable token is in a log"
end_step "decisions are logged, tokens are masked"
