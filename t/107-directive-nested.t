# What stands inside a location of the module is what the location is.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: nested - location in a media location, no session - 401 session_required
--- config
    location /recordings/ {
        aidial_recording media;

        location /recordings/open/ {
            alias $TEST_NGINX_SERVER_ROOT/html/;
        }
    }
--- request
GET /recordings/open/index.html
--- problem: 401 session_required



=== TEST 2: nested - regex location in a media location, no session - 401 session_required
--- config
    location /recordings/ {
        aidial_recording media;

        location ~ \.mp3$ {
            root $TEST_NGINX_SERVER_ROOT/html;
        }
    }
--- request
GET /recordings/c_9.mp3
--- problem: 401 session_required



=== TEST 3: nested - "if" in a media location, no session - 401 session_required
--- config
    location /recordings/ {
        aidial_recording media;

        if ($arg_open) {
            proxy_pass http://origin;
        }
    }
--- request
GET /recordings/x?open=1
--- problem: 401 session_required



=== TEST 4: nested - limit_except in a media location, no session - 401 session_required
--- config
    location /recordings/ {
        aidial_recording media;
        proxy_pass http://origin/;

        limit_except POST {
            proxy_pass http://origin;
        }
    }
--- request
GET /recordings/x
--- problem: 401 session_required



=== TEST 5: nested - limit_except in a media location, other method - 405 method_not_allowed
--- config
    location /recordings/ {
        aidial_recording media;

        limit_except GET {
            proxy_pass http://origin;
        }
    }
--- request
DELETE /recordings/x
--- problem: 405 method_not_allowed
--- response_headers
Allow: GET, HEAD



=== TEST 6: nested - location in a status location - 200, the outer call id
--- config
    location /s/ {
        aidial_recording status c_9;

        location /s/in/ { }
    }
--- request
GET /s/in/x
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 7: nested - location with proxy_pass in a status location - 401 session_required
--- config
    location /s/ {
        aidial_recording status c_9;

        location /s/in/ { proxy_pass http://origin/t_1/; }
    }
--- request
GET /s/in/2026/c_9.mp3
--- problem: 401 session_required



=== TEST 8: nested - "if" in a status location - 401 session_required
--- config
    location /s/ {
        aidial_recording status c_9;

        if ($arg_x) { proxy_pass http://origin; }
    }
--- request
GET /s/?x=1
--- problem: 401 session_required



=== TEST 9: nested - limit_except in a grant location - 401 session_required
--- config
    location /g/ {
        aidial_recording grant c_9;

        limit_except GET { proxy_pass http://origin; }
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers
Content-Type: application/json
--- problem: 401 session_required



=== TEST 10: nested - location of the same role with another call id - 404 for that one
--- config
    location /s/ {
        aidial_recording status c_9;

        location /s/in/ { aidial_recording status c_none; }
    }
--- request
GET /s/in/
--- more_headers
Cookie: aidial_session=s_1
--- problem: 404 recording_not_found



=== TEST 11: nested - grant in a status location - does not start
--- config
    location /s/ {
        aidial_recording status c_9;

        location /s/g/ { aidial_recording grant c_9; }
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" in location "/s/g/" has another role than the location around it, expected the same role or no directive



=== TEST 12: nested - status in a media location, two levels down - does not start
--- config
    location /recordings/ {
        aidial_recording media;

        location /recordings/a/ {
            location /recordings/a/b/ { aidial_recording status c_9; }
        }
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" in location "/recordings/a/b/" has another role



=== TEST 13: nested - aidial_recording in "if" - does not start
--- config
    location /s/ {
        if ($arg_x) { aidial_recording status c_9; }
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" directive is not allowed here
