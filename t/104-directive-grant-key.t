# aidial_recording_grant_key.  That the first key signs and all verify is in
# 210-grant.t.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

$ENV{TEST_NGINX_HTML_DIR} = html_dir();

run_tests();

__DATA__

=== TEST 1: grant key - exactly 32 bytes - 201
--- http_config eval: http_config(grant_key => 'k1 $TEST_NGINX_HTML_DIR/k.key')
--- user_files eval: ">>> k.key\n" . 'k' x 31 . "\n"
--- request
POST /api/calls/c_9/grant
{"action": "playback"}
--- more_headers eval
"Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/recordings/[\w-]+\.[\w-]{43}"


=== TEST 2: grant key - 4096 bytes - 201
--- http_config eval: http_config(grant_key => 'k1 $TEST_NGINX_HTML_DIR/k.key')
--- user_files eval: ">>> k.key\n" . 'k' x 4095 . "\n"
--- request
POST /api/calls/c_9/grant
{"action": "playback"}
--- more_headers eval
"Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/recordings/[\w-]+\.[\w-]{43}"


=== TEST 3: grant key - 31 bytes - does not start, does not say them
--- http_config eval: http_config(grant_key => 'k1 $TEST_NGINX_HTML_DIR/k.key')
--- user_files eval: ">>> k.key\n" . 'k' x 30 . "\n"
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" does not take "
html/k.key", expected a file of at least 32 bytes
--- no_error_log
kkkk


=== TEST 4: grant key - 4097 bytes - does not start
--- http_config eval: http_config(grant_key => 'k1 $TEST_NGINX_HTML_DIR/k.key')
--- user_files eval: ">>> k.key\n" . 'k' x 4096 . "\n"
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key": "
html/k.key" is too large, expected 1 to 4096 bytes


=== TEST 5: grant key - empty file - does not start
--- http_config eval: http_config(grant_key => 'k1 /dev/null')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key": "/dev/null" is empty, expected 1 to 4096 bytes


=== TEST 6: grant key - no such file - does not start
--- http_config eval: http_config(grant_key => 'k1 $TEST_NGINX_HTML_DIR/k.key')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" cannot read "
html/k.key", expected a readable file


=== TEST 7: grant key - a directory - does not start
--- http_config eval: http_config(grant_key => 'k1 $TEST_NGINX_HTML_DIR')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" cannot read "
html", expected a readable file


=== TEST 8: grant key - two keys - 201
--- http_config eval
http_config(grant_key => 'k1 $TEST_NGINX_HTML_DIR/k.key',
            extra => 'aidial_recording_grant_key k2 $TEST_NGINX_AIDIAL_DIR/k1.key;')
--- user_files eval: ">>> k.key\n" . 'k' x 40
--- request
POST /api/calls/c_9/grant
{"action": "playback"}
--- more_headers eval
"Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/recordings/[\w-]+\.[\w-]{43}"


=== TEST 9: grant key - one file under two ids - 201
--- http_config eval
http_config(grant_key => 'k1 $TEST_NGINX_AIDIAL_DIR/k1.key',
            extra => 'aidial_recording_grant_key k2 $TEST_NGINX_AIDIAL_DIR/k1.key;')
--- request
POST /api/calls/c_9/grant
{"action": "playback"}
--- more_headers eval
"Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/recordings/[\w-]+\.[\w-]{43}"


=== TEST 10: grant key - one id twice - does not start
--- http_config eval
http_config(grant_key => 'k1 $TEST_NGINX_AIDIAL_DIR/k1.key',
            extra => 'aidial_recording_grant_key k1 $TEST_NGINX_AIDIAL_DIR/k1.key;')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" does not take "k1", expected an id that is not used twice


=== TEST 11: grant key - id of 32 characters - 201
--- http_config eval: http_config(grant_key => 'A-z_0.9:xxxxxxxxxxxxxxxxxxxxxxxx $TEST_NGINX_AIDIAL_DIR/k1.key')
--- request
POST /api/calls/c_9/grant
{"action": "playback"}
--- more_headers eval
"Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "url":"/recordings/[\w-]+\.[\w-]{43}"


=== TEST 12: grant key - id of 33 characters - does not start
--- http_config eval: http_config(grant_key => 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx $TEST_NGINX_AIDIAL_DIR/k1.key')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" does not take "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", expected an id of 1 to 32 letters, digits, "_.:-"


=== TEST 13: grant key - id with a slash - does not start
--- http_config eval: http_config(grant_key => 'a/b $TEST_NGINX_AIDIAL_DIR/k1.key')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" does not take "a/b", expected an id of 1 to 32 letters, digits, "_.:-"


=== TEST 14: grant key - id with a brace - does not start
--- http_config eval: http_config(grant_key => '"a{b" $TEST_NGINX_AIDIAL_DIR/k1.key')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" does not take "a{b", expected an id of 1 to 32 letters, digits, "_.:-"


=== TEST 15: grant key - id empty - does not start
--- http_config eval: http_config(grant_key => '"" $TEST_NGINX_AIDIAL_DIR/k1.key')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" does not take "", expected an id of 1 to 32 letters, digits, "_.:-"


=== TEST 16: grant key - id with a blank - does not start
--- http_config eval: http_config(grant_key => '"a b" $TEST_NGINX_AIDIAL_DIR/k1.key')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_key" does not take "a b", expected an id of 1 to 32 letters, digits, "_.:-"


=== TEST 17: grant key - no file - does not start
--- http_config eval: http_config(grant_key => 'k1')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_grant_key" directive
