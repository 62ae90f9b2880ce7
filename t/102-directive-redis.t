# aidial_recording_redis: where Redis is.  What it does not take is in
# 108-directive-redis-parameters.t and 109-directive-redis-url.t.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Problem;

# the private Redis listens on a port as well

my $port;

sub tcp_port {
    return $port if $port;

    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die "no free port: $!";
    $port = $socket->sockport;
    close $socket;
    redis('CONFIG', 'SET', 'bind', '127.0.0.1 -::1');
    redis('CONFIG', 'SET', 'port', $port);

    return $port;
}

{
    no warnings 'once';
    *Test::Base::Filter::tcp_port = \&tcp_port;
}

run_tests();

__DATA__

=== TEST 1: redis - unix socket - 200
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 2: redis - unix socket with a database - 200
--- http_config eval: http_config(redis => 'unix:' . $ENV{TEST_NGINX_REDIS_SOCK} . ':3')
--- init
redis('SWAPDB', 0, 3);
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 3: redis - unix socket, records in another database - 401 session_required
--- http_config eval: http_config(redis => 'unix:' . $ENV{TEST_NGINX_REDIS_SOCK} . ':2')
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- problem: 401 session_required



=== TEST 4: redis - address and port - 200
--- http_config eval: http_config(redis => 'redis://127.0.0.1:' . tcp_port())
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 5: redis - address, port and database - 200
--- http_config eval: http_config(redis => 'redis://127.0.0.1:' . tcp_port() . '/5')
--- init
redis('SWAPDB', 0, 5);
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 6: redis - host name - 200
--- http_config eval: http_config(redis => 'redis://localhost:' . tcp_port() . '/0')
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 7: redis - IPv6 address - 200
--- http_config eval: http_config(redis => 'redis://[::1]:' . tcp_port())
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 8: redis - all parameters - 200
--- http_config eval
http_config(redis => 'unix:' . $ENV{TEST_NGINX_REDIS_SOCK}
    . ' timeout=10s connect_timeout=2s connections=16')
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- error_code: 200
--- response_body_like: ^\{"call_id":"c_9",



=== TEST 9: redis - the least of the parameters - starts
--- http_config eval
http_config(redis => 'unix:' . $ENV{TEST_NGINX_REDIS_SOCK}
    . ' timeout=10ms connect_timeout=10ms connections=1')
--- request
GET /api/calls/c_9/status
--- problem: 401 session_required
