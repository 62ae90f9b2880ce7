use strict;
use warnings;

# A Redis that changes its role under a connection that stays open, one that
# is a replica from the beginning, and a primary without enough replicas.

use lib 't/lib';
use Test::More;
use Test::Aidial::Failover;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Relay;
use Time::HiRes qw(sleep time);

my $N = 20;
my $FENCED = "$N x 410 grant_expired";
my $DOWN = '503 service_unavailable';
my $ROLE = qr/this Redis is no primary, its role is "slave"/;
my $VOID = qr/grants issued before are void/;

my $primary = redis_server(server('primary'));
my $replica = server('replica');
my $link = Test::Aidial::Relay->start(to => "127.0.0.1:$primary->{port}");

records();

my $nginx = edge(store_config($primary->path));
my @pids = $nginx->workers;

# the first replica makes Redis call its data by another id; no write is lost,
# but nobody can tell

my @url = issue($nginx, 'download', $N);

follow($replica, $link->port);
ok(wait_for(sub { $nginx->log($VOID) }, 3.5),
   'fence - the first replica comes - another epoch');
is(asked(@url), $FENCED, 'fence - the first replica comes - 410');
@url = issue($nginx, 'download', $N);
$replica->command('REPLICAOF', 'NO', 'ONE');
follow($replica, $link->port);
is(asked(@url), "$N x delivered",
   'fence - a replica goes and comes - the same epoch');

# demoted, and nobody asks: the connection finds out for itself

my $begin = time;

demote($primary);
ok(wait_for(sub { $nginx->log($ROLE) }, 4), 'fence - demoted, idle - noticed');
diag(sprintf 'demoted while idle: noticed after %.0f ms',
     1000 * (time - $begin));
cmp_ok(time - $begin, '<', 3, 'fence - demoted, idle - within three seconds');
is(asked(@url), "$N x $DOWN", 'fence - demoted - 503');
promote($primary);
ok(serving($nginx, 'grant', 2), 'fence - promoted again - served');

# demoted, and somebody asks before the connection has found out: it can read,
# but it cannot write

for my $what (qw(grant download)) {
    @url = issue($nginx, 'download', $N);

    my $entries = entries();
    my $said = $nginx->log(qr/READONLY/);

    demote($primary);
    is($what eq 'grant' ? outcome(ask($nginx, 'grant')) : asked($url[0]),
       $what eq 'grant' ? $DOWN : "1 x $DOWN",
       "fence - demoted just now, $what - 503");
    cmp_ok(scalar $nginx->log(qr/READONLY/), '>', $said,
           "fence - demoted just now, $what - it was READONLY");
    promote($primary);
    is(entries(), $entries, "fence - demoted just now, $what - not entered");
    ok(serving($nginx, 'grant', 2),
       "fence - demoted just now, $what - back when promoted");
}

is(asked(@url), $FENCED, 'fence - demoted and promoted again - 410');

# Demoted, resynchronized from one that knows of no use, and promoted again,
# faster than anybody looks.  Redis closes no connection for that.

follow($replica, $link->port);
wait_for { 0 == grep { outcome(fetch($nginx, $_)) ne 'delivered' }
           issue($nginx, 'download') } 3;
primary_known();

my @playback = issue($nginx, 'playback', 3);

@url = issue($nginx, 'download', $N);
caught_up($primary, $replica) or die 'the replica lags';
$link->mute;
is(asked(@url), "$N x delivered", 'fence - before a quick turn - delivered');
promote($replica);

my $said = $nginx->log($VOID);

sleep 1.1;
follow($primary, $replica->{port});
promote($primary);
is(join(' ', map { redis('HGET', grant_key($_), 'state') } @url),
   join(' ', ('fresh') x $N), 'fence - quick turn - the uses are lost');

my @got = map { outcome(fetch($nginx, $_)) } @url;

is(scalar(grep { /\A(?:410 grant_expired|\Q$DOWN\E)\z/ } @got), $N,
   'fence - quick turn, at once - none is delivered');
diag('quick turn, at once: ' . tally(@got));
ok(wait_for(sub { $nginx->log($VOID) > $said }, 3.5),
   'fence - quick turn - noticed');
is(asked(@url), $FENCED, 'fence - quick turn, noticed - 410');
is(asked(@playback), '3 x 410 grant_expired',
   'fence - quick turn, noticed, playback - 410');
is(asked(issue($nginx, 'download', $N)), "$N x delivered",
   'fence - quick turn, noticed - new grants are delivered');

# the same for who asks for a grant: it is good, or it is refused; a connection
# that was good for a second is opened anew at once

sleep 1.1;
demote($primary);
promote($primary);

my (@good, @refused);

for (1 .. 5) {
    push @good, eval { issue($nginx, 'download') };
    push @refused, $@ if $@;
}

cmp_ok(scalar @good, '>=', 4, 'fence - another quick turn, at once - granted');
is(join('', grep { !/503/ } @refused), '',
   'fence - another quick turn, at once - or refused');
is(asked(@good), @good . ' x delivered',
   'fence - another quick turn, at once - what was granted is good');

# min-replicas-to-write: before anything is written

$link->point;
follow($replica, $link->port);
primary_known();
redis('CONFIG', 'SET', 'min-replicas-to-write', 1);
redis('CONFIG', 'SET', 'min-replicas-max-lag', 2);
wait_for { info($primary, 'min_slaves_good_slaves') eq '1' };
@url = issue($nginx, 'download', $N);
@playback = issue($nginx, 'playback', $N);
$link->mute;
ok(wait_for(sub { outcome(ask($nginx, 'grant')) eq $DOWN }, 8),
   'fence - too few replicas, a grant - 503');

my $entries = entries();

is(asked(@url), "$N x $DOWN", 'fence - too few replicas, a download - 503');
is(asked(@playback), "$N x $DOWN", 'fence - too few replicas, playback - 503');
is(ask($nginx, 'status')->{status}, 200,
   'fence - too few replicas, status - served');
is(entries(), $entries, 'fence - too few replicas - nothing is entered');
is(tally(map { redis('HGET', grant_key($_), 'state') } @url, @playback),
   2 * $N . ' x fresh', 'fence - too few replicas - nothing is spent');
cmp_ok(scalar $nginx->log(qr/NOREPLICAS/), '>', 0,
       'fence - too few replicas - said');
$link->point;
ok(serving($nginx, 'grant', 3), 'fence - the replica is back - served');
is(asked(@url, @playback), 2 * $N . ' x delivered',
   'fence - the replica is back - the grants are good');
redis('CONFIG', 'SET', 'min-replicas-to-write', 0);
in_order($nginx, pids => \@pids);

# a replica from the beginning

caught_up($primary, $replica) or die 'the replica lags';

my $other = edge(store_config($replica->path));

is(outcome(ask($other, $_)), $DOWN, "fence - a replica, $_ - 503")
    for qw(status grant media download);
ok(wait_for(sub { $other->log($ROLE) }, 2), 'fence - a replica - said');
redis_server($replica);
promote($replica);
ok(serving($other, $_, 2), "fence - a replica is promoted, $_ - served")
    for qw(status grant);
is(tally(map { outcome(fetch($other, $_)) } issue($other, 'download', $N)),
   "$N x delivered", 'fence - a replica is promoted - delivered');

in_order($other);
done_testing();


sub asked { tally(map { outcome(fetch($nginx, $_)) } @_) }

# but for what is counted and entered later

sub entries {
    scalar grep { $_->{event} =~ /\A(?:grant\.issued|\w+\.started)\z/ } audit();
}


# the connection knows the epoch of now

sub primary_known {
    my $epoch = epoch();

    wait_for {
        my ($url) = eval { issue($nginx, 'playback') } or return 0;
        redis('HGET', grant_key($url), 'epoch') eq $epoch;
    } 5 or die 'the edge does not know the primary';
}


# a replica of nobody who is there: it keeps what it has

sub demote { $_[0]->command('REPLICAOF', '127.0.0.1', 1) }
