# The walk's own view of Redis, and of the audit streams in it; walk.sh reads
# this file.


redis() {
    redis-cli -s "$socket" "$@"
}


print_redis() {                         # TEXT
    printf '     $ redis-cli -s redis.sock %s\n' "$1"
}


# Leaves the audit stream of TENANT in $work/stream: a line an entry, oldest
# first, with "name=value" between tabs.  redis-cli prints the id, the names
# and the values on lines of their own; no name looks like an id.

read_stream() {                         # TENANT
    redis XRANGE "aidial:{$1}:audit" - + | awk '
        name != "" { printf "\t%s=%s", name, $0; name = ""; next }
        /^[0-9]+-[0-9]+$/ { printf "%sid=%s", (NR > 1 ? "\n" : ""), $0; next }
        { name = $0 }
        END { if (NR > 1) print "" }' >"$work/stream"
}


# fields of the entries whose event is like REGEX, with "|" between them

entries() {                             # REGEX NAME ...
    awk -F '\t' -v want="^($1)\$" -v names="${*:2}" '
        {
            split("", value)

            for (i = 1; i <= NF; i++) {
                at = index($i, "=")
                value[substr($i, 1, at - 1)] = substr($i, at + 1)
            }

            if (value["event"] !~ want)
                next

            n = split(names, name, " ")

            for (i = 1; i <= n; i++)
                printf "%s%s", value[name[i]], (i < n ? "|" : "\n")
        }' "$work/stream"
}


# an entry a line for people; the same again and again is one line

print_stream() {
    printf '     %s%-8s %-18s %-8s %-6s %-4s %8s%s\n' "$dim" time event \
        user call try bytes "$plain"

    entries '.*' time event user call attempt bytes first_byte last_byte \
        decision | awk -F '|' '
        {
            note = $9 == "allowed" ? "" : $9

            if ($8 != "")
                note = $7 "-" $8

            line = sprintf("%-18s %-8s %-6s %-4s %8s %s", $2, $3, $4,
                           substr($5, 1, 4), $6, note)

            if (line == last) {
                n++
                next
            }

            show()
            time = substr($1, 12, 8)
            last = line
            n = 1
        }
        END { show() }
        function show() {
            if (n > 0)
                print time " " last (n > 1 ? "(" n " times)" : "")
        }' | sed 's/^/     /; s/ *$//'
}


starts='download\.(started|resumed)'
ends='download\.(completed|aborted|voided)'


# The edge enters the end of a download when its last byte is gone, and does
# not let the client wait for that.

wait_for_ends() {
    local try

    for ((try = 0; try < 40; try++)); do
        read_stream t_harbor
        [ "$(entries "$starts" id | wc -l)" != \
            "$(entries "$ends" id | wc -l)" ] || return 0
        sleep 0.05
    done

    wrong "a download has no end in the audit stream"
}


# Brings the two entries of each attempt together, in $work/pairs, in the order
# of the starts: start|end|user|call|status|first|last|bytes

pair_attempts() {
    local mine attempt

    : >"$work/pairs"

    while IFS='|' read -r mine attempt; do
        [ -n "$attempt" ] &&
            [ "$(entries "$starts" attempt | grep -cx "$attempt")" = 1 ] &&
            [ "$(entries "$ends" attempt | grep -cx "$attempt")" = 1 ] ||
            wrong "the attempt \"$attempt\" has not one start and one end"

        entries "$ends" attempt event user call status first_byte last_byte \
            bytes | sed -n "s/^$attempt|download\./${mine#*.}|/p" \
            >>"$work/pairs"
    done < <(entries "$starts" event attempt)

    awk -F '|' '{
        printf "     %-8s %-10s %-9s %-7s %-4s %8s %s\n", $1, $2, $3, $4, $5,
               $8, ($7 == "" ? "" : $6 "-" $7)
    }' "$work/pairs" | sed 's/ *$//'
}


expect_pairs() {                        # < LINES
    diff - "$work/pairs" >"$work/differ" ||
        wrong "the downloads differ from what happened: $(<"$work/differ")"
}
