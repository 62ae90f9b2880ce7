# A grant's body that takes its time, and one that never ends.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep);

my $nginx = Test::Aidial::Nginx->start(server => <<'END');
    client_max_body_size 0;

    location ~ ^/api/calls/([^/]+)/grant$ {
        aidial_recording grant $1;
    }
END

my $body = '{"action": "playback"}';


# what changes while the body is on its way is judged

sub slow {
    my ($what, $expected, $change) = @_;

    redis('FLUSHALL');
    records();

    my $client = $nginx->client;
    my $step = qr/aidial step: body/;
    my $before = () = $nginx->log($step);

    $client->send_raw(head('Content-Length: ' . length $body)
                      . substr($body, 0, 4));
    wait_for { $before < (() = $nginx->log($step)) } 5 or die 'not read';
    $change->();
    sleep 1.2;

    $client->send_raw(substr $body, 4);

    my $answer = $client->response;
    my ($code) = $answer->{body} =~ /"code":"(\w+)"/;

    is("$answer->{status} " . ($code // 'none'), $expected, "grant - $what");
}


sub head {
    my ($length) = @_;

    return join "\r\n", 'POST /api/calls/c_9/grant HTTP/1.1',
        'Host: localhost', 'Content-Type: application/json', $length,
        portal() =~ s/\n/\r\n/r, '', '';
}


slow('a slow body, nothing changes - 201', '201 none', sub { });
slow('a slow body, signed out meanwhile - 401', '401 session_required',
     sub { redis('DEL', 'aidial:session:s_1') });
slow('a slow body, revoked meanwhile - 401', '401 session_required',
     sub { redis('SET', 'aidial:revoked-before:t_1:u_81', time) });
slow('a slow body, consent withdrawn meanwhile - 403',
     '403 recording_blocked', sub { call(consent => 'denied') });
slow('a slow body, the call moved meanwhile - 404',
     '404 recording_not_found', sub { call(project_id => 'p_7') });
slow('a slow body, playback switched off meanwhile - 403',
     '403 recording_blocked',
     sub { session(role => 'client_staff'); tenant(staff_playback => 0) });


# a body of unknown length is not read beyond what is allowed

redis('FLUSHALL');
records();

my $client = $nginx->client;
my $sent = 0;

$client->send_raw(head('Transfer-Encoding: chunked'));

for (1 .. 4096) {
    $client->send_raw("400\r\n" . ' ' x 1024 . "\r\n") or last;
    $sent += 1024;
    last if $client->readable;
}

my $answer = $client->response;

is($answer->{status}, 413, 'grant - a chunked body without end - 413');
like($answer->{body}, qr/"code":"request_too_large"/,
     'grant - a chunked body without end - request_too_large');
is($answer->{headers}{'cache-control'}, 'no-store',
   'grant - a chunked body without end - our headers');
cmp_ok($sent, '<', 1 << 20, 'grant - a chunked body without end - not read on');
is(scalar(() = $nginx->log(qr/buffered to a temporary file/)), 0,
   'grant - a chunked body without end - nothing on disk');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();
