# What is counted of Redis: commands, errors by class, ends of connections,
# states, deadlines, reconnects, round trips; and what the audit trail is owed.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Metrics;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep);

my $large = large(4 << 20);
my $middle = middle();
my $nginx = nginx();
my $REDIS = qr/redis_(?:errors_total|disconnects_total|deadline_misses_total
                      |reconnects_total)/x;
my $SESSION = 'GET aidial:session:s_1';

prepare();
serving($nginx, 'status', 3) or die 'not served';
is_state('ready', 2);
is(scrape($nginx)->{redis_reconnects_total}, 0,
   'metrics - at the start - a first connection is no second one');


# ---- commands and round trips: as many as Redis got

for my $row ([ 'status', 4, 2 ], [ 'media', 6, 2 ]) {
    my ($what, $commands, $trips) = @$row;

    # in a moment without the watch, which asks every two seconds

    my $same = wait_for {
        my ($before, $log) = (scrape($nginx), scalar(() = $middle->log));
        ask($nginx, $what);
        prepare() if $what eq 'media';
        my $changed = changes($before, scrape($nginx),
            qr/redis_commands_total|redis_round_trip_seconds_count/);
        my $got = () = $middle->log;

        $got - $log == $commands
            && ($changed->{redis_commands_total} // 0) == $commands
            && ($changed->{redis_round_trip_seconds_count} // 0) == $trips;
    };

    ok($same, "metrics - $what - $commands commands in $trips round trips");
}

my ($slow, $before) = ('redis_round_trip_seconds_bucket{le="0.2"}',
                       scrape($nginx));

hold($SESSION);
my $client = in_flight($nginx, 'status');
sleep 0.3;
release();
is($client->response->{status}, 200, 'metrics - a slow answer - 200');

my $after = scrape($nginx);

for my $name ('redis_round_trip_seconds%s',
              'request_added_seconds%s{endpoint="status"}')
{
    my ($all, $fast) = map { sprintf $name, $_ } qw(_count _bucket);

    $fast =~ s/\}\z/,le="0.2"}/ or $fast .= '{le="0.2"}';

    my ($n, $quick) = map { $after->{$_} - $before->{$_} } $all, $fast;

    is($n - $quick, 1, "metrics - a slow answer - one of $n over 200 ms, $all");
    cmp_ok($after->{ $all =~ s/_count/_sum/r }
           - $before->{ $all =~ s/_count/_sum/r }, '>', 0.3,
           'metrics - a slow answer - in the sum');
}


# ---- errors, and what becomes of the connection

for my $row ([ 'LOADING x', 'loading', 'unfit' ],
             [ 'READONLY x', 'readonly', 'unfit' ],
             [ 'MASTERDOWN x', 'masterdown', 'unfit' ],
             [ 'OTHERPRIMARY x', 'otherprimary', 'lost' ],
             [ 'NOPERM x', 'noperm' ],
             [ 'OOM x', 'oom' ],
             [ 'MISCONF x', 'misconf' ],
             [ 'NOREPLICAS x', 'noreplicas' ],
             [ 'BUSY x', 'busy' ],
             [ 'TRYAGAIN x', 'cluster' ],
             [ 'CLUSTERDOWN x', 'cluster' ],
             [ 'MOVED 1 x', 'cluster' ],
             [ 'ASK 1 x', 'cluster' ],
             [ 'EXECABORT x', 'execabort' ],
             [ 'ERR x', 'err' ],
             [ 'ERR AUTH x', 'auth' ],
             [ 'NOSCRIPT x', 'noscript' ],
             [ 'WRONGTYPE x', 'wrongtype' ],
             [ 'NEVERHEARD x', 'unknown', 'broken' ],
             [ 'NOAUTH x', 'auth', 'denied' ])
{
    my ($error, $class, $end) = @$row;

    is_redis("the error $error", $SESSION => "-$error\r\n",
             errors_total => $class, disconnects_total => $end);
}

is_redis('no answer', $SESSION => 'never', deadline_misses_total => '',
         disconnects_total => 'late');
is_redis('it closes', $SESSION => 'close', disconnects_total => 'lost');
is_redis('it does not speak RESP', $SESSION => "?\r\n",
         disconnects_total => 'broken');


# ---- states

$middle->stop;
wait_for { family(scrape($nginx), 'redis_connections')->{'state="down"'} };
ok(!family(scrape($nginx), 'redis_connections')->{'state="ready"'},
   'metrics - Redis is gone - no connection is ready');
$before = scrape($nginx);
$middle = middle();
is_state('ready', 2);
is_deeply(changes($before, scrape($nginx), qr/redis_reconnects_total/),
          { redis_reconnects_total => 2 },
          'metrics - Redis is back - two connections are');

for my $row ([ 'handshake', 'PING', { until => dir() . '/never' } ],
             [ 'down', 'INFO memory', bulk("maxmemory_policy:allkeys-lru\r\n"),
               'evicts' ],
             [ 'down', 'PING', "-LOADING x\r\n", 'unfit' ],
             [ 'down', 'PING', "-WRONGPASS x\r\n", 'denied' ])
{
    my ($state, $command, $reply, $end) = @$row;

    # answers to the watch are the old ones until all connections have ended

    $before = scrape($nginx);
    override($command => $reply, $SESSION => 'close');
    wait_for {
        ask($nginx, 'status');
        !family(scrape($nginx), 'redis_connections')->{'state="ready"'};
    };
    is_state($state, 2);
    ok(wait_for(sub {
           scrape($nginx)->{qq(redis_disconnects_total{reason="$end"})}
               > $before->{qq(redis_disconnects_total{reason="$end"})}
       }), "metrics - $command - $end") if $end;
    override();
    ok(settles($nginx, 'redis_connections{state="ready"}', 2, 12),
       "metrics - $command - ready again");
}


# ---- what the trail is owed

call(large_call());
serving($nginx, 'status', 3) or die 'not served';

my ($part) = part($nginx, '/large/' . download(), 500_000);

$middle->stop;
$part->abort;
ok(settles($nginx, 'audit_backlog{kind="closings"}', 1),
   'metrics - a download ends, Redis is away - an entry is due');
$middle = middle();
ok(settles($nginx, 'audit_backlog{kind="closings"}', 0),
   'metrics - Redis is back - none is due');
last_entry('download.aborted') or die 'no entry';
is(scrape($nginx)->{'audit_lost_total{kind="closings"}'}, 0,
   'metrics - Redis is back - none is lost');

# the first refusal is told at once, the next ones wait for their minute

for my $n (1 .. 3) {
    my $answer = $nginx->client->get(
        media_url(grant(expires_at => time - 1)), session());
    is($answer->{status}, 410, "metrics - refused, $n - 410");
    wait_for { () = audit('media.refused') } 2 or die 'not entered';
    ok(settles($nginx, 'audit_backlog{kind="refusals"}', $n > 1),
       "metrics - refused, $n - " . ($n > 1 ? 'one user waits' : 'entered'));
}

# the only worker quits without Redis, and another takes its place

($part) = part($nginx, '/large/' . download(), 500_000);
$middle->stop;
$part->abort;
ok(settles($nginx, 'audit_backlog{kind="closings"}', 1),
   'metrics - Redis is away again - an entry is due');
kill QUIT => $nginx->workers;

# with those of the playbacks, which end with the edge

wait_for { $nginx->log(qr/worker process \d+ exited/) } 15 or die 'it stays';
my $said = () = $nginx->log(qr/an audit entry is lost/);

cmp_ok($said, '>=', 1, 'metrics - the worker leaves without Redis - it says so');
ok(settles($nginx, 'audit_lost_total{kind="closings"}', $said),
   "metrics - the worker leaves without Redis - $said entries are lost");
is(scrape($nginx)->{'audit_backlog{kind="closings"}'}, 0,
   'metrics - the worker leaves without Redis - and not due any more');
$middle = middle();
ok(serving($nginx, 'status', 5), 'metrics - Redis is back - served');
in_order($nginx, crit => 'Redis');

# a zone that has no room for who is refused

$nginx = nginx(zone => 'aidial:32k');
serving($nginx, 'status', 3) or die 'not served';

my $lost = wait_for {
    for my $n (1 .. 40) {
        my $user = int rand 1e9;
        my $who = session(sid => "s_$user", user_id => "u_$user");

        $nginx->client->get(media_url(grant(user => "u_$user",
                                            expires_at => time - 1)), $who);
    }

    family(scrape($nginx), 'audit_lost_total')->{'kind="refusals"'};
} 20;

ok($lost, 'metrics - the zone is full - refusals are lost, and counted');
is(scrape($nginx)->{zone_free_bytes}, 0, 'metrics - the zone is full - it says so');
in_order($nginx);
done_testing();


sub nginx {
    my (%word) = @_;

    return Test::Aidial::Nginx->start(workers => 1,
        http => large_http(redis => 'unix:' . $middle->path
                                    . ' timeout=400ms connections=2', %word),
        server => locations(metrics_location() . large_media()));
}


sub is_state {
    my ($state, $n) = @_;

    settles($nginx, qq(redis_connections{state="$state"}), $n);
    is_deeply(family(scrape($nginx), 'redis_connections'),
              { qq(state="$state") => $n }, "metrics - $n connections $state");
}


# is_redis($title, $command => $reply, metric => label, ...): one status
# request is answered so; that is what is counted, once each, and a connection
# that has ended comes back

sub is_redis {
    my ($title, $command, $reply, %expected) = @_;
    my $end = $expected{disconnects_total};
    my $all = { map {
        my $value = $expected{$_};
        my $label = /errors/ ? 'class' : 'reason';

        defined $value ? ("redis_$_" . ($value ne '' ? qq({$label="$value"})
                                                     : '') => 1) : ()
    } keys %expected };

    $all->{redis_reconnects_total} = 1 if $end;

    settles($nginx, 'redis_connections{state="ready"}', 2, 8);

    my $before = scrape($nginx);
    my $changed;

    override($command => $reply);
    ask($nginx, 'status');
    override();

    wait_for {
        $changed = changes($before, scrape($nginx), $REDIS);
        keys %$changed >= keys %$all;
    } 8;

    is_deeply($changed, $all, "metrics - $title - what is counted");
}
