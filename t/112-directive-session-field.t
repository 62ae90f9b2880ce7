# aidial_recording_session_field: where a field stands in the session's JSON.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: session field - user elsewhere, in http - 200
--- http_config eval
http_config(extra => 'aidial_recording_session_field user /a/u;')
--- config
    location /s/ { aidial_recording status c_9; }
--- init
session(raw => '{"a":{"u":"u_81"},"role":"client_admin","tenant_id":"t_1","client_id":"cl_1","project_ids":["p_1"]}');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 2: session field - server over http - 200
--- http_config eval
http_config(extra => 'aidial_recording_session_field user /other;')
--- config
    aidial_recording_session_field user /a/u;
    location /s/ { aidial_recording status c_9; }
--- init
session(raw => '{"a":{"u":"u_81"},"role":"client_admin","tenant_id":"t_1","client_id":"cl_1","project_ids":["p_1"]}');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 3: session field - location over server - 200
--- config
    aidial_recording_session_field user /user_id;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user /a/u;
    }
--- init
session(raw => '{"a":{"u":"u_81"},"role":"client_admin","tenant_id":"t_1","client_id":"cl_1","project_ids":["p_1"]}');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 4: session field - each field inherited by itself - 200
--- http_config eval
http_config(extra => 'aidial_recording_session_field user /a/u;')
--- config
    aidial_recording_session_field tenant /t;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field client /c;
    }
--- init
session(raw => '{"a":{"u":"u_81"},"role":"client_admin","t":"t_1","c":"cl_1","project_ids":["p_1"]}');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 5: session field - user at its default place, but configured elsewhere - 401 session_required
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user /a/u;
    }
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- problem: 401 session_required



=== TEST 6: session field - all of them, escapes and an index - 200
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user "/a~1b/0";
        aidial_recording_session_field role "/m~0n";
        aidial_recording_session_field tenant /x/t;
        aidial_recording_session_field client /x/c;
        aidial_recording_session_field projects /x/p;
        aidial_recording_session_field expires_at /e unit=ms;
        aidial_recording_session_field created_at /k unit=s;
    }
--- init
session(raw => json({ 'a/b' => [ 'u_81' ], 'm~n' => 'client_staff', e => (time + 60) * 1000,
    k => time, x => { t => 't_1', c => 'cl_1', p => [ 'p_1' ] } }));
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 7: session field - unit=ms, expired - 401 session_required
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field expires_at /expires_at unit=ms;
    }
--- init
session(expires_at => (time - 1) * 1000);
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- problem: 401 session_required



=== TEST 8: session field - index with a leading zero - 401 session_required
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user /a/00;
    }
--- init
session(raw => '{"a":["u_81"],"role":"client_admin","tenant_id":"t_1","client_id":"cl_1","project_ids":["p_1"]}');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- problem: 401 session_required
