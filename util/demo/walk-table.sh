# One line a call of world.txt: the state asked for, and the answer expected.


reason_of() {                           # CONSENT COMPLIANCE MEDIA
    local all=()

    [ "$1" = granted ] || all+=("\"consent_$1\"")
    [ "$2" = permitted ] || all+=("\"compliance_$2\"")
    [ "$3" = available ] || all+=("\"media_$3\"")

    (IFS=,; echo "${all[*]}")
}


row() {                                 # CALL CONSENT COMPLIANCE MEDIA
    local reasons allowed=false yes=no

    reasons=$(reason_of "$2" "$3" "$4")
    [ -n "$reasons" ] || { allowed=true; yes=yes; }

    fetch amelia GET "/api/calls/$1/recording"
    expect_status 200
    expect_body "\"consent\": \"$2\", \"playback_compliance\": \"$3\""
    expect_body "\"media\": {\"status\": \"$4\""
    expect_body "\"playback\": {\"allowed\": $allowed, \"reasons\": [$reasons]}"
    expect_body "\"download\": {\"allowed\": $allowed, \"reasons\": [$reasons]}"

    printf '     %-7s %-8s %-17s %-14s %-5s %s\n' "$@" "$yes" \
        "$(tr -d '"' <<<"$reasons")"
}


printf '     %s%-7s %-8s %-17s %-14s %-5s %s%s\n' "$dim" call consent \
    compliance media play 'why not' "$plain"

seen=0

while IFS='|' read -r kind id client _ _ _ consent compliance media _; do
    [ "$kind $client" = "call cl_bright" ] || continue
    row "$id" "$consent" "$compliance" "$media"
    seen=$((seen + 1))
done <"$here/world.txt"

[ $seen -ge 12 ] || wrong "expected a dozen calls, saw $seen"
end_step "$seen calls: four states of each kind, and the reasons that follow"
