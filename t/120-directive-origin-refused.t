# What aidial_recording_origin does not take.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: origin - portal.example.com - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin portal.example.com;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "portal.example.com", expected an origin like https://portal.example.com, no path



=== TEST 2: origin - ftp://a.example - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin ftp://a.example;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "ftp://a.example", expected an origin like https://portal.example.com, no path



=== TEST 3: origin - https:// - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "https://", expected an origin like https://portal.example.com, no path



=== TEST 4: origin - https://a.example/ - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://a.example/;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "https://a.example/", expected an origin like https://portal.example.com, no path



=== TEST 5: origin - https://a.example/x - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://a.example/x;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "https://a.example/x", expected an origin like https://portal.example.com, no path



=== TEST 6: origin - https://a b - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin "https://a b";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "https://a b", expected an origin like https://portal.example.com, no path



=== TEST 7: origin - null - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin null;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "null", expected an origin like https://portal.example.com, no path



=== TEST 8: origin - * - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin *;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "*", expected an origin like https://portal.example.com, no path



=== TEST 9: origin - https://u@a.example - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://u@a.example;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "https://u@a.example", expected an origin like https://portal.example.com, no path



=== TEST 10: origin - https://a.example?x - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin "https://a.example?x";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "https://a.example?x", expected an origin like https://portal.example.com, no path



=== TEST 11: origin - https://a.example,https://b.example - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin "https://a.example,https://b.example";
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" does not take "https://a.example,https://b.example", expected an origin like https://portal.example.com, no path



=== TEST 12: origin - twice in a location - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://a.example;
        aidial_recording_origin https://b.example;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_origin" directive is duplicate



=== TEST 13: origin - no value - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin;
    }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_origin" directive
