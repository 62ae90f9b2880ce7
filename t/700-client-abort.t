use strict;
use warnings;

# The client leaves while its request waits, at every place where one can
# wait, by every way a client has.  nginx sees it before Redis answers; the
# answer is nobody's; nothing is left, and nothing spent that was not served.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;

my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path . ' timeout=2s',
    server => locations('listen unix:' . socket_path() . ' http2;'));
my @pids = $nginx->workers;
my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my $ASK = '{"action": "playback"}';

prepare();
ok(serving($nginx, 'media', 2), 'client - before - served');

# only the script that keeps an entity tag has one key

ask($nginx, 'download');
settled();

my ($renew) = map { /\A(EVALSHA \S+) 1 / } $middle->log;
my $descriptors = descriptors($pids[0]);

# what is asked, and the command at which Redis takes its time

my @waits = (
    [ 'status, records' => 'status', 'GET aidial:session:s_1' ],
    [ 'status, standing' => 'status', 'GET aidial:tenant:t_1' ],
    [ 'grant, records' => 'grant', 'GET aidial:call:c_9' ],
    [ 'grant, standing' => 'grant', 'GET aidial:tenant:t_1' ],
    [ 'grant, issue' => 'grant', 'EVALSHA' ],
    [ 'media, records' => 'media', 'HMGET' ],
    [ 'download, records' => 'download', 'HMGET' ],
    [ 'playback, begin' => 'playback', 'EVALSHA' ],
    [ 'download, redemption' => 'download', 'EVALSHA' ],
    [ 'download, entity tag' => 'download', $renew ],
);

for my $row (@waits) {
    my ($case, $what, $command) = @$row;

    for my $way (qw(close abort reset-stream close-http2)) {
        leaves($case, $what, $command, $way);
    }
}

# a request body that never comes, or stops half-way

for my $sent ('', substr $ASK, 0, 10) {
    for my $way (qw(close abort)) {
        my $client = $nginx->client;
        my $before = gone();
        my $awaited = $nginx->log(qr/aidial step: body/);

        $client->send_raw("POST /api/calls/c_9/grant HTTP/1.1\r\n"
            . join('', map { "$_\r\n" } 'Host: localhost', @WHO,
                   'Content-Type: application/json',
                   'Content-Length: ' . length $ASK) . "\r\n$sent");
        wait_for { $nginx->log(qr/aidial step: body/) > $awaited }
            or die 'no body awaited';
        $client->$way;

        ok(wait_for(sub { gone() > $before }, 2),
           'client - ' . ($sent ? 'half a' : 'no') . " body, $way - seen");
    }
}

# a pipelined request is not lost with the one before it

override('GET aidial:session:s_1' => { delay => 0.2 });

my $client = $nginx->client;

$client->send_raw("GET /api/calls/c_9/status HTTP/1.1\r\nHost: localhost\r\n"
                  . "$WHO[0]\r\n\r\n") for 1 .. 3;
is(join(' ', map { $client->response->{status} } 1 .. 3), '200 200 200',
   'client - three requests at once on a connection - three answers');
$client->close;
override();

ok(serving($nginx, $_, 2), "client - after all that, $_ - served")
    for qw(status grant media download);
is(scalar(grep { $_ eq '-' } $middle->log), 0,
   'client - after all that - the connection to Redis is the first one');
is(descriptors($pids[0]), $descriptors,
   'client - after all that - as many descriptors as before');

in_order($nginx, pids => \@pids);
done_testing();


sub leaves {
    my ($case, $what, $command, $way) = @_;
    my $url = $what eq 'download' ? download_url()
        : $what eq 'playback' ? media_url(grant()) : $what;
    my ($before, $voided) = (scalar gone(), scalar audit('download.voided'));
    my $from = $middle->log;

    hold($command);

    my ($client, $stream) = $way =~ /http2|stream/ ? over_http2($url)
                                                   : start_asking($nginx, $url);

    wait_for { asked($command, $from) } or die "$command was not asked";

    $way eq 'reset-stream' ? $client->reset($stream)
        : $way eq 'abort' ? $client->abort : $client->close;

    # with the entity tag, the answer has begun; over HTTP/1 not an octet of it
    # has left, over HTTP/2 its head has

    ok(wait_for(sub { $command eq $renew ? audit('download.voided') > $voided
                                         : gone() > $before }, 1.5),
       "client - $case, $way - seen before Redis answers");

    release();
    is(ask($nginx, 'status')->{status}, 200,
       "client - $case, $way - the next one is served");

    given_back("$case, $way",
               $command eq $renew && $way =~ /http2|stream/ ? 200 : 499)
        if $what eq 'download' && $command =~ /EVALSHA/;

    return if $url !~ m{/};

    is(ask($nginx, $url)->{status}, 200,
       "client - $case, $way - the grant was not spent");
    settled();
}


# what was redeemed for nobody: a start, and an end that says so

sub given_back {
    my ($case, $status) = @_;

    settled();

    my $start = (audit('download.started'))[-1];
    my $end = (audit('download.voided'))[-1];

    is_deeply([ @$end{qw(attempt grant status bytes first_byte last_byte)} ],
              [ @$start{qw(attempt grant)}, $status, 0, '', '' ],
              "client - $case - given back, and entered");
}


sub over_http2 {
    my ($what) = @_;
    my $h2 = Test::Aidial::Http2->new(socket_path());
    my $url = $what eq 'media' ? playback_url() : $what;

    return ($h2, $what eq 'status'
        ? $h2->request('GET', '/api/calls/c_9/status', undef, @WHO)
        : $what eq 'grant'
        ? $h2->request('POST', '/api/calls/c_9/grant', $ASK, @WHO)
        : $h2->request('GET', $url, undef, @WHO));
}


sub asked {
    my ($command, $from) = @_;
    my @lines = $middle->log;

    return grep { index($_, $command) == 0 } @lines[$from .. $#lines];
}


# 400 is what nginx calls a client that left in the middle of its body

sub gone { access_lines($nginx, '(?:499|400)') }
