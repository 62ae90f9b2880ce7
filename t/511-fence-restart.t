use strict;
use warnings;

# A restart is another primary as well: whatever Redis has lost of its last
# writes, no grant from before it is delivered again.  That holds for grants
# of which nothing was lost, and that is the price.

use lib 't/lib';
use Test::More;
use Test::Aidial::Failover;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

my $N = 20;
my $FENCED = "$N x 410 grant_expired";

# from a snapshot: all that came after it is lost

my $redis = redis_server(server('snapshot'));
my $nginx = serve($redis);
my @used = issue($nginx, 'download', $N);
my @unused = issue($nginx, 'download', 3);
my @playback = issue($nginx, 'playback', 3);

redis('SAVE');
is(tally(asked(@used)), "$N x delivered", 'fence - snapshot - delivered');
ok(wait_for(sub { tally(states(@used)) eq "$N x ended" }),
   'fence - snapshot - Redis knows their ends');

$redis->crash;
is(outcome(fetch($nginx, $used[0])), '503 service_unavailable',
   'fence - snapshot, crashed - 503');
$redis->up;
is(tally(states(@used)), "$N x fresh", 'fence - snapshot - the uses are lost');
ok(back($nginx, 1), 'fence - snapshot, restarted - back');
is(tally(asked(@used)), $FENCED, 'fence - snapshot, restarted, used - 410');
is(tally(asked(@unused, @playback)), '6 x 410 grant_expired',
   'fence - snapshot, restarted, not used - 410');

# the positive control

redis('HSET', grant_key($_), 'epoch', epoch()) for @used;
is(tally(asked(@used)), "$N x delivered",
   'fence - snapshot, fence taken away - each is delivered a second time');

in_order($nginx);

# from a log: nothing is lost here, and a restart is a restart

$redis = redis_server(server('log', '--appendonly', 'yes',
                             '--appendfsync', 'everysec'));
$nginx = serve($redis, workers => 2);

for my $how (qw(crash down)) {
    my $said = $nginx->log(qr/grants issued before are void/);

    @used = issue($nginx, 'download', $N);
    @unused = issue($nginx, 'download', 3);
    is(tally(asked(@used)), "$N x delivered", "fence - log, $how - delivered");
    sleep 1.1 if $how eq 'crash';

    $redis->$how;
    $redis->up;
    ok(back($nginx, $said + 2), "fence - log, $how, restarted - back");
    is(tally(map { $_ eq 'fresh' ? 'fresh' : 'known' } states(@used)),
       "$N x known", "fence - log, $how, restarted - Redis knows the uses");
    is(tally(asked(@used)), $FENCED,
       "fence - log, $how, restarted, used - 410");
    is(tally(states(@unused)), '3 x fresh',
       "fence - log, $how, restarted - Redis knows the others");
    is(tally(asked(@unused)), '3 x 410 grant_expired',
       "fence - log, $how, restarted, not used - 410");
}

# again and again, under load: what was used before is not delivered, and the
# edge is back soon after Redis is; sooner, when all was well for a second

my @load = map { load_begin($nginx, 'status', 'grant') } 1 .. 2;
my %took = map { $_ => [] } 'soon again', 'when well';
my @after;

for my $round (1 .. 20) {
    my $rested = $round % 2;
    my $url = wait_for { eval { (issue($nginx, 'download'))[0] } };

    is(outcome(fetch($nginx, $url)), 'delivered', "fence - $round - delivered");
    sleep 1.1 if $rested;

    $redis->crash;
    sleep((0, 0.1, 0.6, 1.2)[$round / 2 % 4]);
    $redis->up;

    my $took = $took{ $rested ? 'when well' : 'soon again' };
    my $begin = time;

    wait_for { (ask($nginx, 'status') // {})->{status} == 200 };
    push @$took, [ time - $begin ];
    wait_for { 2 == edges() };
    push @{ $took->[-1] }, time - $begin;

    # its handshake may not be over

    my $after;

    wait_for { ($after = outcome(fetch($nginx, $url))) !~ /\A503 / };
    push @after, $after;
}

is(tally(@after), '20 x 410 grant_expired',
   'fence - 20 crashes under load - none is delivered again');

for my $when (sort keys %took) {
    my @first = sort { $a <=> $b } map { $_->[0] } @{ $took{$when} };
    my @all = sort { $a <=> $b } map { $_->[1] } @{ $took{$when} };

    diag(sprintf "crashed $when: from PING answered to first served %.0f ms "
        . '(median), %.0f ms (worst), each worker back %.0f ms, %.0f ms',
        map { 1000 * $_ } $first[5], $first[-1], $all[5], $all[-1]);
    cmp_ok($all[-1], '<', 3, "fence - crashes $when - back in time");
}

for my $load (@load) {
    my $got = load_end($load);

    diag('load: ' . join ', ', map { "$got->{$_} x $_" } sort keys %$got);
    is(join(' ', grep { !/\A(?:200|201|503)\z/ } sort keys %$got), '',
       'fence - 20 crashes under load - served or refused');
}

in_order($nginx);
done_testing();


sub serve {
    my ($redis, %option) = @_;

    records();

    return edge(%option, store_config($redis->path));
}


# the connections that Redis has, but for our own

sub edges {
    my $list = redis('CLIENT', 'LIST', 'TYPE', 'normal');

    return -1 + (() = $list =~ /^id=/mg);
}


sub asked { map { outcome(fetch($nginx, $_)) } @_ }

sub states { map { redis('HGET', grant_key($_), 'state') // 'none' } @_ }


# each worker has met the new primary

sub back {
    my ($nginx, $lines) = @_;

    return wait_for {
        $nginx->log(qr/grants issued before are void/) >= $lines;
    } 3;
}
