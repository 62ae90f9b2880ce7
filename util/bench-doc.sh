#!/usr/bin/env bash
#
# Puts the report of the last "make bench" into docs/performance.md, between
# its two marks.

set -euo pipefail
cd "$(dirname "$0")/.."

REPORT=build/bench/report.md
DOC=docs/performance.md
BEGIN='<!-- here begins what make bench printed -->'
END='<!-- here ends what make bench printed -->'

[ -s $REPORT ] || {
    echo "error: $REPORT is missing: run \"make bench\"" >&2
    exit 1
}

awk -v report=$REPORT -v begin="$BEGIN" -v end="$END" '
    $0 == end   { skip = 0; marks++ }
    !skip       { print }
    $0 == begin {
        skip = 1
        marks++
        print ""
        while ((getline line < report) > 0) { print line }
        print ""
    }
    END { exit marks != 2 }
' $DOC >$DOC.new || {
    rm -f $DOC.new
    echo "error: $DOC has not its two marks" >&2
    exit 1
}

mv $DOC.new $DOC
