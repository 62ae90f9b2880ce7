#!/bin/sh
#
# Writes a C header with the Lua scripts as constants:
#
#     embed-lua.sh HEADER SCRIPT.lua ...
#
# A line "--@ include NAME" is replaced by the file NAME in the script's lib/.
#
# Each byte becomes an octal escape of three digits: unlike a hexadecimal one
# it cannot run into the byte behind it, so any byte is safe, NUL as well.
# The header is replaced only when it changes, so that make sees no news.

set -eu

[ $# -ge 2 ] || {
    echo "usage: $0 HEADER SCRIPT.lua ..." >&2
    exit 2
}

header=$1
shift

new=$header.$$
trap 'rm -f "$new" "$new.lua"' EXIT


# the script with what it includes

whole() {
    awk -v lib="$(dirname "$1")/lib/" '
        /^--@ include / {
            file = lib $3
            while ((rc = (getline line < file)) > 0) { print line; n++ }
            if (rc < 0 || n == 0) {
                print "embed-lua: cannot include " file > "/dev/stderr"
                exit 1
            }
            close(file)
            n = 0
            next
        }
        { print }
    ' "$1"
}


{
    echo "/* made by util/embed-lua.sh from redis/lua: do not edit */"

    for script in "$@"; do
        name=$(basename "$script" .lua)

        case $name in
            *[!a-z0-9_]*)
                echo "$0: \"$name\" is no C identifier" >&2
                exit 1
                ;;
        esac

        [ -s "$script" ] || {
            echo "$0: $script is missing or empty" >&2
            exit 1
        }

        whole "$script" > "$new.lua"

        printf '\n\nstatic const u_char  ngx_aidial_redis_lua_%s[] =\n' "$name"
        od -An -v -to1 "$new.lua" | sed 's/ \{1,\}/\\/g; s/.*/    "&"/'
        echo "    ;"
    done
} > "$new"

cmp -s "$new" "$header" || mv -f "$new" "$header"
