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
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 2: redis - no scheme - does not start
--- http_config eval: http_config(redis => '127.0.0.1:6379')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "127.0.0.1:6379"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 3: redis - no host - does not start
--- http_config eval: http_config(redis => 'redis://')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 4: redis - unix without a path - does not start
--- http_config eval: http_config(redis => 'unix:')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "unix:"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 5: redis - unix with a relative path - does not start
--- http_config eval: http_config(redis => 'unix:redis.sock')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "unix:redis.sock"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 6: redis - database that is no number - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/one')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/one"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 7: redis - database over 65535 - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/65536')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/65536"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 8: redis - empty database - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 9: redis - unix, database that is no number - does not start
--- http_config eval: http_config(redis => 'unix:/run/redis.sock:x')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "unix:/run/redis.sock:x"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 10: redis - query - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1/0?x=1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1/0?x=1"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 11: redis - port out of range - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1:65536')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1:65536"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 12: redis - fragment - does not start
--- http_config eval: http_config(redis => 'redis://127.0.0.1#1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://127.0.0.1#1"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 13: redis - name that does not resolve - does not start
--- http_config eval: http_config(redis => 'redis://no-such-host.invalid')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "redis://no-such-host.invalid", host not found
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 14: redis - rediss, name that does not resolve - does not start
--- http_config eval: http_config(redis => 'rediss://no-such-host.invalid')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "rediss://no-such-host.invalid", host not found
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 15: redis - rediss, database that is no number - does not start
--- http_config eval: http_config(redis => 'rediss://127.0.0.1/x')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "rediss://127.0.0.1/x"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 16: redis - rediss, unix socket - does not start
--- http_config eval: http_config(redis => 'rediss://unix:/run/redis.sock')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "rediss://unix:/run/redis.sock"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 17: redis - sentinel, no name - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 18: redis - sentinel, empty name - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1/')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1/"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 19: redis - sentinel, empty name and a database - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1//1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1//1"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 20: redis - sentinel, name with a blank - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1/a%20b')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1/a%20b"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 21: redis - sentinel, database that is no number - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1/m/x')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1/m/x"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 22: redis - sentinel, no host - does not start
--- http_config eval: http_config(redis => 'sentinel:///m')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel:///m", no host
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 23: redis - sentinel, an empty host - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1,,[::1]/m')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1,,[::1]/m", no host
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 24: redis - sentinel, a comma at the end - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1,/m')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1,/m", no host
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 25: redis - sentinel, a name that does not resolve - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1,no-such-host.invalid/m')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1,no-such-host.invalid/m", host not found
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 26: redis - sentinel, port out of range - does not start
--- http_config eval: http_config(redis => 'sentinel://127.0.0.1:65536/m')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinel://127.0.0.1:65536/m", invalid port
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 27: redis - sentinels, no name - does not start
--- http_config eval: http_config(redis => 'sentinels://127.0.0.1')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" has "sentinels://127.0.0.1"
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 28: redis - sentinel, 17 of them - does not start
--- http_config eval: http_config(redis => 'sentinel://' . '127.0.0.1,' x 16 . '127.0.0.1/m')
--- must_die
--- error_log
[emerg]
/m", more than 16 Sentinels
expected redis[s]://host[:port][/db], unix:/path[:db] or sentinel[s]://host[:port][,...]/name[/db]



=== TEST 29: redis - twice - does not start
--- http_config eval
http_config(extra => 'aidial_recording_redis unix:/x;')
--- must_die
--- error_log
[emerg]
"aidial_recording_redis" directive is duplicate
