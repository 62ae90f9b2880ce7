# One request of the walk; walk.sh reads this file.
#
#     ask PERSON METHOD PATH [CURL'S ARGUMENTS ...]
#
# prints the command and the answer, and leaves the status in $status, the
# header in $work/head and the body in $work/body.  PERSON "-" has no session.


how='curl -i'
piped=
output=(-o "$work/body")
page=(-H "Origin: $edge" -H 'Content-Type: application/json')


ask() {
    fetch "$@"
    print_command "$@"
    print_answer
}


# the same, saved under the name that the answer gives to it

save() {                                # DIRECTORY PERSON PATH
    local output=(-OJ --output-dir "$1") how='curl -OJ'

    ask "$2" GET "$3"
}


# A download whose client hangs up after COUNT bytes, which are left in FILE.
# By then more was on its way, all of it if the recording is short.

cut_off() {                             # PERSON PATH COUNT FILE
    local output=(-o "$work/pipe") how='curl -D head' piped=" | head -c $3"

    rm -f "$work/pipe"
    mkfifo "$work/pipe"
    head -c "$3" <"$work/pipe" >"$4" &
    fetch "$1" GET "$2"
    wait $!

    print_command "$1" GET "$2"
    print_head
    printf '     [%d bytes of audio, then the line is cut]\n' \
        "$(wc -c <"$4")"
}


# A player that takes the first 100 000 bytes of a recording and pauses until
# FILE.go is there, in the background: what came is in FILE, curl's exit code in
# FILE.end.

listen_and_pause() {                    # PERSON PATH FILE
    local output=() how=curl piped=' | player'

    print_command "$1" GET "$2"
    rm -f "$3" "$3.go" "$3.end"
    {
        curl -s --max-time 20 -b "aidial_session=${cookie[$1]}" "$edge$2"
        echo $? >"$3.end"
    } | {
        head -c 100000 >"$3"
        until [ -e "$3.go" ]; do sleep 0.1; done
        cat >>"$3"
    } &

    for _ in {1..50}; do
        [ ! -s "$3" ] || return 0
        sleep 0.1
    done
}


# the same as ask without a word

fetch() {
    local person=$1 method=$2 path=$3 args=()
    local told='%{http_code}\n%{stderr}%{time_total} %{size_download} '

    told+='%{http_code}\n'

    [ "$person" = - ] || args+=(-b "aidial_session=${cookie[$person]}")

    case $method in
    GET) ;;
    HEAD) args+=(-I) ;;
    *) args+=(-X "$method") ;;
    esac

    : >"$work/head"
    : >"$work/body"

    status=$(curl -s --max-time 20 -D "$work/head" "${output[@]}" \
        -w "$told" "${args[@]}" "${@:4}" "$edge$path" \
        2>>"$work/figures") || :
}


print_command() {
    local person=$1 method=$2 path=$3 words=("$ $how") one

    case $method in
    GET) ;;
    HEAD) words=('$ curl -I') ;;
    *) words+=("-X $method") ;;
    esac

    [ "$person" = - ] || words+=("-b aidial_session=${cookie[$person]}")

    # an option and its value stay on one line

    for one in "${@:4}"; do
        case $one in
        -?) words+=("$one") ;;
        *[!A-Za-z0-9_./:=-]*) words[-1]+=" '$one'" ;;
        *) words[-1]+=" $one" ;;
        esac
    done

    printf '%s\n' "${words[@]}" "$edge$path$piped" | shown | sed 's/^ *//' |
        fill ' \' '    ' | sed 's/^/     /'
}


# the status line, the headers that matter here, and the body if it is text

print_answer() {
    print_head
    print_body
}


print_head() {
    local names='content-(type|length|range|disposition)|accept-ranges|etag'

    names+='|cache-control|allow|retry-after'
    [ "$status" != 303 ] || names='location|set-cookie'

    tr -d '\r' <"$work/head" | grep -iE "^(HTTP/|($names):)" |
        shown | sed -E "s/^     /     $dim< /; s/\$/$plain/"
}


print_body() {
    case $(header Content-Type) in
    *json*) sed 's/,"/, "/g; s/":/": /g; s/":  /": /g; s/, "/,\n"/g' \
        "$work/body" | shown | sed 's/^ *//' | fill '' ' ' |
        sed 's/^/     /' ;;
    audio/*) tail -n 1 "$work/figures" | awk '
        $2 > 0 { printf "     [%d bytes of audio]\n", $2 }' ;;
    esac
}


header() {                              # NAME
    tr -d '\r' <"$work/head" |
        sed -n "s/^$1: *//Ip" | head -n 1
}


member() {                              # NAME: a string member of the body
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$work/body" | head -n 1
}


# a grant, as the portal's page asks for one; the link is left in $link

grant() {                               # PERSON CALL BODY
    ask "$1" POST "/api/calls/$2/recording/grant" "${page[@]}" -d "$3"
    link=$(member url)
}
