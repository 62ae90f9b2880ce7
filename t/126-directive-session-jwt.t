# aidial_recording_session_format jwt: what starts.  Which tokens are
# believed is in t/unit/test_jwt.c, and which keys in t/unit/test_jwt_key.c.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;
use Cwd;

$ENV{TEST_NGINX_HTML_DIR} = html_dir();
$ENV{TEST_NGINX_JWT_KEYS} = getcwd() . '/t/data/jwt-keys';

run_tests();

__DATA__

=== TEST 1: session format jwt - secrets - starts, and nobody is signed in without a token
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=HS256 secret_file=$TEST_NGINX_JWT_KEYS/secrets-two;
    }
--- request
GET /s/
--- problem: 401 session_required
--- no_error_log
[warn]



=== TEST 2: session format jwt - secrets and a set - starts, and nobody is signed in without a token
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=HS256 secret_file=$TEST_NGINX_JWT_KEYS/secrets key_file=$TEST_NGINX_JWT_KEYS/rfc7515-a1.json;
    }
--- request
GET /s/
--- problem: 401 session_required
--- no_error_log
[warn]



=== TEST 3: session format jwt - RS256, two keys in a file - starts, and nobody is signed in without a token
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=$TEST_NGINX_JWT_KEYS/rs256-two.pem;
    }
--- request
GET /s/
--- problem: 401 session_required
--- no_error_log
[warn]



=== TEST 4: session format jwt - RS256, two files - starts, and nobody is signed in without a token
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=$TEST_NGINX_JWT_KEYS/rs256.pem key_file=$TEST_NGINX_JWT_KEYS/rs256-two.pem;
    }
--- request
GET /s/
--- problem: 401 session_required
--- no_error_log
[warn]



=== TEST 5: session format jwt - ES256, a set with one use - starts, and nobody is signed in without a token
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=ES256 key_file=$TEST_NGINX_JWT_KEYS/no-kid.json;
    }
--- request
GET /s/
--- problem: 401 session_required
--- no_error_log
[warn]



=== TEST 6: session format jwt - EdDSA with issuer and audience - starts, and nobody is signed in without a token
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=EdDSA key_file=$TEST_NGINX_JWT_KEYS/eddsa.pem iss=https://portal.example/ aud=recordings;
    }
--- request
GET /s/
--- problem: 401 session_required
--- no_error_log
[warn]



=== TEST 7: session format jwt - a set with keys for other uses - starts, and says how many it skips
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=ES256 key_file=$TEST_NGINX_JWT_KEYS/mixed.json;
    }
--- request
GET /s/
--- problem: 401 session_required
--- error_log eval
qr/\[warn\].*"aidial_recording_session_format" skips 6 keys of ".*jwt-keys\/mixed.json": they are not for signatures of ES256/
