use strict;
use warnings;

# nginx counts late what leaves by itself: here, sendfile() in a thread.  A
# client that leaves meanwhile has got bytes, so its grant is not given back.

use lib 't/lib';
use IO::Socket;
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $TRIES = 60;

large(4 << 20);

my $root = dir() . '/large';
my $nginx = Test::Aidial::Nginx->start(
    http => large_http(), server => locations(<<"END"));
    location /threads/ {
        aidial_recording media;
        alias $root/;
        sendfile on;
        aio threads;
    }
END

records();
call(large_call());

my ($got, $given_back, $short) = (0, 0, 0);

for (1 .. $TRIES) {
    my $token = download();
    my $client = $nginx->client;

    $client->send_request('GET', "/threads/$token", undef, session());
    my $first = $client->read_bytes(1) // die 'no answer';

    $client->{in} = "$first$client->{in}";
    shutdown $client->{socket}, 1;

    my $answer = $client->response(timeout => 10);
    my $bytes = $answer ? length $answer->{body} : 0;

    events($token, 2);
    my $entry = (audit())[-1];

    next if !$bytes;

    $got++;
    $given_back += $entry->{event} eq 'download.voided';
    $short += $entry->{bytes} < $bytes;
}

cmp_ok($got, '>', $TRIES / 2, 'media - sendfile in a thread - bytes are got');
is($given_back, 0, 'media - sendfile in a thread, the client left - spent');
is($short, 0, 'media - sendfile in a thread - no fewer bytes entered');

# "100 Continue" is no part of the recording

my $token = download();
my $client = $nginx->client;

$client->send_request('GET', "/threads/$token", undef, session(),
                      'Expect: 100-continue', 'Content-Length: 5');

my $answer = $client->response(timeout => 10);

is($answer->{status}, 200, 'media - a body is announced - not asked for');
is(length $answer->{body}, 4 << 20, 'media - a body is announced - served');
is(events($token, 2), 'started completed',
   'media - a body is announced - completed');
is((audit('download.completed'))[-1]{bytes}, 4 << 20,
   'media - a body is announced - its bytes, and no more');

in_order($nginx);
done_testing();
