#!/bin/sh
# Speaks the call of call.txt in two voices and encodes it three ways:
#
#     audio.sh DIRECTORY
#
# leaves call.wav (16 kHz, mono, 16 bit), call.mp3 and call.opus there.  The
# result is kept until the text or this script changes.

set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
media=$1

mkdir -p "$media"

stamp=$(cat "$here/call.txt" "$here/audio.sh" | cksum)

if [ "$(cat "$media/stamp" 2>/dev/null || :)" = "$stamp" ]; then
    echo "Audio: the recorded call is already there."
    exit 0
fi

work=$(mktemp -d "$media/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

lines=$(grep -c '^[RC]: ' "$here/call.txt")
echo "Audio: two voices speak a call of $lines sentences ..."

grep '^[RC]: ' "$here/call.txt" >"$work/lines"
n=0

while IFS= read -r line; do
    n=$((n + 1))

    case $line in
    R:*) voice=en-us+f3 ;;
    *)   voice=en-gb+m3 ;;
    esac

    printf '%s\n' "${line#??}" | espeak-ng -v "$voice" -s 185 --stdin \
        -w "$(printf '%s/%03d.wav' "$work" "$n")"

    [ $((n % 10)) -ne 0 ] || echo "Audio: $n of $lines sentences"
done <"$work/lines"

# half a breath between the sentences, then the telephone's loudness

for file in "$work"/[0-9]*.wav; do
    sox "$file" "$file.pad.wav" pad 0 0.35
done

sox "$work"/*.pad.wav -r 16000 -c 1 -b 16 "$work/call.wav" norm -3
lame --quiet -m m -b 64 "$work/call.wav" "$work/call.mp3"
opusenc --quiet --bitrate 24 --speech "$work/call.wav" "$work/call.opus"

sox --info -D "$work/call.wav" >"$work/seconds"

for file in call.wav call.mp3 call.opus seconds; do
    mv "$work/$file" "$media/$file"
done

printf '%s\n' "$stamp" >"$media/stamp"

printf 'Audio: %.0f seconds as MP3 (%d bytes), WAV (%d) and Opus (%d).\n' \
    "$(cat "$media/seconds")" "$(wc -c <"$media/call.mp3")" \
    "$(wc -c <"$media/call.wav")" "$(wc -c <"$media/call.opus")"
