# URLs that aidial_recording_redis does not take.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: redis - another scheme - does not start
--- http_config eval: http_config(redis => 'http://127.0.0.1:6379')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "http://127.0.0.1:6379"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 2: redis - no scheme - does not start
--- http_config eval: http_config(redis => '127.0.0.1:6379')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "127.0.0.1:6379"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 3: redis - no host - does not start
--- http_config eval: http_config(redis => 'redis://')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 4: redis - unix without a path - does not start
--- http_config eval: http_config(redis => 'unix:')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "unix:"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 5: redis - unix with a relative path - does not start
--- http_config eval: http_config(redis => 'unix:redis.sock')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "unix:redis.sock"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 6: redis - database that is no number - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/one')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/one"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 7: redis - database over 65535 - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/65536')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/65536"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 8: redis - empty database - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 9: redis - unix, database that is no number - does not start
--- http_config eval: http_config(redis => 'unix:/run/redis.sock:x')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "unix:/run/redis.sock:x"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 10: redis - query - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/0?x=1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/0?x=1"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 11: redis - port out of range - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1:65536')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1:65536"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 12: redis - fragment - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1#1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1#1"
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 13: redis - name that does not resolve - does not start
--- http_config eval: http_config(redis => 'redis://no-such-host.invalid')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://no-such-host.invalid", host not found
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 14: redis - rediss - does not start
--- http_config eval: http_config(redis => 'rediss://127.0.0.1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "rediss://127.0.0.1", which is not supported by this version
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 15: redis - sentinel - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1/m')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1/m", which is not supported by this version
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 16: redis - sentinels - does not start
--- http_config eval: http_config(redis => 'sentinels://127.0.0.1/m')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinels://127.0.0.1/m", which is not supported by this version
expected redis://host[:port][/db] or unix:/path[:db]



=== TEST 17: redis - twice - does not start
--- http_config eval
http_config(extra => 'aidial_recording_redis unix:/x;')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" directive is duplicate
