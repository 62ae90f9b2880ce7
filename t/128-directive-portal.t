# aidial_recording_session_introspect and aidial_recording_call_fetch: what they
# take, and what of it is inherited.

use lib 't/lib';
use Test::Aidial 'no_plan';

# a location for the portal's answers, which say which one was asked

sub Test::Base::Filter::with_answers {
    my $me = json({ user_id => 'u_81', role => 'client_admin',
                    tenant_id => 't_1', client_id => 'cl_1',
                    project_ids => [ '*' ] });

    return locations(<<"END");
    location = /_me { internal; return 200 '$me'; }
    location = /_nobody { internal; return 401; }
    location = /_call {
        internal;
        if (\$arg_call = "") { return 404; }
        return 200 '{"tenant_id":"t_1","client_id":"cl_1","project_id":"p_1"}';
    }
    $_[-1]
END
}

repeat_each(1);
run_tests();

__DATA__

=== TEST 1: introspect - in http - inherited
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_me;')
--- config with_answers
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=anything at all
--- error_code: 200



=== TEST 2: introspect - off - the cookie's own format
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_me;')
--- config with_answers
    location ~ ^/off/(.*)$ {
        aidial_recording_session_introspect off;
        aidial_recording status $1;
    }
--- request
GET /off/c_9
--- more_headers
Cookie: aidial_session=unknown
--- error_code: 401



=== TEST 3: introspect - a format further inside takes its place
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_me;')
--- config with_answers
    location ~ ^/opaque/(.*)$ {
        aidial_recording_session_format opaque;
        aidial_recording status $1;
    }
--- request
GET /opaque/c_9
--- more_headers
Cookie: aidial_session=unknown
--- error_code: 401



=== TEST 4: introspect - on the level of a format - asked
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_nobody; aidial_recording_session_format opaque;')
--- config with_answers
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 401



=== TEST 5: introspect - another one further inside
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_nobody;')
--- config with_answers
    location ~ ^/inside/(.*)$ {
        aidial_recording_session_introspect /_me;
        aidial_recording status $1;
    }
--- request
GET /inside/c_9
--- more_headers
Cookie: aidial_session=x
--- error_code: 200



=== TEST 6: call_fetch - in http - inherited
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch /_call ttl=1h;')
--- config with_answers
--- request
GET /api/calls/c_new/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: "call_id":"c_new"



=== TEST 7: call_fetch - off - not asked
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch /_call;')
--- config with_answers
    location ~ ^/off/(.*)$ {
        aidial_recording_call_fetch off;
        aidial_recording status $1;
    }
--- request
GET /off/c_new
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 404



=== TEST 8: introspect - no path - emerg
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect http://portal/;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_session_introspect" does not take "http:\/\/portal\/", expected the URI of an internal location/



=== TEST 9: introspect - arguments - emerg
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_me?a=1;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_session_introspect" does not take "\/_me\?a=1"/



=== TEST 10: introspect - a variable - emerg
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_$uri;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_session_introspect" does not take "\/_\$uri"/



=== TEST 11: introspect - twice - emerg
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect /_me; aidial_recording_session_introspect off;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_session_introspect" directive is duplicate/



=== TEST 12: introspect - empty - emerg
--- http_config eval: http_config(extra => 'aidial_recording_session_introspect "";')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_session_introspect" does not take ""/



=== TEST 13: call_fetch - no path - emerg
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch record;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_call_fetch" does not take "record"/



=== TEST 14: call_fetch - ttl of nothing - emerg
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch /_call ttl=0;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_call_fetch" does not take "ttl=0", expected "ttl=" with 1 second to 1 hour/



=== TEST 15: call_fetch - ttl of more than an hour - emerg
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch /_call ttl=3601;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_call_fetch" does not take "ttl=3601"/



=== TEST 16: call_fetch - ttl that is no time - emerg
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch /_call ttl=soon;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_call_fetch" does not take "ttl=soon"/



=== TEST 17: call_fetch - unknown parameter - emerg
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch /_call max=1;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_call_fetch" does not take "max=1"/



=== TEST 18: call_fetch - off with a ttl - emerg
--- http_config eval: http_config(extra => 'aidial_recording_call_fetch off ttl=1s;')
--- must_die
--- error_log eval
qr/\[emerg\] .*"aidial_recording_call_fetch" does not take "ttl=1s"/
