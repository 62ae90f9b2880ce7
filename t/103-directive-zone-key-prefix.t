# aidial_recording_zone and aidial_recording_key_prefix.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: zone - 32k, the least - 200
--- http_config eval: http_config(zone => 'edge:32k')
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",


=== TEST 2: zone - edge - does not start
--- http_config eval: http_config(zone => 'edge')
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" does not take "edge", expected "name:size"


=== TEST 3: zone - edge: - does not start
--- http_config eval: http_config(zone => 'edge:')
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" does not take "edge:", expected "name:size"


=== TEST 4: zone - edge:x - does not start
--- http_config eval: http_config(zone => 'edge:x')
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" does not take "edge:x", expected "name:size"


=== TEST 5: zone - :1m - does not start
--- http_config eval: http_config(zone => ':1m')
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" does not take ":1m", expected "name:size"


=== TEST 6: zone - edge:1q - does not start
--- http_config eval: http_config(zone => 'edge:1q')
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" does not take "edge:1q", expected "name:size"


=== TEST 7: zone - 31k - does not start
--- http_config eval: http_config(zone => 'edge:31k')
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" does not take "edge:31k", expected a size of at least eight pages


=== TEST 8: zone - two parameters - does not start
--- http_config eval: http_config(zone => 'edge:1m more')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_zone" directive


=== TEST 9: zone - twice - does not start
--- http_config eval: http_config(extra => 'aidial_recording_zone other:1m;')
--- must_die
--- error_log
[emerg]
"aidial_recording_zone" directive is duplicate


=== TEST 10: zone - name of another module's zone - does not start
--- http_config eval
http_config(zone => 'one:1m',
            extra => 'limit_req_zone $uri zone=one:1m rate=1r/s;')
--- must_die
--- error_log
[emerg]
"one"


=== TEST 11: key prefix - another one - 200
--- http_config eval
http_config(extra => 'aidial_recording_key_prefix "portal-eu:";')
--- init
redis('RENAME', "aidial:$_", "portal-eu:$_") for qw(session:s_1 call:c_9 tenant:t_1);
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",


=== TEST 12: key prefix - empty - 200
--- http_config eval
http_config(extra => 'aidial_recording_key_prefix "";')
--- init
redis('RENAME', "aidial:$_", "$_") for qw(session:s_1 call:c_9 tenant:t_1);
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",


=== TEST 13: key prefix - with a percent sign - 200
--- http_config eval
http_config(extra => 'aidial_recording_key_prefix "50%%V:";')
--- init
redis('RENAME', "aidial:$_", "50%%V:$_") for qw(session:s_1 call:c_9 tenant:t_1);
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",


=== TEST 14: key prefix - records under the default one - 401 session_required
--- http_config eval
http_config(extra => 'aidial_recording_key_prefix "portal-eu:";')
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- problem: 401 session_required


=== TEST 15: key prefix - revocation under it - 401 session_required
--- http_config eval
http_config(extra => 'aidial_recording_key_prefix "x:";')
--- init
redis('RENAME', "aidial:$_", "x:$_") for qw(session:s_1 call:c_9 tenant:t_1);
redis('SET', 'x:revoked-before:t_1:u_81', time);
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- problem: 401 session_required


=== TEST 16: key prefix - twice - does not start
--- http_config eval
http_config(extra => 'aidial_recording_key_prefix a:;
                      aidial_recording_key_prefix b:;')
--- must_die
--- error_log
[emerg]
"aidial_recording_key_prefix" directive is duplicate


=== TEST 17: key prefix - no text - does not start
--- http_config eval
http_config(extra => 'aidial_recording_key_prefix ;')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_key_prefix" directive
