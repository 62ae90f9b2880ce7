# A download that breaks off is resumed, as the same use of its link.

chapter "When a download breaks off"

half=4000000
wav=/t_harbor/2026/c_1002.wav
length=$(wc -c <"$run/objects$wav")

step "Amelia saves another call, and the line goes dead" \
    "It is a large file. Her train enters a tunnel when four million bytes \
have come, a good half of it."
grant amelia c_1002 "$confirmed"
expect_status 201
expect_link
torn=$link
cut_off amelia "$torn" $half "$work/first"
expect_status 200
expect_header Content-Length "$length"
expect_header Accept-Ranges bytes
expect_header ETag '"[^"]+"'
etag=$(header ETag)
cmp -s "$work/first" <(head -c $half "$run/objects$wav") ||
    wrong "the bytes differ from the origin's"
wait_for_ends
end_step "half of a file, and no second link"

step "Not everything that wants the rest is the same download" \
    "Who does not name the ETag of the first answer might be anyone. Her \
telephone, with a session of its own, would make a copy. And Marcus has \
nothing to do with this link."
ask amelia GET "$torn" -r $half-
expect_problem 410 grant_used
another_session amelia phone
ask phone GET "$torn" -r $half- -H "If-Range: $etag"
expect_problem 410 grant_used
ask marcus GET "$torn" -r $half- -H "If-Range: $etag"
expect_problem 404 recording_not_found
end_step "410 grant_used twice, and 404 for the colleague"

step "Her browser resumes it" \
    "Browsers do so by themselves: they ask for what is missing, if the file \
is still the same. It is the same use of the link."
ask amelia GET "$torn" -r $half- -H "If-Range: $etag"
expect_status 206
expect_header Content-Range "bytes $half-$((length - 1))/$length"
expect_header Content-Length $((length - half))
expect_header ETag "$etag"
expect_header Content-Disposition 'attachment; filename="call-c_1002.wav".*'
cat "$work/first" "$work/body" >"$work/both"
expect_object "$wav" "$work/both"
wait_for_ends
end_step "206, and the two pieces are the file"

step "From the beginning it would be a second download" \
    "The file is whole now, and the link is spent."
ask amelia GET "$torn"
expect_problem 410 grant_used
end_step "410 grant_used"
