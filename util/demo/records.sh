# One function a kind of row in world.txt; seed.sh reads this file.


add_tenant() {                          # id name staff_playback download
    local staff=may download=are

    [ "$3" = true ] || staff='may not'
    [ "$4" = true ] || download='are not'

    name[$1]=$2
    plan[$1]="Staff $staff listen. Downloads $download part of the plan."
    set_record "tenant:$1" "{\"staff_playback\": $3,
        \"recording_download\": $4}"
}


add_client() {                          # id tenant name
    tenant_of[$1]=$2
    name[$1]=$3
}


add_project() {                         # id name
    name[$1]=$2
}


# A call's record, its recording, and the portal's own row for it.  A state of
# "missing" or "not_generated" is written as most portals write it: not at all.

add_call() {
    local id=$1 client=$2 project=$3 format=$4 hours=$5 consent=$6
    local compliance=$7 status=$8 caller=$9 subject=${10}
    local tenant=${tenant_of[$2]} record object size

    object=/$tenant/2026/$id.$format
    size=$(wc -c <"$media/call.$format")
    record="{\"tenant_id\": \"$tenant\", \"client_id\": \"$client\",
        \"project_id\": \"$project\""

    [ "$consent" = missing ] || record+=", \"consent\": \"$consent\""
    [ "$compliance" = missing_evidence ] ||
        record+=", \"playback_compliance\": \"$compliance\""

    [ "$status" = not_generated ] || record+=", \"media\": {
        \"status\": \"$status\", \"object\": \"$object\",
        \"content_type\": \"${type[$format]}\", \"size_bytes\": $size,
        \"duration_seconds\": $seconds, \"filename\": \"call-$id.$format\"}"

    set_record "call:$id" "$record}"

    if [ "$status" = available ]; then
        mkdir -p "$run/objects/$tenant/2026"
        cp "$media/call.$format" "$run/objects$object"
    fi

    printf '{"id": "%s", "caller": "%s", "subject": "%s", "project": "%s",
        "at": "%s"}' "$id" "$caller" "$subject" "${name[$project]}" \
        "$(date -u -d "@$((now - hours * 3600))" +%Y-%m-%dT%H:%M:%SZ)" \
        >"$run/portal/call.$client.$project.$id"
}


add_person() {
    local id=$1 role=$3 tenant=$4 client=$5 portal=$run/portal sid json project
    local projects calls=() names=()

    sid=$(openssl rand -hex 20)
    json=\"${6//,/'", "'}\"
    IFS=, read -ra projects <<<"$6"

    for project in "${projects[@]}"; do
        if [ "$project" = '*' ]; then
            names+=("All projects")
            calls+=("$portal/call.$client".*)
        else
            names+=("${name[$project]}")
            calls+=("$portal/call.$client.$project".*)
        fi
    done

    set_record "session:$sid" "{\"user_id\": \"u_$id\", \"role\": \"$role\",
        \"tenant_id\": \"$tenant\", \"client_id\": \"$client\",
        \"project_ids\": [$json], \"created_at\": $now,
        \"expires_at\": $((now + life))}" "EX $life"

    printf '/sign-in/%s %s;\n' "$id" "$sid" >>"$run/sign-in.map"
    printf '%s %s;\n' "$sid" "$id" >>"$run/person.map"

    printf '{"id": "%s", "name": "%s", "role": "%s", "tenant": "%s",
        "client": "%s", "projects": "%s", "plan": "%s"}' "$id" "$2" "$role" \
        "${name[$tenant]}" "${name[$client]}" \
        "$(IFS=,; echo "${names[*]}")" "${plan[$tenant]}" \
        >"$portal/person.$client.$id"

    printf '{"person": %s, "calls": %s}\n' \
        "$(<"$portal/person.$client.$id")" "$(list "${calls[@]}")" \
        >"$portal/$id.json"
}
