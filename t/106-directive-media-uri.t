# aidial_recording_media_uri: what stands before the token of a grant.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: media_uri - default - 201
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/recordings/[\w-]+\.[\w-]{43}"



=== TEST 2: media_uri - in http - 201
--- http_config eval
http_config(extra => 'aidial_recording_media_uri /listen/;')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/listen/[\w-]+\.[\w-]{43}"



=== TEST 3: media_uri - server over http - 201
--- http_config eval
http_config(extra => 'aidial_recording_media_uri /listen/;')
--- config
    aidial_recording_media_uri /a/b-c._~/;
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/a/b-c\._~/[\w-]+\.[\w-]{43}"



=== TEST 4: media_uri - location over server - 201
--- config
    aidial_recording_media_uri /listen/;
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/[\w-]+\.[\w-]{43}"



=== TEST 5: media_uri - listen/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri listen/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "listen/", expected a prefix that begins and ends in "/"



=== TEST 6: media_uri - /listen - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /listen;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/listen", expected a prefix that begins and ends in "/"



=== TEST 7: media_uri - https://cdn.example.com/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri https://cdn.example.com/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "https://cdn.example.com/", expected a prefix that begins and ends in "/"



=== TEST 8: media_uri - /a b/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri "/a b/";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/a b/", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"



=== TEST 9: media_uri - /a?b/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri "/a?b/";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/a?b/", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"



=== TEST 10: media_uri - /a%2fb/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /a%2fb/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/a%2fb/", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"



=== TEST 11: media_uri - /$arg_x/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /$arg_x/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/$arg_x/", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"



=== TEST 12: media_uri - twice in a location - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /a/;
        aidial_recording_media_uri /b/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" directive is duplicate



=== TEST 13: media_uri - //evil.example/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri //evil.example/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "//evil.example/", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"



=== TEST 14: media_uri - /a//b/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /a//b/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/a//b/", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"



=== TEST 15: media_uri - /a/../ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /a/../;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/a/../", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"



=== TEST 16: media_uri - /./ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_media_uri /./;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_media_uri" does not take "/./", expected a prefix that begins and ends in "/", of plain segments of letters, digits, "-._~"
