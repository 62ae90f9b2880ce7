# aidial_recording_role: the portal's own words for a role.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: role words - in http - allowed
--- http_config eval
http_config(extra => 'aidial_recording_role client_admin owner boss;')
--- config
    location /s/ { aidial_recording status c_9; }
--- init
session(role => 'boss');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":true,"reasons":\[\]



=== TEST 2: role words - server over http - allowed
--- http_config eval
http_config(extra => 'aidial_recording_role client_admin other;')
--- config
    aidial_recording_role client_admin owner;
    location /s/ { aidial_recording status c_9; }
--- init
session(role => 'owner');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":true,"reasons":\[\]



=== TEST 3: role words - location over server, the outer word - role_restriction
--- config
    aidial_recording_role client_admin owner;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin boss;
    }
--- init
session(role => 'owner');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":false,"reasons":\["role_restriction"\]



=== TEST 4: role words - each role inherited by itself - allowed
--- http_config eval
http_config(extra => 'aidial_recording_role client_staff agent;')
--- config
    aidial_recording_role client_admin owner;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_manager lead;
    }
--- init
session(role => 'owner');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":true,"reasons":\[\]



=== TEST 5: role words - they replace the role's own name - role_restriction
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin owner;
    }
--- init
session(role => 'client_admin');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":false,"reasons":\["role_restriction"\]



=== TEST 6: role words - own name said again - allowed
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin owner client_admin;
    }
--- init
session(role => 'client_admin');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":true,"reasons":\[\]



=== TEST 7: role words - another role's name is free, then taken - allowed
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin client_staff;
        aidial_recording_role client_staff agent;
    }
--- init
session(role => 'client_staff');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":true,"reasons":\[\]



=== TEST 8: role words - in another case - role_restriction
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin owner;
    }
--- init
session(role => 'Owner');
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "download":\{"allowed":false,"reasons":\["role_restriction"\]
