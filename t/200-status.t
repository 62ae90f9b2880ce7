# The status answer, byte for byte.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: status - the example of the contract - 200, whole answer
--- init
call(media => { size_bytes => 2934000 });
tenant(recording_download => 0);
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_headers
Content-Type: application/json
Cache-Control: no-store
Content-Length: 280
--- response_body chomp
{"call_id":"c_9","consent":"granted","playback_compliance":"permitted","media":{"status":"available","content_type":"audio/mpeg","size_bytes":2934000,"duration_seconds":183.4},"playback":{"allowed":true,"reasons":[]},"download":{"allowed":false,"reasons":["missing_entitlement"]}}



=== TEST 2: status - HEAD - 200, the headers of GET, no body
--- request
HEAD /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_headers
Content-Type: application/json
Cache-Control: no-store
Content-Length: 255
--- response_body



=== TEST 3: status - a record with its owners alone - 200, nothing made up
--- init
call(raw => '{"tenant_id":"t_1","client_id":"cl_1","project_id":"p_1"}');
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body chomp
{"call_id":"c_9","consent":"missing","playback_compliance":"missing_evidence","media":{"status":"not_generated"},"playback":{"allowed":false,"reasons":["consent_missing","compliance_missing_evidence","media_not_generated"]},"download":{"allowed":false,"reasons":["consent_missing","compliance_missing_evidence","media_not_generated"]}}



=== TEST 4: status - unknown members are ignored and not shown - 200
--- init
call(secret => 'x', media => { object => '/t_1/2026/c_9.mp3', note => 'y' });
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body chomp
{"call_id":"c_9","consent":"granted","playback_compliance":"permitted","media":{"status":"available","content_type":"audio/mpeg","size_bytes":1000,"duration_seconds":183.4},"playback":{"allowed":true,"reasons":[]},"download":{"allowed":true,"reasons":[]}}



=== TEST 5: status - arguments of the URL - 200
--- request
GET /api/calls/c_9/status?a=1&call=c_8
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 6: status - percent-encoded call id - 200
--- request
GET /api/calls/c%5f9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 7: status - call id of 128 characters - 200
--- init
call(id => 'x' x 128);
--- request eval: 'GET /api/calls/' . 'x' x 128 . '/status'
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like eval: '^\{"call_id":"' . 'x' x 128 . '",'



=== TEST 8: status - call id with all marks - 200
--- init
call(id => 'A-z_0.9:');
--- request
GET /api/calls/A-z_0.9:/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"A-z_0\.9:",



=== TEST 9: status - no cookie - 401 session_required
--- request
GET /api/calls/c_9/status
--- problem: 401 session_required



=== TEST 10: status - POST - 405 method_not_allowed
--- request
POST /api/calls/c_9/status
x=1
--- more_headers
Cookie: aidial_session=s_1
--- problem: 405 method_not_allowed
--- response_headers
Allow: GET, HEAD



=== TEST 11: status - HEAD without a session - 401, no body
--- request
HEAD /api/calls/c_9/status
--- error_code: 401
--- response_headers
Content-Type: application/problem+json
Cache-Control: no-store
X-Content-Type-Options: nosniff
WWW-Authenticate:
--- response_body



=== TEST 12: status - If-None-Match - 200, the state may have changed
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
If-None-Match: *
--- error_code: 200
--- response_headers
ETag:
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 13: status - If-Match - 200, there is no version to match
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
If-Match: "x"
--- error_code: 200
--- response_headers
Content-Type: application/json
Cache-Control: no-store
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 14: status - Range - 200, the whole answer
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
Range: bytes=0-1
--- error_code: 200
--- response_headers
Content-Range:
--- response_body_like: ^\{"call_id":"c_9",.*\}\}$
