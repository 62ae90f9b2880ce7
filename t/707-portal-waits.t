use strict;
use warnings;

# Requests that wait for the portal: one asks for all, also over workers; the
# client leaves, the worker quits, the edge is reloaded, over HTTP/1.1 and
# HTTP/2, and nothing is left and nothing is lost.

use lib 't/lib';
use Digest::SHA 'sha256_hex';
use Test::More;
use Test::Aidial::Fault qw(descriptors);
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

records();

my $scope = substr sha256_hex("cl_1\0p_1\0p_2\0"), 0, 32;
my $claim = "aidial:{t_1}:fetch-call:$scope/c_hang2";
my $call = redis('GET', 'aidial:call:c_9');
my $me = redis('GET', 'aidial:session:s_1');

# answers that take half a second

my $portal = Test::Aidial::Origin->start(
    (map { ("/record?call=$_&tenant=t_1" => slow($call)) }
     qw(c_many c_left c_quit c_reload)),
    (map { ("/record?call=$_&tenant=t_1" => 'never') } qw(c_hang c_hang2)),
    '/record?call=c_none&tenant=t_1' => [ "HTTP/1.1 404 X\r\n", ('') x 6,
                                          "Content-Length: 0\r\n\r\n" ],
    '/me' => slow($me));

my $h2 = dir() . '/h2.sock';
my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => http_config(extra => 'aidial_recording_call_fetch /_record;'
        . ' upstream portal { server unix:' . $portal->path . '; }'),
    server => locations(<<"END"));
    listen unix:$h2 http2;

    location = /_record {
        internal;
        proxy_pass http://portal/record;
        proxy_read_timeout 1s;
        proxy_next_upstream off;
    }

    location = /_me {
        internal;
        proxy_pass http://portal/me;
        proxy_next_upstream off;
    }

    location ~ ^/me/(.*)\$ {
        aidial_recording_session_introspect /_me;
        aidial_recording status \$1;
    }
END

ok(wait_for(sub { serving() }, 3), 'portal - before - served');

# twenty ask for what nobody has asked for, over two workers

for my $row ([ 'record', 'c_many', 200 ], [ 'no record', 'c_none', 404 ],
             [ 'no answer', 'c_hang', 503 ])
{
    my ($case, $id, $status) = @$row;
    my @clients = map { asking($id) } 1 .. 20;
    my @answers = map { $_->response(timeout => 5) } @clients;

    is_deeply([ map { $_ && $_->{status} } @answers ], [ ($status) x 20 ],
              "portal - twenty at once, $case - $status");
    is(scalar(() = $portal->requests), 1,
       "portal - twenty at once, $case - asked once");
}

my @workers = $nginx->workers;
my $before = descriptors($workers[0]) + descriptors($workers[1]);

# the one who asks leaves: another one asks

my $first = asking('c_left');
ok(asked(1), 'portal - left - asked');
my @others = map { asking('c_left') } 1 .. 3;
$first->abort;

is_deeply([ map { my $a = $_->response(timeout => 5); $a && $a->{status} }
            @others ], [ (200) x 3 ], 'portal - left - the others are served');
is(scalar(() = $portal->requests), 1, 'portal - left - one of them asked');
@others = ();

# clients that leave at every place, by every way; the next one is served

for my $path ('/api/calls/c_hang2/status', '/me/c_9') {
    for my $way (qw(close abort)) {
        my $client = $nginx->client;

        $portal->requests;
        $client->send_request('GET', $path, undef, session());
        ok(asked(1),
           "portal - $path, $way - asked");
        $client->$way;
        redis('DEL', $claim)
            if !wait_for { !redis('EXISTS', $claim) } 2;
    }

    my $client = Test::Aidial::Http2->new($h2);
    my $stream = $client->request('GET', $path, undef, session());

    ok(asked(1),
       "portal - $path, HTTP/2 - asked");
    $client->reset($stream);
    ok(wait_for(sub { !redis('EXISTS', $claim) }, 2),
       "portal - $path, HTTP/2 reset - the claim is given back");
}

ok(serving(), 'portal - clients gone - served');
ok(wait_for(sub { descriptors($workers[0]) + descriptors($workers[1])
                  <= $before }, 5), 'portal - clients gone - no socket left');

# a reload and a quit: who waits is answered

my @waiting = (asking('c_reload'), asking('c_reload'), asking_me());
ok(asked(2), 'portal - reload - asked');
ok($nginx->reload, 'portal - reload - done');
is_deeply([ map { my $a = $_->response(timeout => 5); $a && $a->{status} }
            @waiting ], [ 200, 200, 200 ], 'portal - reload - answered');

$portal->requests;
@waiting = (asking('c_quit'), asking('c_quit'), asking_me());
ok(asked(2), 'portal - quit - asked');
$nginx->signal('QUIT');
is_deeply([ map { my $a = $_->response(timeout => 5); $a && $a->{status} }
            @waiting ], [ 200, 200, 200 ], 'portal - quit - answered');

ok($nginx->stop, 'portal - nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'portal - nothing alarming');
done_testing();


sub slow {
    my ($body) = @_;

    return [ "HTTP/1.1 200 OK\r\n", ('') x 8,
             'Content-Length: ' . length($body) . "\r\n\r\n$body" ];
}


# so many questions reach the portal, from now on

sub asked {
    my ($n) = @_;
    my $seen = 0;

    return wait_for { ($seen += () = $portal->requests) >= $n } 2;
}


sub asking {
    my ($id) = @_;
    my $client = $nginx->client;

    $client->send_request('GET', "/api/calls/$id/status", undef,
                          'Cookie: aidial_session=s_1');
    return $client;
}


sub asking_me {
    my $client = $nginx->client;

    $client->send_request('GET', '/me/c_9', undef, 'Cookie: aidial_session=x');
    return $client;
}


sub serving {
    my $answer = $nginx->client->get('/api/calls/c_9/status',
                                     'Cookie: aidial_session=s_1');
    return $answer && $answer->{status} == 200;
}
