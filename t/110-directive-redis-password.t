# The Redis password: where it comes from, and that it is never said.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

$ENV{TEST_NGINX_HTML_DIR} = html_dir();

# each block starts with a Redis that asks nobody for a password; what a block
# sets stands in its http_config, since nginx connects before "init" is run

add_block_preprocessor(sub {
    redis('ACL', 'SETUSER', 'default', 'nopass');
    redis('CONFIG', 'SET', 'requirepass', '');
});

run_tests();

__DATA__

=== TEST 1: redis parameter - password_file= - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} password_file=")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "password_file=", expected a readable file with a password of 1 to 512 bytes in its first line



=== TEST 2: redis parameter - user without a password file - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} user=edge")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "user=edge" without "password_file=", expected both



=== TEST 3: redis parameter - user and password in the URL - does not start, says neither
--- http_config eval: http_config(redis => 'redis://edge:hush-hush@127.0.0.1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has a user in its URL
expected "user=" and "password_file="
--- no_error_log
hush-hush



=== TEST 4: redis parameter - password file that is not there - does not start
--- http_config eval
http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} "
    . 'password_file=$TEST_NGINX_HTML_DIR/redis.password')
--- must_die
--- error_log
[emerg]
html/redis.password" failed
redis.password", expected a readable file with a password of 1 to 512 bytes in its first line



=== TEST 5: redis parameter - password file with an empty first line - does not start
--- http_config eval
http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} "
    . 'password_file=$TEST_NGINX_HTML_DIR/redis.password')
--- user_files eval: ">>> redis.password\n\nsecond\n"
--- must_die
--- error_log
[emerg]
redis.password", expected a readable file with a password of 1 to 512 bytes in its first line



=== TEST 6: redis parameter - password of 513 bytes - does not start, does not say it
--- http_config eval
http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} "
    . 'password_file=$TEST_NGINX_HTML_DIR/redis.password')
--- user_files eval: ">>> redis.password\n" . 'pw' x 256 . "x\n"
--- must_die
--- error_log
[emerg]
redis.password", expected a readable file with a password of 1 to 512 bytes in its first line
--- no_error_log
pwpwpw



=== TEST 7: redis parameter - password file and Redis asks for it - 200
--- http_config eval
redis('CONFIG', 'SET', 'requirepass', 'open sesame');
http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} "
    . 'password_file=$TEST_NGINX_HTML_DIR/redis.password')
--- user_files
>>> redis.password
open sesame
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",
--- no_error_log
open sesame



=== TEST 8: redis parameter - password of 512 bytes, CR LF, more lines - 200
--- http_config eval
redis('CONFIG', 'SET', 'requirepass', 'pw' x 256);
http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} "
    . 'password_file=$TEST_NGINX_HTML_DIR/redis.password')
--- user_files eval: ">>> redis.password\n" . 'pw' x 256 . "\r\nmore\n"
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 9: redis parameter - wrong password - 503 service_unavailable
--- http_config eval
redis('CONFIG', 'SET', 'requirepass', 'open sesame');
http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} "
    . 'password_file=$TEST_NGINX_HTML_DIR/redis.password')
--- user_files
>>> redis.password
wrong
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- problem: 503 service_unavailable
--- no_error_log
[emerg]
--- error_log
[crit]
aidial: Redis does not let us in, check "user=" and "password_file="



=== TEST 10: redis parameter - no password and Redis asks for one - 503 service_unavailable
--- http_config eval
redis('CONFIG', 'SET', 'requirepass', 'open sesame');
http_config();
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- problem: 503 service_unavailable
--- no_error_log
[emerg]



=== TEST 11: redis parameter - user and password file - 200
--- http_config eval
redis('ACL', 'SETUSER', 'edge', 'on', '>open sesame', '~*', '+@all');
redis('ACL', 'SETUSER', 'default', 'resetpass', '>other');
http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} "
    . 'user=edge password_file=$TEST_NGINX_HTML_DIR/redis.password')
--- user_files
>>> redis.password
open sesame
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",
