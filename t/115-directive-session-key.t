# aidial_recording_session_key: the template of the session's Redis key.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: session key - in http, without the prefix - 200
--- http_config eval
http_config(extra => 'aidial_recording_session_key "sess:{sid}";')
--- config
    location /s/ { aidial_recording status c_9; }
--- init
redis('RENAME', 'aidial:session:s_1', 'sess:s_1');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 2: session key - server over http - 200
--- http_config eval
http_config(extra => 'aidial_recording_session_key "other:{sid}";')
--- config
    aidial_recording_session_key "sess:{sid}";
    location /s/ { aidial_recording status c_9; }
--- init
redis('RENAME', 'aidial:session:s_1', 'sess:s_1');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 3: session key - location over server - 200
--- config
    aidial_recording_session_key "other:{sid}";
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "sess:{sid}";
    }
--- init
redis('RENAME', 'aidial:session:s_1', 'sess:s_1');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 4: session key - prefix, sid twice, text between - 200
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{prefix}x:{sid}/{sid}:y";
    }
--- init
redis('RENAME', 'aidial:session:s_1', 'aidial:x:s_1/s_1:y');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 5: session key - SHA-256 of the sid in hex - 200
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{prefix}s:{sha256}";
    }
--- init
use Digest::SHA 'sha256_hex';
redis('RENAME', 'aidial:session:s_1', 'aidial:s:' . sha256_hex('s_1'));
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 6: session key - sess: - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "sess:";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_key" does not take "sess:", expected a template with {sid} or {sha256}, and {prefix}



=== TEST 7: session key - {prefix}session - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{prefix}session";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_key" does not take "{prefix}session", expected a template with {sid} or {sha256}, and {prefix}



=== TEST 8: session key - {prefix}{sid - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{prefix}{sid";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_key" does not take "{prefix}{sid", expected a template with {sid} or {sha256}, and {prefix}



=== TEST 9: session key - {sid}} - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{sid}}";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_key" does not take "{sid}}", expected a template with {sid} or {sha256}, and {prefix}



=== TEST 10: session key - {user}{sid} - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{user}{sid}";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_key" does not take "{user}{sid}", expected a template with {sid} or {sha256}, and {prefix}



=== TEST 11: session key - {SID} - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{SID}";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_key" does not take "{SID}", expected a template with {sid} or {sha256}, and {prefix}



=== TEST 12: session key - twice in a location - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_key "{sid}";
        aidial_recording_session_key "{sid}";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_key" directive is duplicate
