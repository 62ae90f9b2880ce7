# aidial_recording_session_format jwt: what does not start.  Which tokens are
# believed is in t/unit/test_jwt.c, and which keys in t/unit/test_jwt_key.c.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Cwd;

$ENV{TEST_NGINX_HTML_DIR} = html_dir();
$ENV{TEST_NGINX_JWT_KEYS} = getcwd() . '/t/data/jwt-keys';

run_tests();

__DATA__

=== TEST 1: session format jwt - without a parameter - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "jwt", expected "alg=" after "jwt"



=== TEST 2: session format jwt - without alg= - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt key_file=$TEST_NGINX_JWT_KEYS/rs256.pem;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "jwt", expected "alg=" after "jwt"



=== TEST 3: session format jwt - alg=none - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=none;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "alg=none", expected "alg=" HS256, RS256, ES256 or EdDSA, letter by letter



=== TEST 4: session format jwt - alg=rs256 - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=rs256;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "alg=rs256", expected "alg=" HS256, RS256, ES256 or EdDSA, letter by letter



=== TEST 5: session format jwt - alg= empty - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "alg=", expected "alg=" HS256, RS256, ES256 or EdDSA, letter by letter



=== TEST 6: session format jwt - alg= twice - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 alg=HS256;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "alg=HS256", expected each parameter once



=== TEST 7: session format jwt - iss= twice - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 iss=a iss=a;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "iss=a", expected each parameter once



=== TEST 8: session format jwt - aud= twice - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 aud=a aud=b;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "aud=b", expected each parameter once



=== TEST 9: session format jwt - secret_file= twice - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=HS256 secret_file=/x secret_file=/y;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "secret_file=/y", expected each parameter once



=== TEST 10: session format jwt - a key file twice - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=/x key_file=/x;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "key_file=/x", expected each file once



=== TEST 11: session format jwt - iss= empty - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 iss=;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "iss=", expected something behind the "="



=== TEST 12: session format jwt - key_file= empty - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "key_file=", expected something behind the "="



=== TEST 13: session format jwt - an unknown parameter - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 leeway=60;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "leeway=60", expected "alg=", "secret_file=", "key_file=", "iss=" or "aud="



=== TEST 14: session format jwt - HS256 without keys - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=HS256;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "jwt", expected "secret_file=" or "key_file=" for "HS256"



=== TEST 15: session format jwt - RS256 without keys - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "jwt", expected "key_file=" with public keys



=== TEST 16: session format jwt - RS256 with secrets - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 secret_file=$TEST_NGINX_JWT_KEYS/secrets;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
does not take "jwt", expected "key_file=" instead of "secret_file=" for an algorithm with public keys



=== TEST 17: session format jwt - a key file that is not there - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=$TEST_NGINX_JWT_KEYS/nothing;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/nothing", expected a readable file



=== TEST 18: session format jwt - an empty key file - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=/dev/null;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
"aidial_recording_session_format": "/dev/null" is empty, expected 1 to 65536 bytes



=== TEST 19: session format jwt - a short secret - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=HS256 secret_file=$TEST_NGINX_JWT_KEYS/secrets-short;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/secrets-short", expected a file with a secret of at least 32 bytes on each line



=== TEST 20: session format jwt - 17 secrets - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=HS256 secret_file=$TEST_NGINX_JWT_KEYS/secrets-17;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/secrets-17", expected at most 16 keys



=== TEST 21: session format jwt - HS256 with a public key - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=HS256 key_file=$TEST_NGINX_JWT_KEYS/rs256.pem;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/rs256.pem", expected a JWK Set of "oct" keys for "HS256"



=== TEST 22: session format jwt - a private key - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=ES256 key_file=$TEST_NGINX_JWT_KEYS/private.pem;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/private.pem", expected a public key, not the private one: that stays with the portal



=== TEST 23: session format jwt - a certificate - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=$TEST_NGINX_JWT_KEYS/certificate.pem;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/certificate.pem", expected a public key, not a certificate



=== TEST 24: session format jwt - an RSA key of 1024 bits - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=$TEST_NGINX_JWT_KEYS/rsa-1024.pem;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/rsa-1024.pem", expected an RSA key of 2048 to 8192 bits



=== TEST 25: session format jwt - a key of another type - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=EdDSA key_file=$TEST_NGINX_JWT_KEYS/rs256.pem;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/rs256.pem", expected an Ed25519 key for "EdDSA"



=== TEST 26: session format jwt - a set without a fitting key - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format jwt alg=RS256 key_file=$TEST_NGINX_JWT_KEYS/none-fits.json;
    }
--- must_die
--- error_log
[emerg]
aidial_recording_session_format"
jwt-keys/none-fits.json", expected a JWK Set with a signature key for the algorithm
