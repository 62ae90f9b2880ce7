# What aidial_recording_role does not take.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: role words - unknown role - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role admin owner;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_role" does not take "admin", expected "client_admin", "client_manager" or "client_staff"



=== TEST 2: role words - no word - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin;
    }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_role" directive



=== TEST 3: role words - empty word - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin "";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_role" does not take "", expected a word of 1 to 128 bytes



=== TEST 4: role words - 129 bytes - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_role" does not take "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww", expected a word of 1 to 128 bytes



=== TEST 5: role words - one word for two roles - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin boss;
        aidial_recording_role client_staff boss;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_role" gives the word "boss" to both
expected each word once



=== TEST 6: role words - another role's own name - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin client_staff;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_role" gives the word "client_staff" to both
expected each word once



=== TEST 7: role words - one word for two roles at two levels - does not start
--- http_config eval
http_config(extra => 'aidial_recording_role client_admin boss;')
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_manager boss;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_role" gives the word "boss" to both
expected each word once



=== TEST 8: role words - one role twice in a location - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_role client_admin a;
        aidial_recording_role client_admin b;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_role" directive is duplicate
