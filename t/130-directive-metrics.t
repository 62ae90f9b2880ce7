# aidial_recording_metrics: where it may stand, and what it answers with.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: metrics - a location of its own - 200, text
--- config
    location = /metrics {
        aidial_recording_metrics;
    }
--- request
GET /metrics
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
Cache-Control: no-store
--- response_body_like: \A# HELP aidial_recording_\w+ [^\n]+\n# TYPE aidial_recording_.*[0-9]\n\z



=== TEST 2: metrics - HEAD - 200, the same headers
--- config
    location = /metrics {
        aidial_recording_metrics;
    }
--- request
HEAD /metrics
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
--- response_body



=== TEST 3: metrics - POST - 405 with Allow
--- config
    location = /metrics {
        aidial_recording_metrics;
    }
--- request
POST /metrics
body
--- error_code: 405
--- response_headers
Allow: GET, HEAD



=== TEST 4: metrics - a charset and gzip are configured - the type stands
--- config
    location = /metrics {
        aidial_recording_metrics;
        charset koi8-r;
        gzip on;
        gzip_types text/plain;
    }
--- request
GET /metrics
--- more_headers
Accept-Encoding: gzip
--- response_headers
Content-Type: text/plain; version=0.0.4; charset=utf-8
Content-Encoding: gzip



=== TEST 5: metrics - allow and deny - 403
--- config
    location = /metrics {
        aidial_recording_metrics;
        allow 127.0.0.2;
        deny all;
    }
--- request
GET /metrics
--- error_code: 403



=== TEST 6: metrics - no location of the module - 200, all of it 0
--- config
    location = /metrics {
        aidial_recording_metrics;
    }
--- http_config eval
"aidial_recording_zone edge:32k;"
--- request
GET /metrics
--- response_body_like: aidial_recording_workers 0\n



=== TEST 7: metrics - no zone - does not start
--- http_config
--- config
    location = /metrics {
        aidial_recording_metrics;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_metrics" is used, but there is no "aidial_recording_zone", expected that directive in "http"



=== TEST 8: metrics - with a status endpoint - does not start
--- config
    location = /metrics {
        aidial_recording_metrics;
        aidial_recording status c_9;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_metrics" in location "/metrics" of "aidial_recording", expected a location of its own



=== TEST 9: metrics - with a media endpoint, the other way round - does not start
--- config
    location /metrics/ {
        aidial_recording media;
        aidial_recording_metrics;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_metrics" in location "/metrics/" of "aidial_recording", expected a location of its own



=== TEST 10: metrics - nested in a media endpoint - does not start
--- config
    location /recordings/ {
        aidial_recording media;
        location /recordings/metrics {
            aidial_recording_metrics;
        }
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_metrics" in location "/recordings/metrics" of "aidial_recording", expected a location of its own



=== TEST 11: metrics - twice - does not start
--- config
    location = /metrics {
        aidial_recording_metrics;
        aidial_recording_metrics;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_metrics" directive is duplicate



=== TEST 12: metrics - a parameter - does not start
--- config
    location = /metrics {
        aidial_recording_metrics on;
    }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_metrics" directive



=== TEST 13: metrics - in http - does not start
--- http_config eval: http_config(extra => 'aidial_recording_metrics;')
--- must_die
--- error_log
[emerg]
"aidial_recording_metrics" directive is not allowed here
