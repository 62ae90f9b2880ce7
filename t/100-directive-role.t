# aidial_recording: which words it takes, and where.  Media locations are in
# 122-directive-role-media.t, nested ones in 107-directive-nested.t.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: aidial_recording - status with a call id - 200
--- config
    location = /state {
        aidial_recording status $arg_call;
    }
--- request
GET /state?call=c_9
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_headers
Content-Type: application/json
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 2: aidial_recording - grant with a call id - 201
--- config
    location = /ask {
        aidial_recording grant c_9;
    }
--- request
POST /ask
{"action": "playback"}
--- more_headers eval
"Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: ^\{"action":"playback","url":"/recordings/



=== TEST 3: aidial_recording - no parameter - does not start
--- config
    location = /state {
        aidial_recording;
    }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording" directive



=== TEST 4: aidial_recording - unknown word - does not start
--- config
    location = /state {
        aidial_recording stream c_9;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "stream", expected "status", "grant" or "media"



=== TEST 5: aidial_recording - word in another case - does not start
--- config
    location = /state {
        aidial_recording Status c_9;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "Status", expected "status", "grant" or "media"



=== TEST 6: aidial_recording - status without a call id - does not start
--- config
    location = /state {
        aidial_recording status;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "status", expected a call id after the role



=== TEST 7: aidial_recording - grant without a call id - does not start
--- config
    location = /ask {
        aidial_recording grant;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" does not take "grant", expected a call id after the role



=== TEST 8: aidial_recording - call id of an unknown variable - does not start
--- config
    location = /state {
        aidial_recording status $no_such_variable;
    }
--- must_die
--- error_log
[emerg]
unknown "no_such_variable" variable



=== TEST 9: aidial_recording - at server level - does not start
--- config
    aidial_recording media;
--- must_die
--- error_log
[emerg]
"aidial_recording" directive is not allowed here



=== TEST 10: aidial_recording - twice in a location - does not start
--- config
    location = /state {
        aidial_recording status c_9;
        aidial_recording grant c_9;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" directive is duplicate
