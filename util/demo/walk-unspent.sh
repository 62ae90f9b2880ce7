# A download of which no byte was sent is not spent.

chapter "When nothing was sent"

step "A look at the headers does not use the link" \
    "Amelia's browser asks what it would get before it saves the call of \
Maria Lopez."
grant amelia c_1001 "$confirmed"
expect_status 201
expect_link
whole=$link
ask amelia HEAD "$whole"
expect_status 200
expect_header Content-Length "$size"
expect_header Content-Type audio/mpeg
etag=$(header ETag)
end_step "200, and nothing was spent"

step "Nor does an answer without a recording" \
    "The browser has this very file: 304. Then the storage loses it for a \
moment: 502. No byte of the recording was sent, so the link is given back \
both times."
ask amelia GET "$whole" -H "If-None-Match: $etag"
expect_status 304
expect_header Cache-Control 'private, no-store'
wait_for_ends
printf '     $ mv objects%s lost\n' "$object"
mv "$run/objects$object" "$run/objects/lost"
ask amelia GET "$whole"
expect_problem 502 media_unavailable
wait_for_ends
printf '     $ mv lost objects%s\n' "$object"
mv "$run/objects/lost" "$run/objects$object"
end_step "304, 502, and a link that is as good as new"

step "The same link saves the recording" "Now it is used, and then it is spent."
ask amelia GET "$whole"
expect_status 200
expect_object "$object" "$work/body"
wait_for_ends
ask amelia GET "$whole"
expect_problem 410 grant_used
end_step "200, then 410"
