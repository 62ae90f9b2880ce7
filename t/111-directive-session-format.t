# aidial_recording_session_format: what may be said, and where it holds.  What
# a signed cookie is believed for is in 203-session-signed.t.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;
use Digest::SHA 'hmac_sha256_base64';

$ENV{TEST_NGINX_HTML_DIR} = html_dir();

sub signed {
    my ($secret, $prefix) = @_;

    return 'Cookie: aidial_session=' . ($prefix // 's%3A') . 's_1.'
        . hmac_sha256_base64('s_1', $secret) =~ s/\+/%2B/gr =~ s/\//%2F/gr;
}

{
    no warnings 'once';
    *Test::Base::Filter::signed = \&signed;
}

run_tests();

__DATA__

=== TEST 1: session format - opaque - 200
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format opaque;
    }
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 2: session format - signed in http - 200
--- user_files
>>> secret
hush
--- http_config eval
http_config(extra => 'aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;')
--- config
    location /s/ { aidial_recording status c_9; }
--- request
GET /s/
--- more_headers eval: signed('hush')
--- error_code: 200



=== TEST 3: session format - signed in server, opaque in http - 200
--- user_files
>>> secret
hush
--- http_config eval
http_config(extra => 'aidial_recording_session_format opaque;')
--- config
    aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    location /s/ { aidial_recording status c_9; }
--- request
GET /s/
--- more_headers eval: signed('hush')
--- error_code: 200



=== TEST 4: session format - opaque in location, signed in server - 200
--- user_files
>>> secret
hush
--- config
    aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format opaque;
    }
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 5: session format - signed in location, another secret in server - 200
--- user_files
>>> secret
hush
>>> other
other
--- config
    aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/other;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    }
--- request
GET /s/
--- more_headers eval: signed('hush')
--- error_code: 200



=== TEST 6: session format - the server's secret and not the location's - 401 session_required
--- user_files
>>> secret
hush
>>> other
other
--- config
    aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/other;
    }
--- request
GET /s/
--- more_headers eval: signed('hush')
--- problem: 401 session_required



=== TEST 7: session format - opaque cookie where signed is asked for - 401 session_required
--- user_files
>>> secret
hush
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    }
--- request
GET /s/
--- more_headers
Cookie: aidial_session=s_1
--- problem: 401 session_required



=== TEST 8: session format - another prefix - 200
--- user_files
>>> secret
hush
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret prefix=t.;
    }
--- request
GET /s/
--- more_headers eval: signed('hush', 't.')
--- error_code: 200



=== TEST 9: session format - empty prefix - 200
--- user_files
>>> secret
hush
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret prefix=;
    }
--- request
GET /s/
--- more_headers eval: signed('hush', '')
--- error_code: 200



=== TEST 10: session format - secrets with CR LF, empty lines, no last end of line - 200
--- user_files eval: ">>> secret\n\r\n\nother\r\n\nhush"
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    }
--- request
GET /s/
--- more_headers eval: signed('hush')
--- error_code: 200
