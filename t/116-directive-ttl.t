# aidial_recording_playback_ttl and aidial_recording_download_ttl.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: playback_ttl - default - 201
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":300,



=== TEST 2: playback_ttl - in http - 201
--- http_config eval
http_config(extra => 'aidial_recording_playback_ttl 10m;')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":600,



=== TEST 3: playback_ttl - server over http - 201
--- http_config eval
http_config(extra => 'aidial_recording_playback_ttl 10m;')
--- config
    aidial_recording_playback_ttl 90;
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":90,



=== TEST 4: playback_ttl - location over server - 201
--- config
    aidial_recording_playback_ttl 90;
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_playback_ttl 1h;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":3600,



=== TEST 5: download_ttl - default - 201
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "download", "confirm": true}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":60,



=== TEST 6: download_ttl - in http - 201
--- http_config eval
http_config(extra => 'aidial_recording_download_ttl 30s;')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "download", "confirm": true}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":30,



=== TEST 7: download_ttl - server over http - 201
--- http_config eval
http_config(extra => 'aidial_recording_download_ttl 30s;')
--- config
    aidial_recording_download_ttl 20s;
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_playback_ttl 1h;
    }
--- request
POST /g/
{"action": "download", "confirm": true}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":20,



=== TEST 8: download_ttl - location over server - 201
--- config
    aidial_recording_download_ttl 20s;
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_download_ttl 2m;
    }
--- request
POST /g/
{"action": "download", "confirm": true}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201
--- response_body_like: "expires_in":120,
