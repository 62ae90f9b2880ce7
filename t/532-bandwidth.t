# The bandwidth of a user: shared by all that is sent, over the workers of the
# edge.  Compared are shares of one run, never a time with a clock.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Cut;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

my $RATE = 400 * 1024;

large(32 << 20);
my $dir = dir();
my $nginx = Test::Aidial::Nginx->start(workers => 2, http => large_http(),
    server => locations(large_media("aidial_recording_bandwidth $RATE;"))
              . <<"END");
    location /alias/ {
        aidial_recording media;
        aidial_recording_bandwidth $RATE;
        alias $dir/large/;
        sendfile on;
    }
    location /unbuffered/ {
        aidial_recording media;
        aidial_recording_bandwidth $RATE;
        proxy_buffering off;
        proxy_pass http://large/;
    }
    location /both/ {
        aidial_recording media;
        aidial_recording_bandwidth $RATE;
        limit_rate 50k;
        proxy_pass http://large/;
    }
    listen unix:@{[ socket_path() ]} http2;
END

records();
call(large_call());

my $user = 0;

# so many streams of one user, under a prefix

sub streams {
    my ($n, $prefix, $id) = @_;

    $user++ if !$id;
    $id //= "u_b$user";

    my $cookie = session(sid => "s_$id", user_id => $id);

    return map {
        my $client = narrow($nginx);

        $client->send_request('GET', ($prefix // '/large/')
                              . grant(user => $id), undef, $cookie);
        ($client->response(head => 1) // die 'no answer')->{status} == 200
            or die 'not served';
        $client->{taken} = 0;
        $client;
    } 1 .. $n;
}

# reads for so many seconds: how many bytes each stream got

sub bytes_of {
    my ($seconds, @client) = @_;
    my $until = time + $seconds;
    my $select = IO::Select->new(map { $_->{socket} } @client);
    my %of = map { $_->{socket} => $_ } @client;
    my %got = map { $_->{socket} => length delete $_->{in} } @client;

    while ((my $left = $until - time) > 0) {
        for my $socket ($select->can_read($left)) {
            $got{$socket} += sysread $socket, my $bytes, 65536;
        }
    }

    $_->{in} = '' for @client;

    return map { $got{ $_->{socket} } } @client;
}

sub sum { my $sum = 0; $sum += $_ for @_; return $sum }

# within so many percent of what was expected

sub near {
    my ($got, $expected, $percent, $name) = @_;

    cmp_ok(abs($got - $expected), '<=', $expected * $percent / 100,
           "$name: $got of $expected");
}


# ---- one user alone, and as many streams as it wants: the same sum

for my $case ([ 1, '/large/' ], [ 4, '/large/' ], [ 1, '/alias/' ],
              [ 4, '/alias/' ], [ 2, '/unbuffered/' ]) {
    my ($n, $prefix) = @$case;
    my @client = streams($n, $prefix);

    bytes_of(1, @client);
    my @got = bytes_of(3, @client);

    near(sum(@got), 3 * $RATE, 15, "bandwidth - $prefix, $n - all of it");
    near($got[$_], sum(@got) / $n, 25, "bandwidth - $prefix, $n - a fair share")
        for 0 .. $#got;
    $_->abort for @client;
}

# ---- rebalanced as streams come and go, and one that pauses takes none

my @client = streams(1);
my $id = "u_b$user";
bytes_of(1, @client);
my ($alone) = bytes_of(2, @client);
push @client, streams(1, '/large/', $id);
bytes_of(1, @client);
my ($with) = bytes_of(2, @client);
near($with, $alone / 2, 25, 'bandwidth - another one came - half');

sleep 2;   # both kernels are full by then
bytes_of(1, $client[0]);
my ($beside) = bytes_of(3, $client[0]);
near($beside / 3, $alone / 2, 20, 'bandwidth - the other one pauses - all');

$client[1]->abort;
bytes_of(0.5, $client[0]);
my ($after) = bytes_of(2, $client[0]);
near($after, $alone, 20, 'bandwidth - the other one is gone - all');

# ---- another user has its own

my @other = streams(1);
bytes_of(1, $client[0], @other);
my @got = bytes_of(2, $client[0], @other);
near($_, $alone, 20, 'bandwidth - two users - each has its own') for @got;
$_->abort for $client[0], @other;

# ---- many short requests are no way around it

@client = ();
my $cookie = session(sid => 's_short', user_id => 'u_short');
my $url = '/large/' . grant(user => 'u_short');
my ($begin, $taken) = (time, 0);

while (time < $begin + 2.5) {
    my $answer = $nginx->client->get($url, $cookie, 'Range: bytes=0-40959');

    $taken += length $answer->{body};
}

cmp_ok($taken, '<=', 1.3 * $RATE * 2.5, "bandwidth - short requests: $taken");
cmp_ok($taken, '>=', 0.7 * $RATE * 2.5, 'bandwidth - short requests - nor less');

# ---- a player that seeks and seeks does not wait for what it did not take

$cookie = session(sid => 's_seek', user_id => 'u_seek');
$url = '/large/' . grant(user => 'u_seek');

for (1 .. 20) {
    my $seek = narrow($nginx);

    $seek->send_request('GET', $url, undef, $cookie);
    $seek->response(head => 1);
    $seek->abort;
}

my $settled = $nginx->client->get($url, $cookie, 'Range: bytes=0-999');
$begin = time;
$settled = $nginx->client->get($url, $cookie, 'Range: bytes=5000-5999');
is($settled->{status}, 206, 'bandwidth - twenty seeks - served');
cmp_ok(time - $begin, '<', 1, 'bandwidth - twenty seeks - soon');

# ---- limit_rate of nginx is heard as well

@client = streams(1, '/both/');
bytes_of(1, @client);
# nginx sends a second's worth at once: one more or less is in the time

near(sum(bytes_of(3, @client)), 3 * 50 * 1024, 45, 'bandwidth - limit_rate');
$_->abort for @client;

# ---- HTTP/2: streams of one connection

$user++;
my $h2 = Test::Aidial::Http2->new(socket_path(), window => 1 << 30);
$cookie = session(sid => 's_h2', user_id => 'u_h2');
my @stream = map { $h2->request('GET', '/large/' . grant(user => 'u_h2'),
                                undef, $cookie) } 1, 2;
$h2->wait($stream[0], 1);
my %before = map { $_ => length $h2->{streams}{$_}{body} } @stream;
$h2->wait($stream[0], 3);
@got = map { length($h2->{streams}{$_}{body}) - $before{$_} } @stream;
near(sum(@got), 3 * $RATE, 20, 'bandwidth - HTTP/2 - all of it');
near($got[0], sum(@got) / 2, 25, 'bandwidth - HTTP/2 - a fair share');
$h2->close;

# ---- a whole body arrives whole

call(id => 'c_small');
$cookie = session(sid => 's_whole', user_id => 'u_whole');
for my $prefix (qw(/large/ /alias/ /unbuffered/)) {
    my $answer = $nginx->client->get($prefix . grant(user => 'u_whole'),
                                     $cookie, 'Range: bytes=100-600099');

    is($answer->{body}, substr(large(32 << 20), 100, 600_000),
       "bandwidth - $prefix - the bytes are the right ones");
}

in_order($nginx);
done_testing();
