# Single use: one GET redeems a download grant, whatever is asked at the same
# time, of other workers or edges, and however it ends.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $USED = '410 grant_used - -';

my $bytes = large(2 << 20);
my $server = locations(large_media());
my @edges = map {
    Test::Aidial::Nginx->start(workers => 2, http => large_http(),
                               server => $server);
} 1, 2;
my $edge = $edges[0];

records();
call(large_call());


# ---- many at once, over workers and edges: one is served

for my $round (1 .. 10) {
    my $token = download();
    my @clients = map { $edges[$_ % 2]->client } 1 .. 20;

    $_->send_request('GET', "/large/$token", undef, session()) for @clients;

    my @answers = map { $_->response(timeout => 10) } @clients;
    my @won = grep { $_ && $_->{status} == 200 } @answers;
    my @lost = grep { refusal($_) eq $USED } grep { $_->{status} != 200 }
               @answers;

    is(scalar @won, 1, 'media - twenty at once over two edges - one is 200');
    is(scalar @lost, 19, 'media - twenty at once - the others 410 grant_used');
    ok(@won && $won[0]{body} eq $bytes,
       'media - the one of twenty - its bytes');
    is(events($token, 2), 'started completed',
       'media - twenty at once - one entry and its end');
}

# ---- the entry of a delivery that has ended

my $token = download();
my $answer = ask_media($edge, "/large/$token");
my @entries = (entries('download.completed', 11), audit('download.started'));

ok($answer->{body} eq $bytes, 'media - whole - 200');

my ($closing) = grep { grant_key($token) =~ /:$_->{grant}\z/ }
                audit('download.completed');

is(join(' ', @$closing{qw(status bytes first_byte last_byte)}),
   "200 2097152 0 2097151", 'media - whole - entered with its bytes');

# ---- used, in whatever way it is asked again

for my $case ([ 'again' ],
              [ 'on another edge' ],
              [ 'a Range from 0', 'Range: bytes=0-' ],
              [ 'a Range', 'Range: bytes=1000-' ],
              [ 'If-Range alone', 'If-Range: ' . large_etag() ],
              [ 'If-None-Match', 'If-None-Match: ' . large_etag() ],
              [ 'If-Match', 'If-Match: "other"' ])
{
    my ($name, @headers) = @$case;
    my $where = $name =~ /edge/ ? $edges[1] : $edge;

    is(refusal(ask_media($where, "/large/$token", @headers)), $USED,
       "media - used, $name - 410 grant_used");
}

my $head = $edges[1]->client->head("/large/$token", session());

is($head->{status}, 410, 'media - used, HEAD on another edge - 410');
is(events($token, 2), 'started completed', 'media - used - nothing is entered');

# ---- cut short: used all the same

$token = download();

my ($client, $part) = part($edge, "/large/$token", 100_000);

$client->abort;
is(events($token, 2), 'started aborted', 'media - cut by the client - entered');
is(refusal(ask_media($edge, "/large/$token")), $USED,
   'media - cut by the client, whole again - 410 grant_used');
is(state_of($token), 'ended', 'media - cut by the client - it may be resumed');

# ---- while it runs

$token = download();
($client, $part) = part($edge, "/large/$token", 100_000);
is(refusal(ask_media($_, "/large/$token")), $USED,
   'media - asked whole while it runs - 410 grant_used') for @edges;
is($edge->client->head("/large/$token", session())->{status}, 410,
   'media - HEAD while it runs - 410');
ok(substr($bytes, 100_000) eq $client->read_bytes((2 << 20) - 100_000),
   'media - others asked meanwhile - the delivery goes on');
is(events($token, 2), 'started completed', 'media - then - completed');

# ---- HEAD never redeems, on neither edge

$token = download();
is($_->client->head("/large/$token", session())->{status}, 200,
   'media - HEAD of a fresh grant - 200') for @edges, @edges;
is(state_of($token), 'fresh', 'media - HEAD - the grant is fresh');
is(events($token, 0), '', 'media - HEAD - nothing is entered');
ok(ask_media($edges[1], "/large/$token")->{body} eq $bytes,
   'media - GET after HEADs - 200');

for my $edge (@edges) {
    in_order($edge);
}

done_testing();
