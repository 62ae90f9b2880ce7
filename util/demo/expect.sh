# What the walk expects; walk.sh reads this file.  Each function notes what is
# wrong, and end_step turns the notes into the verdict.


wrong() {
    wrong+=("$*")
}


expect_status() {                       # STATUS
    [ "$status" = "$1" ] || wrong "expected status $1, got ${status:-none}"
}


expect_header() {                       # NAME EXTENDED-REGEX
    grep -qE -- "^($2)$" <<<"$(header "$1")" ||
        wrong "expected $1: $2, got \"$(header "$1")\""
}


expect_body() {                         # TEXT, blanks apart
    tr -d ' \n' <"$work/body" | grep -qF -- "$(tr -d ' ' <<<"$1")" ||
        wrong "expected the body to have $1"
}


# A time that is left: a second of it may have begun to pass.

expect_left() {                         # NAME SECONDS
    grep -qE "\"$1\": *($2|$(($2 - 1)))," "$work/body" ||
        wrong "expected the body to have \"$1\": $2"
}


expect_problem() {                      # STATUS CODE
    expect_status "$1"
    expect_header Content-Type 'application/problem\+json'
    expect_header Cache-Control 'no-store'
    expect_body "\"type\": \"urn:aidial:recording:$2\""
    expect_body "\"code\": \"$2\""
    expect_body "\"status\": $1"
}


# What listen_and_pause has begun is cut while it pauses, for a reason that is
# entered; it finds out when it goes on.

expect_cut() {                          # REASON FILE
    for _ in {1..50}; do
        read_stream t_harbor
        [ -z "$(entries 'media\.cut' id)" ] || break
        sleep 0.1
    done

    : >"$2.go"
    wait $!

    printf '     [%d bytes of audio, then the connection is reset]\n' \
        "$(wc -c <"$2")"

    # 56: the connection broke while curl was receiving

    [ "$(cat "$2.end")" = 56 ] || wrong "the connection was not reset"
    [ "$(entries 'media\.cut' user reasons)" = "u_marcus|$1" ] ||
        wrong "expected one media.cut of Marcus in the stream"
}


expect_link() {
    [[ $link =~ ^/recordings/[A-Za-z0-9._~-]+$ && ${#link} -le 780 ]] ||
        wrong "expected a link below /recordings/, got \"$link\""
}


# the body against a part of an object of the media origin

expect_bytes() {                        # OBJECT FROM COUNT
    cmp -s "$work/body" <(tail -c "+$(($2 + 1))" "$run/objects$1" |
        head -c "$3") || wrong "the bytes differ from the origin's"
}


expect_object() {                       # OBJECT FILE
    local ours theirs

    ours=$(sha256sum <"$2" | cut -c 1-64)
    theirs=$(sha256sum <"$run/objects$1" | cut -c 1-64)

    printf '     sha256 of what came:     %s\n' "$ours"
    printf '     sha256 at the origin:    %s\n' "$theirs"

    [ "$ours" = "$theirs" ] || wrong "the checksums differ"
}


# a whole answer without its Date, to compare with another

keep_answer() {                         # NAME
    { grep -vi '^date:' "$work/head"; cat "$work/body"; } >"$work/$1"
}


expect_same() {                         # NAME NAME
    cmp -s "$work/$1" "$work/$2" || wrong "the two answers differ"
}
