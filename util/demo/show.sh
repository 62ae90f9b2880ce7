# How the walk looks; walk.sh reads this file.

steps=0
failed=0
bold='' dim='' red='' green='' plain=''

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi


chapter() {                             # TITLE
    printf '\n\n%s%s%s\n' "$bold" "== $1" "$plain"
}


step() {                                # TITLE SENTENCE
    steps=$((steps + 1))
    wrong=()
    printf '\n%s%3d. %s%s\n' "$bold" "$steps" "$1" "$plain"
    say "$2"
    echo
}


say() {                                 # SENTENCE
    fold -s -w 74 <<<"$1" | sed 's/^/     /; s/ *$//'
}


say_all() {                             # < TEXT
    printf '\n%s\n' "$(cat)"
}


shown() {                               # < TEXT: indented, secrets shortened
    local some="[^ '\"]"

    sed -E -e "s#(/recordings/$some{4})$some+($some{6})#\\1…\\2#g" \
        -e 's/(aidial(_session=|:session:)(s%3A)?.{6})[A-Za-z0-9_%.-]+/\1…/g' \
        -e 's/^/     /'
}


# Puts as many of the input's lines on one line as fit.  TAIL ends every line
# but the last, INDENT begins every line but the first.

fill() {                                # TAIL INDENT < LINES
    awk -v tail="$1" -v indent="$2" '
        NR == 1 { line = $0; next }
        length(line) + length($0) < 72 { line = line " " $0; next }
        { print line tail; line = indent $0 }
        END { print line }'
}


end_step() {                            # WHAT WAS SHOWN
    local one

    if [ ${#wrong[@]} -eq 0 ]; then
        printf '\n     %sPASS%s  %s\n' "$green$bold" "$plain" "$1"
        return
    fi

    failed=$((failed + 1))
    printf '\n     %sFAIL%s  %s\n' "$red$bold" "$plain" "$1"

    for one in "${wrong[@]}"; do
        printf '           %s\n' "$one"
    done
}


summary() {
    local requests bytes middle

    requests=$(wc -l <"$work/figures")
    bytes=$(awk '{ sum += $2 } END { printf "%.1f", sum / 1e6 }' \
        "$work/figures")
    middle=$(sort -n "$work/figures" | awk -v half=$(((requests + 1) / 2)) \
        'NR == half { printf "%.1f", $1 * 1000 }')

    printf '\n\n%s== Summary%s\n\n' "$bold" "$plain"

    say "$((steps - failed)) of $steps steps passed. The edge answered \
$requests requests with $bytes MB; half of them took less than $middle ms."

    if [ $failed -ne 0 ]; then
        printf '\n     %s%d of %d steps FAILED%s\n' "$red$bold" "$failed" \
            "$steps" "$plain"
        exit 1
    fi

    say "A recording was heard and saved by those who may, and by nobody \
else: not without a session, not for another tenant, not twice with one \
link, and not a moment longer than consent stood. Who asked, what was \
decided and which bytes left stands in the tenant's audit stream."
}
