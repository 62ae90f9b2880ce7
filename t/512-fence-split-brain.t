use strict;
use warnings;

# Two primaries at once: the old one, which some edge still reaches, and the
# promoted one, where other edges are.  Each honours what itself has recorded,
# so that nothing is delivered on both sides.

use lib 't/lib';
use Test::More;
use Test::Aidial::Failover;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Relay;

my $N = 20;

my %redis = (old => server('old'), new => server('new'));
my $link = Test::Aidial::Relay->start(to => "127.0.0.1:$redis{old}{port}");
my %switch = map { $_ => Test::Aidial::Relay->start(to => $redis{old}->path) }
    qw(old new);

follow($redis{new}, $link->port);
redis_server($redis{old});
records();

# two edges, one key; both are on the old primary until it is torn apart

my %edge = map { $_ => edge(workers => 2, store_config($switch{$_}->path)) }
    qw(old new);
my %pids = map { $_ => [ $edge{$_}->workers ] } keys %edge;

my @before = issue($edge{old}, 'download', $N);
my @unused = issue($edge{new}, 'download', $N);
my @race = issue($edge{old}, 'download', $N);
my @playback = issue($edge{new}, 'playback', 3);

ok(caught_up(@redis{qw(old new)}), 'fence - the replica has the grants');
is(on('new', @playback), '3 x delivered',
   'fence - one primary - a grant of one edge is good on the other');

$link->mute;
promote($redis{new});
$switch{new}->point($redis{new}->path);
ok(wait_for(sub { void('new') == 2 }, 3),
   'fence - two primaries - each worker of the new side says so');
is(void('old'), 0, 'fence - two primaries - the old side knows nothing');

# granted before: good on the old side alone, used or not

is(on('old', @before), "$N x delivered",
   'fence - before the split - delivered on the old side');
is(on('new', @before), "$N x 410 grant_expired",
   'fence - before the split, used - not on the new side');
is(on('new', @unused), "$N x 410 grant_expired",
   'fence - before the split, not used - not on the new side');
is(on('old', @unused), "$N x delivered",
   'fence - before the split - what the new side refused is not spent');
is(on('old', @before, @unused), 2 * $N . ' x 410 grant_used',
   'fence - before the split - and delivered once');
is(on('new', @playback), '3 x 410 grant_expired',
   'fence - before the split, playback - not on the new side');
is(on('old', @playback), '3 x delivered',
   'fence - before the split, playback - on the old side');

# on both sides at the same time

is(tally(race(@race)), "$N x 1", 'fence - before the split, on both sides at '
   . 'once - each is delivered once in all');

# granted since: each on its own side

for my $side (qw(old new)) {
    my $other = $side eq 'old' ? 'new' : 'old';
    my @url = issue($edge{$side}, 'download', $N);
    my @both = issue($edge{$side}, 'download', $N);

    is(on($other, @url), "$N x 410 grant_expired",
       "fence - granted on the $side side - not known on the other");
    is(on($side, @url), "$N x delivered",
       "fence - granted on the $side side - delivered there");
    is(on($other, @url), "$N x 410 grant_expired",
       "fence - granted on the $side side, used - not known on the other");
    is(on($side, @url), "$N x 410 grant_used",
       "fence - granted on the $side side, used - not delivered again");
    is(tally(race(@both)), "$N x 1",
       "fence - granted on the $side side, on both at once - delivered once");
}

# the positive control: the new side would have delivered all of them again

for my $url (@before, @race) {
    $redis{new}->command('HSET', grant_key($url), 'epoch',
                         info($redis{new}, 'master_replid'));
}

is(on('new', @before, @race), 2 * $N . ' x delivered',
   'fence - taken away on the new side - each is delivered a second time');

# the sides are joined: the old primary becomes a replica of the new one, and
# what it alone knew is gone; its edge has no primary until it is told of one

my @old = issue($edge{old}, 'download', $N);
my @new = issue($edge{new}, 'download', $N);

is(on('old', @old), "$N x delivered", 'fence - before the join - delivered');
follow($redis{old}, $redis{new}{port});
ok(wait_for(sub { on('old', $old[0]) eq '1 x 503 service_unavailable' }, 3),
   'fence - joined - the old primary is a replica: 503');
ok(wait_for(sub { 2 == refused_role('old') }, 3),
   'fence - joined - each worker of the old side says why');
$switch{old}->point($redis{new}->path);
ok(wait_for(sub { void('old') == 2 }, 3),
   'fence - joined - the old edge finds the new primary');
is(on('old', @old), "$N x 410 grant_expired",
   'fence - joined, used on the lost side - 410');
is(on('old', @new[0 .. 9]), '10 x delivered',
   'fence - joined - a grant of the new side is good on both edges');
is(on('new', @new), '10 x 410 grant_used, 10 x delivered',
   'fence - joined - and delivered once in all');

in_order($edge{$_}, pids => $pids{$_}) for qw(old new);
done_testing();


sub on {
    my ($side, @url) = @_;

    return tally(map { outcome(fetch($edge{$side}, $_)) } @url);
}


# each four times on both edges, all of them at once: how often it was served

sub race {
    my (@url) = @_;

    return map {
        my $url = $_;
        my @client = map { send_fetch($edge{$_}, $url) } (qw(old new)) x 4;

        scalar grep { $_ eq 'delivered' }
            map { outcome($_->response) } @client;
    } @url;
}


sub void { scalar $edge{$_[0]}->log(qr/grants issued before are void/) }


# how many workers have met a Redis that is no primary

sub refused_role {
    my %worker = map { /\] (\d+)#/ ? ($1 => 1) : () }
        $edge{$_[0]}->log(qr/this Redis is no primary, its role is "slave"/);

    return scalar keys %worker;
}
