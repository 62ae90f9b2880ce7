use strict;
use warnings;

# A Redis that does not answer holds at most 1024 operations of a connection:
# what comes then is refused at once.  Requests that were reset count until
# Redis has answered them, so that resetting is no way around the bound.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;

my $MAX = 1024;
my $MORE = 100;
my @STATUS = ('GET', '/api/calls/c_9/status', undef,
              'Cookie: aidial_session=s_1');

my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path . ' timeout=1s',
    server => locations('listen unix:' . socket_path() . ' http2;
                         keepalive_requests 10000;
                         http2_max_concurrent_streams 4000;'));
my @pids = $nginx->workers;

prepare();
ok(serving($nginx, 'status', 2), 'redis - few requests - served');

my $before = descriptors($pids[0]);

# as many as it takes, and more

my $from = $middle->log;

override(GET => 'never');

my $h2 = Test::Aidial::Http2->new(socket_path());
my @streams = map { $h2->request(@STATUS) } 1 .. $MAX + $MORE;

my ($refused, $seconds) = timed { ended() };

is($refused, $MORE, "redis - $MAX wait - all others are refused");
cmp_ok($seconds, '<', 0.9, 'redis - too many - refused before any deadline');
wait_for { waiting_gets($from) >= 2 * $MAX };
is(waiting_gets($from), 2 * $MAX, "redis - $MAX wait - no command beyond them");
is(refusal(ask($nginx, 'status')), refused(),
   'redis - too many, another client - 503');
is(scalar(my @lines = $nginx->log(qr/too many operations wait/)), 1,
   'redis - too many - one line a second says so');

# the deadline ends them all, at once

my %status;

$status{ $h2->wait($_)->{status} // 'reset' }++ for @streams;
is_deeply(\%status, { 503 => $MAX + $MORE }, 'redis - too many - all are 503');

override();
ok(serving($nginx, 'status', 2), 'redis - answers again - served');

# reset before the answer: the operations are Redis' to end

$from = $middle->log;
override(GET => 'never');

for (1 .. $MAX + $MORE) {
    my $stream = $h2->request(@STATUS);

    $h2->reset($stream);
}

my $last = $h2->request(@STATUS);

is(($h2->wait($last, 5) // {})->{status}, 503,
   'redis - rapid resets - the next one is refused');
cmp_ok(waiting_gets($from), '<=', 2 * $MAX,
       'redis - rapid resets - no command beyond the bound');

override();
ok(serving($nginx, 'status', 3), 'redis - after rapid resets - served');

# nothing is left of any of them

$h2->close;
ok(wait_for(sub { descriptors($pids[0]) == $before }, 3),
   'redis - all over - as many descriptors as before');

in_order($nginx, pids => \@pids);
done_testing();


# how many streams have ended by the time their number stands still

sub ended {
    my $ended = 0;

    wait_for {
        $h2->wait($streams[-1], 0.05);
        $ended = grep { $_->{end} } @{ $h2->{streams} }{@streams};
        $ended >= $MORE;
    } 2;

    return $ended;
}


sub waiting_gets {
    my ($from) = @_;
    my @lines = $middle->log;

    return scalar grep { /\AGET/ } @lines[$from .. $#lines];
}
