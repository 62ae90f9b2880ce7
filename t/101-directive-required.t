# What any location of the module needs in "http".

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: required - no redis - does not start
--- http_config
    aidial_recording_zone aidial:1m;
    aidial_recording_grant_key k1 $TEST_NGINX_AIDIAL_DIR/k1.key;
--- config
    location = /state { aidial_recording status c_9; }
--- must_die
--- error_log
[emerg]
"aidial_recording" is used, but there is no "aidial_recording_redis", expected that directive in "http"



=== TEST 2: required - no zone - does not start
--- http_config
    aidial_recording_redis unix:$TEST_NGINX_REDIS_SOCK;
    aidial_recording_grant_key k1 $TEST_NGINX_AIDIAL_DIR/k1.key;
--- config
    location = /ask { aidial_recording grant c_9; }
--- must_die
--- error_log
[emerg]
"aidial_recording" is used, but there is no "aidial_recording_zone", expected that directive in "http"



=== TEST 3: required - no grant key - does not start
--- http_config
    aidial_recording_redis unix:$TEST_NGINX_REDIS_SOCK;
    aidial_recording_zone aidial:1m;
--- config
    location /recordings/ { aidial_recording media; }
--- must_die
--- error_log
[emerg]
"aidial_recording" is used, but there is no "aidial_recording_grant_key", expected that directive in "http"



=== TEST 4: required - nothing at all, the location in an "if" - does not start
--- http_config
--- config
    location /x/ {
        location /x/state/ { aidial_recording status c_9; }
    }
--- must_die
--- error_log
[emerg]
"aidial_recording" is used, but there is no "aidial_recording_redis", expected that directive in "http"



=== TEST 5: required - no location of the module, no directive - starts
--- http_config
--- config
    location = /x { return 200 "user:$aidial_recording_user\n"; }
--- request
GET /x
--- error_code: 200
--- response_body
user:



=== TEST 6: required - directives without a location of the module - starts
--- config
    location = /x { return 200 "x\n"; }
--- request
GET /x
--- error_code: 200
--- response_body
x



=== TEST 7: required - redis at server level - does not start
--- config
    aidial_recording_redis unix:$TEST_NGINX_REDIS_SOCK;
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" directive is not allowed here



=== TEST 8: required - zone at server level - does not start
--- config
    aidial_recording_zone other:1m;
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" directive is not allowed here



=== TEST 9: required - grant key in a location - does not start
--- config
    location /recordings/ {
        aidial_recording_grant_key k2 $TEST_NGINX_AIDIAL_DIR/k1.key;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" directive is not allowed here



=== TEST 10: required - key prefix at server level - does not start
--- config
    aidial_recording_key_prefix other:;
--- must_die
--- error_log
[emerg]
"aidial_recording_key_prefix" directive is not allowed here
