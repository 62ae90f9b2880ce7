# What aidial_recording_session_format does not take.

use lib 't/lib';
use Test::Aidial 'no_plan';

$ENV{TEST_NGINX_HTML_DIR} = html_dir();

run_tests();

__DATA__

=== TEST 1: session format - JWT - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format JWT;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "JWT", expected "opaque", "signed" or "jwt"



=== TEST 2: session format - Signed - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format Signed;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "Signed", expected "opaque", "signed" or "jwt"



=== TEST 3: session format - plain - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format plain;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "plain", expected "opaque", "signed" or "jwt"



=== TEST 4: session format - opaque with a parameter - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format opaque secret_file=/x;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "secret_file=/x", expected no parameter after "opaque"



=== TEST 5: session format - signed without a file - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "signed", expected "secret_file=" after "signed"



=== TEST 6: session format - signed with an empty file name - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "signed", expected "secret_file=" after "signed"



=== TEST 7: session format - signed with an unknown parameter - does not start
--- user_files
>>> secret
hush
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret alg=HS256;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "alg=HS256", expected "secret_file=", "prefix=" or "padding="



=== TEST 8: session format - secret file that is not there - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" cannot read "
html/secret", expected a readable file



=== TEST 9: session format - secret file that is empty - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=/dev/null;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format": "/dev/null" is empty, expected 1 to 4096 bytes



=== TEST 10: session format - secret file of empty lines - does not start
--- user_files eval: ">>> secret\n\n\r\n\n"
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "
html/secret", expected a file with a secret on each line



=== TEST 11: session format - secret file over 4096 bytes - does not start, does not say it
--- user_files eval: ">>> secret\n" . 'hush' x 1025
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format": "
html/secret" is too large, expected 1 to 4096 bytes
--- no_error_log
hushhush



=== TEST 12: session format - twice in a location - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format opaque;
        aidial_recording_session_format opaque;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" directive is duplicate



=== TEST 13: session format - secret_file= twice - does not start
--- user_files
>>> secret
hush
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=$TEST_NGINX_HTML_DIR/secret secret_file=/y;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "secret_file=/y", expected each parameter once



=== TEST 14: session format - prefix= twice - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=/x prefix= prefix=;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "prefix=", expected each parameter once



=== TEST 15: session format - padding= twice - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=/x padding=keep padding=strip;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "padding=strip", expected each parameter once



=== TEST 16: session format - padding=both - does not start
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_session_format signed secret_file=/x padding=both;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_session_format" does not take "padding=both", expected "padding=strip" or "padding=keep"
