# What nginx's own directives refuse in a media location spends nothing.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $dir = dir();

open my $out, '>', "$dir/users" or die "$dir/users: $!";
print $out "u:{PLAIN}p\n";
close $out;
chmod 0644, "$dir/users";

my @cases = (
    [ 'deny', 403, 'deny all;' ],
    [ 'allow', 403, 'allow 10.0.0.1; deny all;' ],
    [ 'basic', 401, "auth_basic realm; auth_basic_user_file $dir/users;" ],
    [ 'basic-none', 401, "auth_basic realm; auth_basic_user_file $dir/none;" ],
    [ 'request-403', 403, 'auth_request /auth/403;' ],
    [ 'request-401', 401, 'auth_request /auth/401;' ],
    [ 'request-500', 500, 'auth_request /auth/500;' ],
    [ 'request-none', 500, 'auth_request /none;' ],
    [ 'if-return', 403, 'if ($http_host) { return 403; }' ],
    [ 'return', 403, 'return 403;' ],
    [ 'limit', 503, 'limit_req zone=req;' ],
    [ 'conn', 503, 'limit_conn conn 1;' ],
    [ 'secure-link', 403, 'secure_link $http_x,$http_y; secure_link_md5 x; '
                          . 'if ($secure_link = "") { return 403; }' ],
);

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => <<'END'),
    limit_req_zone $server_protocol zone=req:1m rate=1r/m;
    limit_conn_zone $server_protocol zone=conn:1m;
END
    server => join "\n", 'location = /fill-req { limit_req zone=req; '
        . 'return 204; }',
    'location /auth/ { internal; location = /auth/403 { return 403; } '
        . 'location = /auth/401 { return 401; } '
        . 'location = /auth/500 { return 500; } '
        . 'location = /auth/204 { return 204; } }',
    'location /slow/ { limit_conn conn 1; limit_rate 1; '
        . 'proxy_pass http://origin/; }',
    'location /ok/ { aidial_recording media; auth_request /auth/204; '
        . 'auth_basic realm; auth_basic_user_file ' . "$dir/users; "
        . 'allow all; proxy_pass http://origin/; }',
    map { "location /$_->[0]/ { aidial_recording media; $_->[2] "
          . 'proxy_pass http://origin/; }' } @cases);

records();

# the limits are used up before: one request a minute, one connection

my $holds = $nginx->client;

$nginx->client->get('/limit/x', session());
$holds->send_request('GET', '/slow/t_1/2026/c_9.mp3');
$holds->read_bytes(1);

for my $case (@cases) {
    my ($door, $status, $conf) = @$case;

    for my $method (qw(GET HEAD)) {
        my $id = substr "$door-$method" . 'x' x 16, 0, 16;
        my $token = grant(action => 'download', id => $id);
        my $client = $nginx->client;

        $client->send_request($method, "/$door/$token", undef, session());
        my $answer = $client->response(head => $method eq 'HEAD');
        $client->close;

        is($answer->{status}, $status, "$door - $method - $status");
        unlike($answer->{body}, qr/0123456789/, "$door - $method - no byte");
        is(redis('HGET', 'aidial:{t_1}:grant:' . unpack('H*', $id), 'state'),
            'fresh', "$door - $method - nothing redeemed");

        my $mac = substr $token, -43;

        is_deeply([ grep { !/\[debug\]/ && /\Q$mac/ } $nginx->log ], [],
            "$door - $method - no usable token in the error log");
    }
}

$holds->abort;

# ---- they let pass: the module still judges

my $basic = 'Authorization: Basic dTpw';
my $ok = '/ok/' . grant(action => 'download');

is_answer($nginx->client->get($ok, $basic), 'session_required',
    'all of nginx is content, no session - 401 session_required');
is($nginx->client->get($ok, session())->{status}, 401,
    'no password - 401 of nginx');
is_answer($nginx->client->get($ok, session(), $basic), '200',
    'all are content - 200', disposition => attachment('call-c_9.mp3'));
is_answer($nginx->client->get($ok, session(), $basic), 'grant_used',
    'all are content, again - 410');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->log(qr/\[(?:alert|emerg)\]/) ], [],
    'nothing alarming in the error log');

done_testing();
