# aidial_recording_origin: where it holds.  What it means for a request is in
# 211-grant-cross-site.t.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

run_tests();

__DATA__

=== TEST 1: origin - in http - 201
--- http_config eval
http_config(extra => 'aidial_recording_origin https://portal.example.com;')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal() . "\nOrigin: https://portal.example.com"
--- error_code: 201
--- response_body_like: "action":"playback"



=== TEST 2: origin - several, the last one - 201
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://a.example https://b.example:8443;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal() . "\nOrigin: https://b.example:8443"
--- error_code: 201
--- response_body_like: "action":"playback"



=== TEST 3: origin - server over http - 201
--- http_config eval
http_config(extra => 'aidial_recording_origin https://a.example;')
--- config
    aidial_recording_origin https://b.example;
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal() . "\nOrigin: https://b.example"
--- error_code: 201
--- response_body_like: "action":"playback"



=== TEST 4: origin - location over server - 201
--- config
    aidial_recording_origin https://a.example;
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://b.example;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal() . "\nOrigin: https://b.example"
--- error_code: 201
--- response_body_like: "action":"playback"



=== TEST 5: origin - location over server, the outer one - 403 cross_site_request
--- config
    aidial_recording_origin https://a.example;
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin https://b.example;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal() . "\nOrigin: https://a.example"
--- problem: 403 cross_site_request



=== TEST 6: origin - IPv6 with a port - 201
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_origin "http://[::1]:8080";
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal() . "\nOrigin: http://[::1]:8080"
--- error_code: 201
--- response_body_like: "action":"playback"
