use strict;
use warnings;

# Real Sentinels: the primary they name is used, and the next one after a
# failover, whoever made it.  Under load users see 503 for a moment, and
# nothing else.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Sentinel;
use Time::HiRes qw(sleep time);

my $first = primary();
my ($replica, $second) = replica('replica', $first);

# with the first replica came another replication id

prepare();
my @sentinels = map { sentinel("sentinel-$_", $first) } 1 .. 3;

wait_for {
    !grep {
        ask_sentinel($_, qw(SENTINEL CKQUORUM m)) !~ /\AOK 3 /
        || ask_sentinel($_, qw(SENTINEL REPLICAS m)) !~ /$second/
    } @sentinels;
} 15 or die 'the Sentinels do not see each other';

my $nginx = edge(workers => 2, redis => sentinel_url(@sentinels)
                                        . ' connections=2');

ok(serving($nginx, $_, 2), "sentinel - at start, $_ - served")
    for qw(status grant media);
is(edges($replica), 0, 'sentinel - at start - nobody is at the replica');

# SENTINEL FAILOVER, under load

my @loads = map { load_begin($nginx, qw(status grant)) } 1, 2;
my $begin = time;

like(ask_sentinel($sentinels[0], qw(SENTINEL FAILOVER m)), qr/\AOK/,
     'sentinel - failover - begun');
ok(wait_for(sub { edges($replica) == 4 }, 15),
   'sentinel - failover - all connections go to the new primary');
ok(serving($nginx, $_, 3), "sentinel - failover, $_ - served")
    for qw(status grant);
diag sprintf 'failover seen after %.1f s', time - $begin;
is(edges(redis_server()), 0, 'sentinel - failover - nobody stays at the old one');

for my $load (@loads) {
    my $count = load_end($load);

    is(join(' ', grep { !/\A(?:200|201|503)\z/ } sort keys %$count), '',
       'sentinel - failover under load - 200, 201 and 503 only');
    cmp_ok($count->{200}, '>', 20, 'sentinel - failover under load - goes on');
}

ok(scalar $nginx->log(qr/grants issued before are void/),
   'sentinel - failover - grants are void, said');

# the primary dies, and nobody had to say so

wait_for { to_redis(redis_server(), 'INFO', 'replication') =~ /master_link_status:up/ } 15
    or die 'the old primary does not follow';

# a failover needs twice the failover-timeout since the one before

sleep 4;
$begin = time;
kill STOP => $replica->pid;
ok(wait_for(sub { refusal(ask($nginx, 'status')) eq refused() }, 3),
   'sentinel - the primary hangs - 503');
ok(wait_for(sub { edges(redis_server()) == 4 }, 20),
   'sentinel - the primary hangs - the next one is used');
ok(serving($nginx, 'status', 3), 'sentinel - the primary hangs - served again');
diag sprintf 'served again after %.1f s', time - $begin;
kill CONT => $replica->pid;

# without Sentinels what stands goes on; what is new does not come to be

delete $_->{process} for @sentinels;
is(ask($nginx, 'status')->{status}, 200, 'sentinel - all down - served');
to_redis(redis_server(), 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok(wait_for(sub { refusal(ask($nginx, 'status')) eq refused() }, 3),
   'sentinel - all down, connections lost - 503');
ok(scalar $nginx->log(qr/\[error\].*no Sentinel tells where the primary "m" is/),
   'sentinel - all down - said');

in_order($nginx);
done_testing();
