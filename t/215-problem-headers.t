# The headers of the module's own answers win over what the operator says about
# caching; what else the operator says stays.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

our $LOUD = <<'END';
    expires 1d;
    add_header Cache-Control "public, max-age=60" always;
    add_header X-Content-Type-Options "sniff" always;
    add_header Pragma "x" always;
    add_header X-Operator "stays" always;
    error_page 400 401 403 404 405 413 415 503 =200 /pretty;
    location = /pretty { return 200 "pretty\n"; }
END

run_tests();

__DATA__

=== TEST 1: headers - 401, expires, add_header and error_page - ours
--- config eval: $::LOUD . locations()
--- request
GET /api/calls/c_9/status
--- problem: 401 session_required
--- response_headers
X-Operator: stays
Expires:
Pragma:



=== TEST 2: headers - 404 - ours
--- config eval: $::LOUD . locations()
--- request
GET /api/calls/c_none/status
--- more_headers
Cookie: aidial_session=s_1
--- problem: 404 recording_not_found
--- response_headers
X-Operator: stays
Expires:
Pragma:



=== TEST 3: headers - 405 - ours, with Allow
--- config eval: $::LOUD . locations()
--- request
GET /api/calls/c_9/grant
--- problem: 405 method_not_allowed
--- response_headers
X-Operator: stays
Allow: POST
Expires:



=== TEST 4: headers - 403 of the policy - ours
--- config eval: $::LOUD . locations()
--- init
call(consent => 'denied');
--- request
POST /api/calls/c_9/grant
{"action": "playback"}
--- more_headers eval: portal() . "\nContent-Type: application/json"
--- problem: 403 recording_blocked consent_denied
--- response_headers
X-Operator: stays
Expires:



=== TEST 5: headers - 400, 413 and 415 - ours
--- config eval: $::LOUD . locations()
--- request
POST /api/calls/c_9/grant
action=playback
--- more_headers eval: portal() . "\nContent-Type: text/plain"
--- problem: 415 unsupported_media_type
--- response_headers
X-Operator: stays
Expires:



=== TEST 6: headers - 503 - ours, with Retry-After
--- http_config eval: http_config(redis => 'unix:/nowhere/redis.sock')
--- config eval: $::LOUD . locations()
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- problem: 503 service_unavailable
--- response_headers_like
Retry-After: [1-9][0-9]*
--- response_headers
X-Operator: stays
Expires:
--- no_error_log
[alert]



=== TEST 7: headers - 200 of the status - ours
--- config eval: $::LOUD . locations()
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_headers
Content-Type: application/json
Cache-Control: no-store
X-Content-Type-Options: nosniff
X-Operator: stays
Expires:
Pragma:
ETag:
Last-Modified:



=== TEST 8: headers - 201 of the grant - ours
--- config eval: $::LOUD . locations()
--- request
POST /api/calls/c_9/grant
{"action": "playback"}
--- more_headers eval: portal() . "\nContent-Type: application/json"
--- error_code: 201
--- response_headers
Content-Type: application/json
Cache-Control: no-store
X-Operator: stays
Expires:



=== TEST 9: headers - error_page with a named location - ours
--- config eval
'error_page 401 @login; location @login { return 302 /login; }' . locations()
--- request
GET /api/calls/c_9/status
--- problem: 401 session_required
--- response_headers
Location:



=== TEST 10: headers - other answers of the server keep what the operator says
--- config eval: $::LOUD . locations('location = /x { return 200 "x\n"; }')
--- request
GET /x
--- error_code: 200
--- response_headers_like
Cache-Control: .*public, max-age=60
--- response_headers
X-Content-Type-Options: sniff



=== TEST 11: headers - charset of the operator's - the answer as it is
--- http_config eval
http_config(extra => 'charset utf-8; charset_types *;')
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_headers
Content-Type: application/json
Content-Length: 255
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 12: headers - gzip and sub_filter of the operator's - the answer as it is
--- http_config eval
http_config(extra => 'gzip on; gzip_types *; gzip_min_length 1;
                      sub_filter_types *; sub_filter c_9 c_8;')
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
Accept-Encoding: gzip
--- error_code: 200
--- response_headers
Content-Encoding:
Cache-Control: no-store
X-Content-Type-Options: nosniff
Content-Length: 255
--- response_body_like: ^\{"call_id":"c_9",
