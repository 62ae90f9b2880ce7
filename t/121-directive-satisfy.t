# "satisfy any" would let another access module open what this one guards.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: satisfy any - in a media location - does not start
--- config
    location /recordings/ {
        aidial_recording media;
        satisfy any;
    }
--- must_die
--- error_log
[emerg]
"satisfy any" in location "/recordings/"
expected "satisfy all"



=== TEST 2: satisfy any - in a status location - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        satisfy any;
    }
--- must_die
--- error_log
[emerg]
"satisfy any" in location "/s/"



=== TEST 3: satisfy any - in a grant location - does not start
--- config
    location /g/ {
        satisfy any;
        aidial_recording grant c_9;
    }
--- must_die
--- error_log
[emerg]
"satisfy any" in location "/g/"



=== TEST 4: satisfy any - inherited from the server - does not start
--- config
    satisfy any;
    location /recordings/ { aidial_recording media; }
--- must_die
--- error_log
[emerg]
"satisfy any" in location "/recordings/"



=== TEST 5: satisfy any - inherited from http - does not start
--- http_config eval: http_config(extra => 'satisfy any;')
--- config
    location /s/ { aidial_recording status c_9; }
--- must_die
--- error_log
[emerg]
"satisfy any" in location "/s/"



=== TEST 6: satisfy any - in a location inside - does not start
--- config
    location /recordings/ {
        aidial_recording media;
        location /recordings/a/ { satisfy any; }
    }
--- must_die
--- error_log
[emerg]
"satisfy any" in location "/recordings/a/"



=== TEST 7: satisfy any - in the server, all in the location - 401 session_required
--- config
    satisfy any;
    location /s/ {
        satisfy all;
        aidial_recording status c_9;
    }
--- request
GET /s/
--- problem: 401 session_required



=== TEST 8: satisfy any - in a location beside - 200
--- config
    location /x/ {
        satisfy any;
        allow all;
        return 200 "x\n";
    }
    location /s/ { aidial_recording status c_9; }
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200



=== TEST 9: satisfy all - another module refuses - 403, not ours
--- config
    location /s/ {
        satisfy all;
        deny all;
        aidial_recording status c_9;
    }
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 403
--- response_headers
Content-Type: text/html
