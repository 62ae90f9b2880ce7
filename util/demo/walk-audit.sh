# What Redis holds of the walk when it is over.

chapter "The audit stream"

step "Redis has an entry for each grant, each start and each end" \
    "The stream is the tenant's own. An entry is written before the grant or \
the first byte leaves; a playback is closed when nothing of it has run for \
half a minute, so those entries are yet to come."
print_redis "XRANGE 'aidial:{t_harbor}:audit' - +"
wait_for_ends
print_stream
issued=$(entries 'grant\.issued' id | wc -l)
granted=$(grep -c ' 201$' "$work/figures")
[ "$issued" = "$granted" ] ||
    wrong "expected $granted grants in the stream, got $issued"
[ "$(entries 'playback\.started' user call | sort | tr '\n' ' ')" = \
    'u_amelia|c_1002 u_amelia|c_1003 u_marcus|c_1001 ' ] ||
    wrong "expected one start of each playback"
end_step "$(wc -l <"$work/stream") entries, with all $granted links of the walk"

step "Every download has one start and one end" \
    "An attempt is one answer of the edge. Its start was entered before the \
first byte, its end says what was handed to the socket: of the one that broke \
off that is more than came, by what was still under way."
pair_attempts
handed=$(sed -n '2s/.*|//p' "$work/pairs")
[ "${handed:-0}" -ge $half ] || wrong "fewer bytes left than came"
broken=aborted
[ "${handed:-0}" -lt "$length" ] || broken=completed

expect_pairs <<END
started|completed|u_amelia|c_1001|200|0|$((size - 1))|$size
started|$broken|u_amelia|c_1002|200|0|$((handed - 1))|$handed
resumed|completed|u_amelia|c_1002|206|$half|$((length - 1))|$((length - half))
started|voided|u_amelia|c_1001|304|||0
started|voided|u_amelia|c_1001|502|||0
started|completed|u_amelia|c_1001|200|0|$((size - 1))|$size
END

end_step "$(wc -l <"$work/pairs") attempts, each with its end"

step "The forwarded link is there as well" \
    "Sofia tried Marcus's link, and Noah's script asked for too many: at most \
one entry a person and minute, with a count of what it stands for. The session \
is a keyed hash of its id. This is Sofia's entry as it stands there:"
grep -P '\tevent=media\.refused\tuser=u_sofia\t' "$work/stream" |
    tr '\t' '\n' | sed '1d' | fill '' '' | sed 's/^/     /'
[ "$(entries 'media\.refused' user project call action decision count |
    grep u_sofia)" = 'u_sofia||c_1001|playback|recording_not_found|1' ] ||
    wrong "expected one refusal of Sofia"
[ "$(entries 'grant\.limited' user call decision count)" = \
    'u_noah|c_2001|rate_limited|1' ] || wrong "expected one limit of Noah"
end_step "media.refused for Sofia, grant.limited for Noah"

step "Nobody reads a secret there, or of another tenant" \
    "Northline Calls has a stream of its own, with the one request that was \
refused to its admin."
cp "$work/stream" "$work/harbor"
read_stream t_north
print_redis "XRANGE 'aidial:{t_north}:audit' - +"
print_stream
[ "$(entries '.*' event user tenant call reasons)" = \
    'grant.refused|u_ingrid|t_north|c_3001|missing_entitlement' ] ||
    wrong "expected one entry of Northline Calls"
[ "$(grep -cv "$(printf '\t')tenant=t_harbor$(printf '\t')" \
    "$work/harbor")" = 0 ] || wrong "an entry of another tenant"
! grep -qF "$(printf '%s\n' "${cookie[@]}" "${listen##*/}" "${save##*/}" \
    "${torn##*/}" "${whole##*/}")" "$work/harbor" "$work/stream" ||
    wrong "a session's id or a token is in a stream"
end_step "one entry, and no cookie and no link in either stream"
