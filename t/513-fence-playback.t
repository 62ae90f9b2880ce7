use strict;
use warnings;

# Playback over a failover: what plays goes on, the grant is dead for the next
# request, the page asks for another one, and the audit stream of the new
# primary has how the playback ended.

use lib 't/lib';
use Test::More;
use Test::Aidial::Failover;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $N = 20;
my $FENCED = "$N x 410 grant_expired";
my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my @SEEK = ('Range: bytes=500-');

my ($primary, $replica, $link, $switch) = replicated(qw(primary replica));
my $nginx = edge(workers => 2, store_config($switch->path));
my @pids = $nginx->workers;

my @before = issue($nginx, 'playback', $N);
my @played = issue($nginx, 'playback', $N);
my @fresh = issue($nginx, 'playback', $N);
my ($long) = issue($nginx, 'playback', 1, 'c_big');

# some are begun before the link is lost, some only since

is(tally(map { outcome(fetch($nginx, $_)) } @before), "$N x delivered",
   'fence - playback, begun - played');
ok(caught_up($primary, $replica), 'fence - the replica has the grants');
$link->mute;
is(tally(map { outcome(fetch($nginx, $_)) } @played), "$N x delivered",
   'fence - playback, begun since - played');
is(tally(seeks(@before, @played)), 2 * $N . ' x 206',
   'fence - playback, begun - played on');

my $client = send_fetch($nginx, $long);

ok(defined $client->read_bytes(1000), 'fence - playback - one plays');
is(tally(map { $replica->command('HGET', grant_key($_), 'state') }
         @before, @played, @fresh), "$N x begun, " . 2 * $N . ' x fresh',
   'fence - playback - what the replica knows');

$primary->crash;
is(tally(map { outcome(fetch($nginx, $_)) } @before, @played, @fresh),
   3 * $N . ' x 503 service_unavailable', 'fence - playback, no primary - 503');
redis_server($replica);
promote($replica);
$switch->point($replica->path);
ok(wait_for(sub { 2 == $nginx->log(qr/grants issued before are void/) }, 3),
   'fence - playback, failover - each worker says what is void');

# the grants are dead for each method and for ranges

for my $row ([ 'begun' => \@before ], [ 'begun since' => \@played ],
             [ 'never begun' => \@fresh ])
{
    my ($name, $url) = @$row;

    is(tally(map { outcome(fetch($nginx, $_)) } @$url), $FENCED,
       "fence - playback, failover, $name - 410");
    is(tally(map { outcome(fetch($nginx, $_, @SEEK)) } @$url), $FENCED,
       "fence - playback, failover, $name, a seek - 410");
    is(tally(map { $nginx->client->head($_, @WHO)->{status} } @$url),
       "$N x 410", "fence - playback, failover, $name, HEAD - 410");
}

is(scalar(grep { $_->{event} eq 'playback.started' } audit()), $N,
   'fence - playback - the beginnings that the replica had, and no more');

# the page asks again

my @again = issue($nginx, 'playback', $N);

is(tally(map { outcome(fetch($nginx, $_)) } @again), "$N x delivered",
   'fence - playback, failover, new grants - played');
is(tally(seeks(@again)), "$N x 206",
   'fence - playback, failover, new grants - played on');
is(tally(events('playback.started', @again)), "$N x 1",
   'fence - playback, failover, new grants - each is entered once');

# what played is played to the end

ok(defined $client->read_bytes(BIG - 1000, 20),
   'fence - played over the failover - the client gets all');

# the positive control

$replica->command('HSET', grant_key($_), 'epoch',
                  info($replica, 'master_replid')) for @played;
is(tally(map { outcome(fetch($nginx, $_)) } @played), "$N x delivered",
   'fence - playback, fence taken away - the grants are good');
is(tally(events('playback.started', @played)), "$N x 1",
   'fence - playback, fence taken away - entered as if nothing had been');

# the ends: of each playback one, whichever primary knows its beginning

in_order($nginx, pids => \@pids);
is(tally(events('playback.closed', @before, @again, $long)),
   2 * $N + 1 . ' x 1', 'fence - playback - the end of each is entered once');
is(tally(events('playback.closed', @fresh)), "$N x 0",
   'fence - playback, never begun - and no other');

is(tally(map { "$_->{bytes} of $_->{ranges}" } audit('playback.closed')),
   2 * $N . " x 1500 of 0-999, $N x 2500 of 0-999, 1 x " . BIG
   . ' of 0-' . (BIG - 1),
   'fence - playback - with the bytes of both sides of the failover');
done_testing();


sub seeks { map { fetch($nginx, $_, @SEEK)->{status} } @_ }


# how many entries of that kind each grant has

sub events {
    my ($event, @url) = @_;
    my %count;

    $count{ $_->{grant} }++ for audit($event);

    return map { $count{ (split /:/, grant_key($_))[-1] } // 0 } @url;
}
