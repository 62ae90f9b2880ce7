use strict;
use warnings;

# One connection of a client carries any number of requests, whatever each of
# them is answered: nothing of one request is left for the next.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());

my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path . ' timeout=200ms');
my @pids = $nginx->workers;

prepare();
session(sid => 's_2', user_id => 'u_2', role => 'client_staff');
ok(serving($nginx, 'media', 2), 'keepalive - before - served');

my $client = $nginx->client;
my $spent = download_url();

is(ask($client, $spent)->{status}, 200, 'keepalive - download - 200');

# every kind of answer, in an order that has each behind each other one

my %ask = (
    'status 200' => sub { ask($client, 'status') },
    'grant 201' => sub { ask($client, 'grant') },
    'media 200' => sub { ask($client, 'media') },
    'range 206' => sub {
        $client->get(playback_url(), @WHO, 'Range: bytes=0-9') },
    'download 410' => sub { ask($client, $spent) },
    'forged 404' => sub { $client->get(media_url(token(key => 'x' x 32)),
                                       @WHO) },
    'nobody 401' => sub { $client->get('/api/calls/c_9/status') },
    'other 404' => sub { $client->get('/api/calls/c_0/status', @WHO) },
    'method 405' => sub { $client->post('/api/calls/c_9/status', 'x' x 100,
                                        @WHO) },
    'body 400' => sub { $client->post('/api/calls/c_9/grant', '{', @WHO) },
    'type 415' => sub { $client->post('/api/calls/c_9/grant', '{}', @WHO,
                                      'Content-Type: text/plain') },
    'site 403' => sub { $client->post('/api/calls/c_9/grant', 'x' x 200,
                                      $WHO[0], 'Origin: http://evil.test') },
    'blocked 403' => sub {
        $client->post('/api/calls/c_9/grant',
                      '{"action": "download", "confirm": true}',
                      'Cookie: aidial_session=s_2', $WHO[1]) },
    'away 503' => sub {
        override(GET => "-OOM x\r\n", HMGET => "-OOM x\r\n");
        my $answer = ask($client, 'status');
        override();
        $answer },
);

my @kinds = sort keys %ask;
my @wrong;

for my $first (@kinds) {
    for my $second (@kinds) {
        for my $kind ($first, $second) {
            my $answer = eval { $ask{$kind}->() };
            my ($status) = $kind =~ /(\d+)/;

            next if $answer && $answer->{status} == $status;

            push @wrong, "$kind: " . ($answer ? $answer->{status} : 'none')
                         . " ($first, $second)";
            $client = $nginx->client;
        }
    }
}

is(join("\n", @wrong), '', 'keepalive - each kind behind each other - right');
is(ask($client, 'media')->{body}, media_bytes(),
   'keepalive - after all of them - the bytes of the recording');

# one user and another over the same connection, as a proxy would send them

my @roles = map {
    my $answer = $client->get('/api/calls/c_9/status',
                              "Cookie: aidial_session=$_");

    $answer->{body} =~ /role_restriction/ ? 'staff' : 'manager';
} ('s_1', 's_2') x 20;

is("@roles", join(' ', ('manager', 'staff') x 20),
   'keepalive - two users in turn - each their own');

# all in one piece, refusals with unread bodies among them

my $grant = "POST /api/calls/c_9/grant HTTP/1.1\r\nHost: localhost\r\n"
            . "$WHO[0]\r\nOrigin: http://evil.test\r\n"
            . "Content-Type: application/json\r\nContent-Length: 22\r\n\r\n"
            . 'GET /smuggled HTTP/1.1';
my $status = "GET /api/calls/c_9/status HTTP/1.1\r\nHost: localhost\r\n"
             . "$WHO[0]\r\n\r\n";

$client->send_raw(join '', ($grant, $status) x 10);
is(join(' ', map { ($client->response(timeout => 1)
                    // { status => 'none' })->{status} } 1 .. 20),
   join(' ', (403, 200) x 10),
   'keepalive - twenty in one piece - each its answer');

in_order($nginx, pids => \@pids);
done_testing();
