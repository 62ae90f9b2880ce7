use strict;
use warnings;

# A failover to a replica that lags: what was used on the old primary is fresh
# on the new one.  The fence keeps it from being delivered a second time, and
# without the fence it would be.

use lib 't/lib';
use Test::More;
use Test::Aidial::Failover;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(time);

my $N = 20;
my $FENCED = "$N x 410 grant_expired";

my ($primary, $replica, $link, $switch) = replicated(qw(primary replica));
my $nginx = edge(workers => 2, store_config($switch->path));
my @pids = $nginx->workers;

# granted and replicated; then the link loses what is sent on it

my @used = issue($nginx, 'download', $N);
my ($resumed) = issue($nginx, 'download');
my @running = issue($nginx, 'download', 2, 'c_big');
my @unused = issue($nginx, 'download', 3);
my @caught = issue($nginx, 'download', $N);

ok(caught_up($primary, $replica), 'fence - the replica has the grants');
$link->mute;

is(tally(map { outcome(fetch($nginx, $_)) } @used), "$N x delivered",
   'fence - before the failover - each is delivered once');
is(tally(map { outcome(fetch($nginx, $_)) } @used), "$N x 410 grant_used",
   'fence - before the failover - and not twice');

my $answer = fetch($nginx, $resumed);
my @RESUME = ('Range: bytes=600-', "If-Range: $answer->{headers}{etag}");

is(outcome($answer), 'delivered', 'fence - before - one to be resumed');
ok(wait_for(sub { ended($resumed) }), 'fence - before - it has ended');
is(fetch($nginx, $resumed, @RESUME)->{status}, 206,
   'fence - before the failover - a resume is served');

my @client = map { send_fetch($nginx, $_) } @running;

ok(defined $_->read_bytes(1000), 'fence - before - a delivery runs')
    for @client;
ok(wait_for(sub { $N == grep { ended($_) } @used }),
   'fence - before the failover - Redis knows their ends');

my $state = tally(map { $replica->command('HGET', grant_key($_), 'state') }
                  @used, @running);

is($state, '22 x fresh', 'fence - the replica knows of no use');

# the old primary dies, the replica takes over, the address moves

my @waits = map { send_fetch($nginx, $_) } @caught;

$primary->crash;

my @got = map { outcome($_->response) } @waits;

is(scalar(grep { /\A(?:delivered|503 service_unavailable)\z/ } @got), $N,
   'fence - the primary dies meanwhile - delivered or refused');
diag('asked when the primary died: ' . tally(@got));
is(outcome(fetch($nginx, $used[0])), '503 service_unavailable',
   'fence - no primary - 503');
$client[1]->abort;
redis_server($replica);
promote($replica);

my $begin = time;

$switch->point($replica->path);
ok(wait_for(sub { works($nginx) }, 3),
   'fence - after the failover - a new grant is delivered');

my $first = time - $begin;

# each worker finds out for itself

ok(wait_for(sub { 2 == $nginx->log(qr/grants issued before are void/) }, 3),
   'fence - after the failover - each worker says what is void');

my $all = time - $begin;

diag(sprintf 'back %.0f ms after the switch, all workers after %.0f ms',
     1000 * $first, 1000 * $all);
cmp_ok($all, '<', 1.5, 'fence - after the failover - back in time');

# every use again, by every worker, in every way

for my $round (1 .. 3) {
    is(tally(map { outcome(fetch($nginx, $_)) } @used), $FENCED,
       'fence - after the failover, used - 410');
}

is(tally(map { outcome(fetch($nginx, $_)) } @caught), $FENCED,
   'fence - after the failover, asked when the primary died - 410');
is(tally(map { outcome(fetch($nginx, $_, @RESUME)) } @used), $FENCED,
   'fence - after the failover, a resume - 410');
is(outcome(fetch($nginx, $resumed, @RESUME)), '410 grant_expired',
   'fence - after the failover, another resume - 410');
is(tally(map { outcome(fetch($nginx, $_)) } @unused), '3 x 410 grant_expired',
   'fence - after the failover, never used - 410');
is(tally(map { outcome(fetch($nginx, $_)) } @running),
   '2 x 410 grant_expired', 'fence - after the failover, running - 410');

my @new = issue($nginx, 'download', $N);

is(tally(map { outcome(fetch($nginx, $_)) } @new), "$N x delivered",
   'fence - after the failover - new grants are delivered');

# what ran over the failover ends as it would have, and its end is entered,
# where nobody knows of its beginning

ok(defined $client[0]->read_bytes(BIG - 1000, 20),
   'fence - ran over the failover - the client gets all');
ok(wait_for(sub { entered('download.completed', $running[0]) }),
   'fence - ran over the failover - its end is entered');
ok(wait_for(sub { entered('download.aborted', $running[1]) }),
   'fence - ended without a primary - its end is entered');
is(entered('download.completed', $running[0])->{bytes}, BIG,
   'fence - ran over the failover - with all bytes');

is(tally(map { entered('grant.issued', $_) ? 'yes' : 'no' } @used),
   "$N x yes", 'fence - audit - the grants are there');
is(tally(map { entered('download.started', $_) ? 'yes' : 'no' } @used,
         @running), '22 x no',
   'fence - audit - what the replica never got is not');

is(tally(map { entered('download.started', $_) ? 'yes' : 'no' } @new),
   "$N x yes", 'fence - audit - each new delivery has its beginning');
ok(wait_for(sub { $N == grep { entered('download.completed', $_) } @new }),
   'fence - audit - and its end');

# the positive control: without the fence they are fresh, and delivered again

$replica->command('HSET', grant_key($_), 'epoch',
                  info($replica, 'master_replid')) for @used;
is(tally(map { outcome(fetch($nginx, $_)) } @used), "$N x delivered",
   'fence - taken away - each is delivered a second time');

in_order($nginx, pids => \@pids);
done_testing();


# a grant is issued and delivered; a worker that is not back yet refuses

sub works {
    my ($nginx) = @_;
    my ($url) = eval { issue($nginx, 'download') };

    return $url && outcome(fetch($nginx, $url)) eq 'delivered';
}


sub ended {
    ($primary->command('HGET', grant_key($_[0]), 'state') // '') eq 'ended';
}


# the entry of that kind about that grant, where redis() speaks to

sub entered {
    my ($event, $url) = @_;
    my ($id) = grant_key($url) =~ /([0-9a-f]{32})\z/;

    return (grep { $_->{grant} eq $id } audit($event))[0];
}
