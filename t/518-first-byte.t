# The first byte of a download waits until Redis keeps the tag that a resume
# has to match; a Redis that does not answer costs the resume, and no more.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Time::HiRes qw(sleep time);

my $USED = '410 grant_used - -';
my $SIZE = 40_000;

my $bytes = large($SIZE);
my $root = dir() . '/large';
my $head = "HTTP/1.1 200 OK\r\nETag: \"t\"\r\nContent-Length: $SIZE\r\n\r\n";

# it takes half a second, so that Redis can be stopped behind the redemption

my $late = Test::Aidial::Origin->start('*' => [ ('') x 10, $head . $bytes ]);
my $middle = middle();

# the ways to serve it

my %serve = (
    buffered => "proxy_pass http://unix:@{[ $late->path ]}:/;",
    unbuffered => "proxy_pass http://unix:@{[ $late->path ]}:/;"
                  . 'proxy_buffering off;',
    limited => "proxy_pass http://unix:@{[ $late->path ]}:/;"
               . 'limit_rate 200k;',
    lingering => "proxy_pass http://unix:@{[ $late->path ]}:/;"
                 . 'proxy_ignore_client_abort on;',
);
my $nginx = Test::Aidial::Nginx->start(
    http => large_http(redis => 'unix:' . $middle->path . ' timeout=1s'),
    server => locations(join '', map { <<"END" } sort keys %serve)
    location /$_/ { aidial_recording media; $serve{$_} }
END
              . 'listen unix:' . socket_path() . ' http2;');

records();
call(large_call());
serving($nginx, 'status', 2) or die 'not served';
ask_media($nginx, '/buffered/' . download());    # Redis knows the scripts


# a download that is redeemed, and whose origin has yet to answer

sub redeemed {
    my ($path) = @_;
    my $token = download();
    my $client = $nginx->client;

    $client->send_request('GET', "/$path/$token", undef, session());
    wait_for { state_of($token) eq 'running' } or die 'not redeemed';

    return ($client, $token);
}

sub kept { redis('HGET', grant_key($_[0]), 'etag') }


for my $path (sort keys %serve) {
    my ($client, $token) = redeemed($path);

    # ---- Redis takes its time

    hold('EVALSHA');
    ok(wait_for(sub { kept($token) }, 2), "first byte, $path - Redis is asked");
    sleep 0.2;
    ok(!$client->readable, "first byte, $path, no answer - nothing is sent");
    release();

    my $answer = $client->response;

    ok($answer && $answer->{body} eq $bytes,
       "first byte, $path, an answer - the object");
    is(events($token, 2), 'started completed', "first byte, $path - entered");
    is(kept($token), '"t"', "first byte, $path - the tag is kept");

    # ---- Redis does not answer

    ($client, $token) = redeemed($path);
    override('EVALSHA' => 'never');

    my $begin = time;

    $answer = $client->response;
    ok($answer && $answer->{body} eq $bytes,
       "first byte, $path, never an answer - the object all the same");
    cmp_ok(time - $begin, '<', 2.5,
           "first byte, $path, never an answer - within its deadline");
    override();
    events($token, 2);
    is(refusal(ask_media($nginx, "/$path/$token", 'Range: bytes=100-',
                         'If-Range: "t"')), $USED,
       "first byte, $path, never an answer, resume - 410 grant_used");

    # ---- Redis is gone

    ($client, $token) = redeemed($path);
    override('EVALSHA' => 'close');
    $answer = $client->response;
    ok($answer && $answer->{body} eq $bytes,
       "first byte, $path, Redis closes - the object all the same");
    override();
    serving($nginx, 'status', 3) or die 'not served';
    is(events($token, 2), 'started completed',
       "first byte, $path, Redis closes - entered when it is back");

    # ---- the client leaves while it waits

    next if $path eq 'lingering';

    ($client, $token) = redeemed($path);
    hold('EVALSHA');
    wait_for { kept($token) } 2 or die 'not asked';
    $client->abort;
    sleep 0.2;
    release();
    is(events($token, 2), 'started voided',
       "first byte, $path, the client leaves - given back");
    is(state_of($token), 'fresh',
       "first byte, $path, the client leaves - the grant is fresh");
    ok(ask_media($nginx, "/$path/$token")->{body} eq $bytes,
       "first byte, $path, the client has left, again - 200");
}

# ---- a keep-alive connection goes on behind it

my $client = $nginx->client;

for my $turn (1 .. 3) {
    my $token = download();
    my $answer = $client->get("/buffered/$token", session());

    ok($answer->{body} eq $bytes, "first byte, keep-alive $turn - the object");
    is(events($token, 2), 'started completed', "keep-alive $turn - entered");

    my ($entry) = (audit('download.completed'))[-1];

    is($entry->{bytes}, $SIZE, "first byte, keep-alive $turn - its bytes");
}

# ---- HTTP/2: other streams of the connection do not wait

my $h2 = Test::Aidial::Http2->new(socket_path());
my $token = download();
my $stream = $h2->request('GET', "/buffered/$token", undef, session());

wait_for { state_of($token) eq 'running' } or die 'not redeemed';
hold('EVALSHA');
wait_for { kept($token) } 2 or die 'not asked';

my $status = $h2->request('GET', '/api/calls/c_9/status', undef, session());

is($h2->wait($stream, 0.3), undef, 'first byte, HTTP/2, no answer - it waits');
is($h2->{streams}{$stream}{body}, '', 'first byte, HTTP/2 - nothing is sent');
release();
ok(($h2->wait($stream) // { body => '' })->{body} eq $bytes,
   'first byte, HTTP/2, an answer - the object');
is(($h2->wait($status) // {})->{status}, 200,
   'first byte, HTTP/2 - another stream is served');

in_order($nginx);
done_testing();
