# The parameters of aidial_recording_redis, but for the password's.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: redis parameter - timeout=9ms - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} timeout=9ms")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "timeout=9ms", expected a time of 10ms to 10s



=== TEST 2: redis parameter - timeout=11s - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} timeout=11s")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "timeout=11s", expected a time of 10ms to 10s



=== TEST 3: redis parameter - timeout= - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} timeout=")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "timeout=", expected a time of 10ms to 10s



=== TEST 4: redis parameter - timeout=soon - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} timeout=soon")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "timeout=soon", expected a time of 10ms to 10s



=== TEST 5: redis parameter - connect_timeout=0 - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} connect_timeout=0")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "connect_timeout=0", expected a time of 10ms to 10s



=== TEST 6: redis parameter - connect_timeout=1m - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} connect_timeout=1m")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "connect_timeout=1m", expected a time of 10ms to 10s



=== TEST 7: redis parameter - connections=0 - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} connections=0")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "connections=0", expected a number of 1 to 16



=== TEST 8: redis parameter - connections=17 - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} connections=17")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "connections=17", expected a number of 1 to 16



=== TEST 9: redis parameter - connections=-1 - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} connections=-1")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "connections=-1", expected a number of 1 to 16



=== TEST 10: redis parameter - connections=two - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} connections=two")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "connections=two", expected a number of 1 to 16



=== TEST 11: redis parameter - user= - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} user=")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "user=", expected the name of a Redis user



=== TEST 12: redis parameter - unknown db=1 - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} db=1")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "db=1", which is no parameter of it, expected timeout=, connect_timeout=, connections=, user=, password_file=, tls_ca=, tls_name= or eviction=



=== TEST 13: redis parameter - unknown timeout - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} timeout")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "timeout", which is no parameter of it, expected timeout=, connect_timeout=, connections=, user=, password_file=, tls_ca=, tls_name= or eviction=



=== TEST 14: redis parameter - unknown Timeout=1s - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} Timeout=1s")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "Timeout=1s", which is no parameter of it, expected timeout=, connect_timeout=, connections=, user=, password_file=, tls_ca=, tls_name= or eviction=



=== TEST 15: redis parameter - tls_ca without TLS - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} tls_ca=/x")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "tls_ca=/x" without TLS, expected "rediss://" or "sentinels://"



=== TEST 16: redis parameter - tls_name without TLS - does not start
--- http_config eval: http_config(redis => "redis://127.0.0.1 tls_name=x")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "tls_name=x" without TLS, expected "rediss://" or "sentinels://"



=== TEST 17: redis parameter - eviction=yes - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} eviction=yes")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "eviction=yes", expected eviction=allowed



=== TEST 18: redis parameter - twice - does not start
--- http_config eval: http_config(redis => "unix:$ENV{TEST_NGINX_REDIS_SOCK} timeout=1s timeout=1s")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "timeout=" twice, expected it once



=== TEST 19: redis parameter - tls_ca with Sentinels without TLS - does not start
--- http_config eval: http_config(redis => "sentinel://127.0.0.1/m tls_ca=/x")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "tls_ca=/x" without TLS, expected "rediss://" or "sentinels://"



=== TEST 20: redis parameter - tls_ca= - does not start
--- http_config eval: http_config(redis => "rediss://127.0.0.1 tls_ca=")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "tls_ca=", expected the name of a file with certificates



=== TEST 21: redis parameter - tls_name= - does not start
--- http_config eval: http_config(redis => "rediss://127.0.0.1 tls_name=")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "tls_name=", expected the name in the server's certificate



=== TEST 22: redis parameter - tls_ca that is not there - does not start
--- http_config eval: http_config(redis => "rediss://127.0.0.1 tls_ca=/no/such/file")
--- must_die
--- error_log
[emerg]
SSL_CTX_load_verify_locations("/no/such/file") failed
"aidial_recording_redis" has "tls_ca=/no/such/file", expected a readable file with certificates of authorities in PEM format



=== TEST 23: redis parameter - tls_ca that has no certificate - does not start
--- http_config eval: http_config(redis => "rediss://127.0.0.1 tls_ca=/etc/passwd")
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "tls_ca=/etc/passwd", expected a readable file with certificates of authorities in PEM format



=== TEST 24: redis parameter - rediss with the system's authorities - starts
--- http_config eval: http_config(redis => "rediss://127.0.0.1:1")
--- request
GET /api/calls/c_9/status
--- error_code: 401
