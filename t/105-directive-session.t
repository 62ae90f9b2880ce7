# aidial_recording_session_cookie: the name of the portal's cookie.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: session cookie - in http - 200
--- http_config eval
http_config(extra => 'aidial_recording_session_cookie sid;')
--- config
    location /s/ { aidial_recording status c_9; }
--- request
GET /s/
--- more_headers
Cookie: sid=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 2: session cookie - server over http - 200
--- http_config eval
http_config(extra => 'aidial_recording_session_cookie other;')
--- config
    aidial_recording_session_cookie sid;
    location /s/ { aidial_recording status c_9; }
--- request
GET /s/
--- more_headers
Cookie: sid=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 3: session cookie - location over server - 200
--- config
    aidial_recording_session_cookie other;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie sid;
    }
--- request
GET /s/
--- more_headers
Cookie: sid=s_1; other=x
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 4: session cookie - location over server, the outer one - 401 session_required
--- config
    aidial_recording_session_cookie other;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie sid;
    }
--- request
GET /s/
--- more_headers
Cookie: other=s_1
--- problem: 401 session_required



=== TEST 5: session cookie - name a b - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie "a b";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_cookie" does not take "a b", expected the name of a cookie



=== TEST 6: session cookie - name a=b - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie "a=b";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_cookie" does not take "a=b", expected the name of a cookie



=== TEST 7: session cookie - name a;b - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie "a;b";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_cookie" does not take "a;b", expected the name of a cookie



=== TEST 8: session cookie - name a,b - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie "a,b";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_cookie" does not take "a,b", expected the name of a cookie



=== TEST 9: session cookie - name empty - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie "";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_cookie" does not take "", expected the name of a cookie



=== TEST 10: session cookie - name a(b - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie "a(b";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_cookie" does not take "a(b", expected the name of a cookie



=== TEST 11: session cookie - twice in a location - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_cookie a;
        aidial_recording_session_cookie b;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_cookie" directive is duplicate
