# What aidial_recording_session_field does not take.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: session field - unknown id - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field id /x;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "id", expected "user", "role", "tenant", "client", "projects", "expires_at" or "created_at"



=== TEST 2: session field - unknown User - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field User /x;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "User", expected "user", "role", "tenant", "client", "projects", "expires_at" or "created_at"



=== TEST 3: session field - unknown sid - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field sid /x;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "sid", expected "user", "role", "tenant", "client", "projects", "expires_at" or "created_at"



=== TEST 4: session field - pointer user_id - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user user_id;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "user_id", expected a JSON pointer (RFC 6901)



=== TEST 5: session field - pointer /a~ - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user /a~;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "/a~", expected a JSON pointer (RFC 6901)



=== TEST 6: session field - pointer /a~2b - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user /a~2b;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "/a~2b", expected a JSON pointer (RFC 6901)



=== TEST 7: session field - unit for a field that is no time - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user /user_id unit=s;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "unit=s", expected no unit: the field is not a time



=== TEST 8: session field - another unit - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field expires_at /e unit=us;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" does not take "unit=us", expected "unit=s" or "unit=ms"



=== TEST 9: session field - one field twice in a location - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_field user /a;
        aidial_recording_session_field user /b;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_field" directive is duplicate
