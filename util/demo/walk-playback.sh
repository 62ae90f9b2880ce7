# Listening: a grant, then Range requests and the whole file.

chapter "Listening"

object=/t_harbor/2026/c_1001.mp3
size=$(wc -c <"$run/objects$object")
playback='{"action": "playback"}'

step "Marcus presses Play" \
    "The page asks for a playback grant. The link is signed, good for five \
minutes, for Marcus alone, and may be used as often as the player needs."
grant marcus c_1001 "$playback"
expect_status 201
expect_header Cache-Control 'no-store'
expect_body '"action": "playback"'
expect_left expires_in 300
expect_body '"single_use": false'
expect_link
end_step "201 with a link to listen"
listen=$link

step "The player seeks: 64 KiB from the middle of the recording" \
    "Range requests pass through to the media origin. The browser may keep \
nothing, and no other site may embed it."
ask marcus GET "$listen" -r 1048576-1114111
expect_status 206
expect_header Content-Range "bytes 1048576-1114111/$size"
expect_header Content-Length 65536
expect_header Content-Type audio/mpeg
expect_header Cache-Control 'private, no-store'
expect_header Content-Disposition 'inline.*'
expect_header X-Content-Type-Options nosniff
expect_header Cross-Origin-Resource-Policy same-origin
expect_bytes "$object" 1048576 65536
end_step "206 with exactly the bytes that were asked for"

step "The player goes on to the end" \
    "The same link again, this time for the whole recording."
ask marcus GET "$listen"
expect_status 200
expect_header Content-Length "$size"
expect_object "$object" "$work/body"
end_step "the recording arrived unchanged"

step "The same call cannot be saved with a link for listening" \
    "A browser that is told to open the link as a page, from where it would be \
saved, is refused."
ask marcus GET "$listen" -H 'Sec-Fetch-Dest: document' \
    -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Site: same-origin'
expect_problem 403 playback_only
end_step "403 playback_only"

step "WAV and Ogg Opus are played the same way" \
    "The type comes from the call's record, the bytes from the origin."
grant amelia c_1002 "$playback"
ask amelia GET "$link" -r 0-99999
expect_status 206
expect_header Content-Type audio/wav
expect_bytes /t_harbor/2026/c_1002.wav 0 100000
grant amelia c_1003 "$playback"
ask amelia GET "$link" -r -1000
expect_status 206
expect_header Content-Type audio/ogg
expect_bytes /t_harbor/2026/c_1003.opus \
    $(($(wc -c <"$run/objects/t_harbor/2026/c_1003.opus") - 1000)) 1000
end_step "the first bytes of a WAV and the last of an Opus file"
