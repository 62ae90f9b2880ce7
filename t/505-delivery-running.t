# A resume while the delivery before it still runs: 503 delivery_running, for
# as long as it does.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $RUNS = '503 delivery_running 1 1';
my $USED = '410 grant_used - -';
my $SIZE = 4 << 20;

my $bytes = large($SIZE);
my @edges = map {
    Test::Aidial::Nginx->start(workers => 2, http => large_http(),
        server => locations(large_media() . <<"END"));
    location /slow/ {
        aidial_recording media;
        limit_rate 200k;
        proxy_pass http://large/;
    }
END
} 1, 2;
my ($edge, $other) = @edges;

records();
session(sid => 's_2');
call(large_call());

my $token = download();
my $url = "/slow/$token";
my ($client, $part) = part($edge, $url, 50_000);

is($part->{status}, 200, 'media - a slow delivery - 200');
ok(!$client->closed(0.2), 'media - a slow delivery - it runs');

# ---- a resume that would be right

for my $row ([ $edge, 'the edge' ], [ $other, 'another edge' ]) {
    my ($where, $name) = @$row;
    my $answer = resume($where, $url, 50_000);

    is(refusal($answer), $RUNS,
       "media - it runs, resume on $name - 503 delivery_running");
    is_deeply([ @{ $answer->{headers} }{qw(content-type cache-control)} ],
              [ 'application/problem+json', 'no-store' ],
              "media - it runs, resume on $name - headers of a problem");

    my $problem = decode_json($answer->{body});

    is_deeply([ sort keys %$problem ],
              [ qw(code retry_after status title type) ],
              "media - it runs, resume on $name - members of a problem");
}

# what the delivery has sent is not known yet, so that N does not matter

is(refusal(resume($edge, $url, $SIZE - 1)), $RUNS,
   'media - it runs, resume from further on - 503 delivery_running');

# ---- what is no resume is 410 all the same

my @tag = 'If-Range: ' . large_etag();

for my $row ([ 'whole', session() ],
             [ 'another session', 'Cookie: aidial_session=s_2',
               'Range: bytes=50000-', @tag ],
             [ 'another tag', session(), 'Range: bytes=50000-',
               'If-Range: "other"' ],
             [ 'from 0', session(), 'Range: bytes=0-', @tag ],
             [ 'from behind its end', session(),
               'Range: bytes=' . ($SIZE + 1) . '-', @tag ])
{
    my ($name, @headers) = @$row;

    is(refusal($other->client->get($url, @headers)), $USED,
       "media - it runs, $name - 410 grant_used");
}

is($edge->client->head($url, session())->{status}, 410,
   'media - it runs, HEAD - 410');

# ---- many resumes at once do it no harm, and nothing is entered of them

my @clients = map { $edges[$_ % 2]->client } 1 .. 10;

$_->send_request('GET', $url, undef, session(), 'Range: bytes=50000-', @tag)
    for @clients;
is(join(' ', map { refusal($_->response) } @clients), join(' ', ($RUNS) x 10),
   'media - it runs, ten resumes at once - each 503 delivery_running');
is(events($token, 1), 'started', 'media - it runs - started, and no more');
is(state_of($token), 'running', 'media - it runs - and goes on');

my $more = $client->read_bytes(100_000, 10);

is($more, substr($bytes, 50_000, 100_000),
   'media - it runs - its bytes come, in order');

# ---- it ends: a second later the resume is right, from what was sent

$client->abort;
ok(wait_for(sub { state_of($token) eq 'ended' }, 2),
   'media - it has ended - Redis knows within two seconds');

my $rest = resume($other, "/large/$token", 150_000);

is($rest->{status}, 206, 'media - it has ended, resume - 206');
ok(substr($bytes, 0, 150_000) . $rest->{body} eq $bytes,
   'media - it has ended, resume - the object');

# ---- ten at once when it has ended: one is the resume

$token = download();
$url = "/large/$token";
ask_media($edge, $url, 'Range: bytes=0-999');
events($token, 2);
@clients = map { $edges[$_ % 2]->client } 1 .. 10;
$_->send_request('GET', $url, undef, session(), 'Range: bytes=1000-', @tag)
    for @clients;

my %count;

$count{$_->{status}}++ for map { $_->response(timeout => 10) } @clients;

is($count{206}, 1, 'media - it has ended, ten resumes at once - one is 206');
is(($count{503} // 0) + ($count{410} // 0), 9,
   'media - it has ended, ten resumes at once - the others 503 or 410');
is(events($token, 4), 'started completed resumed completed',
   'media - ten resumes at once - one is entered');

# ---- a second resume waits for the first one

$token = download();
$url = "/slow/$token";
ask_media($edge, "/large/$token", 'Range: bytes=0-999');
events($token, 2);
($client, $part) = part($edge, $url, 1000, 'Range: bytes=1000-', @tag);
is(refusal(resume($other, $url, 1000)), $RUNS,
   'media - a resume runs, another one - 503 delivery_running');
$client->abort;
ok(wait_for(sub { state_of($token) eq 'ended' }, 2),
   'media - the resume has ended - known');
is(resume($other, "/large/$token", 1000)->{status}, 206,
   'media - the resume has ended, another one - 206');

in_order($_) for @edges;
done_testing();
