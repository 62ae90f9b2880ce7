# One request of the walk; walk.sh reads this file.
#
#     ask PERSON METHOD PATH [CURL'S ARGUMENTS ...]
#
# prints the command and the answer, and leaves the status in $status, the
# header in $work/head and the body in $work/body.  PERSON "-" has no session.


how='curl -i'
output=(-o "$work/body")


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


# the same as ask without a word

fetch() {
    local person=$1 method=$2 path=$3 args=()

    [ "$person" = - ] || args+=(-b "aidial_session=${cookie[$person]}")
    [ "$method" = GET ] || args+=(-X "$method")

    : >"$work/head"
    : >"$work/body"

    status=$(curl -s --max-time 20 -D "$work/head" "${output[@]}" \
        -w '%{http_code}\n%{stderr}%{time_total} %{size_download}\n' \
        "${args[@]}" "${@:4}" "$edge$path" 2>>"$work/figures") || :
}


print_command() {
    local person=$1 method=$2 path=$3 words=("$ $how") one

    [ "$method" = GET ] || words+=("-X $method")
    [ "$person" = - ] || words+=("-b aidial_session=${cookie[$person]}")

    # an option and its value stay on one line

    for one in "${@:4}"; do
        case $one in
        -?) words+=("$one") ;;
        *[!A-Za-z0-9_./:=-]*) words[-1]+=" '$one'" ;;
        *) words[-1]+=" $one" ;;
        esac
    done

    printf '%s\n' "${words[@]}" "$edge$path" | shown | sed 's/^ *//' |
        fill ' \' '    ' | sed 's/^/     /'
}


# the status line, the headers that matter here, and the body if it is text

print_answer() {
    local names='content-(type|length|range|disposition)|accept-ranges|etag'

    names+='|cache-control|allow|retry-after'
    [ "$status" != 303 ] || names='location|set-cookie'

    tr -d '\r' <"$work/head" | grep -iE "^(HTTP/|($names):)" |
        shown | sed -E "s/^     /     $dim< /; s/\$/$plain/"

    case $(header Content-Type) in
    *json*) sed 's/,"/, "/g; s/":/": /g; s/":  /": /g; s/, "/,\n"/g' \
        "$work/body" | shown | sed 's/^ *//' | fill '' ' ' |
        sed 's/^/     /' ;;
    audio/*) printf '     [%d bytes of audio]\n' \
        "$(tail -n 1 "$work/figures" | cut -d ' ' -f 2)" ;;
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
    ask "$1" POST "/api/calls/$2/recording/grant" -H "Origin: $edge" \
        -H 'Content-Type: application/json' -d "$3"
    link=$(member url)
}
