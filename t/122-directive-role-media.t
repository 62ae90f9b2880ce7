# aidial_recording media: a prefix location, and no other one.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: aidial_recording - media - 404 recording_not_found for no token
--- config
    location /listen/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }
--- request
GET /listen/x
--- more_headers
Cookie: aidial_session=s_1
--- problem: 404 recording_not_found



=== TEST 2: aidial_recording - media with ^~ - 404 recording_not_found
--- config
    location ^~ /listen/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }
--- request
GET /listen/x
--- more_headers
Cookie: aidial_session=s_1
--- problem: 404 recording_not_found



=== TEST 3: aidial_recording - media with a call id - does not start
--- config
    location /listen/ {
        aidial_recording media $arg_call;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "$arg_call", expected no call id



=== TEST 4: aidial_recording - media in a regex location - does not start
--- config
    location ~ ^/listen/ {
        aidial_recording media;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "^/listen/", expected a prefix location, not a regular expression



=== TEST 5: aidial_recording - media in an exact location - does not start
--- config
    location = /listen/ {
        aidial_recording media;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "/listen/", expected a prefix location



=== TEST 6: aidial_recording - media in a named location - does not start
--- config
    location @listen {
        aidial_recording media;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "@listen", expected a prefix location



=== TEST 7: aidial_recording - media prefix without a last slash - does not start
--- config
    location /listen {
        aidial_recording media;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "/listen", expected a prefix location that begins and ends in "/", of plain segments of letters, digits, "-._~"
