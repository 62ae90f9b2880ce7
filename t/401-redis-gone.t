use strict;
use warnings;

# Redis dies while nginx runs: idle, with a request in flight, and again.  The
# request in flight is refused at once and not at its deadline, and a restart
# is found within a second.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $redis = redis_server();
my $nginx = edge(workers => 2,
                 redis => 'unix:' . $redis->path . ' timeout=5s');
my @pids = $nginx->workers;

prepare();
ok(serving($nginx, 'status'), 'redis - there - served');

# idle: nobody notices until somebody asks

kill_redis();

my ($answer, $seconds) = timed { ask($nginx, 'status') };
is(refusal($answer), refused(), 'redis - killed while idle, status - 503');
cmp_ok($seconds, '<', 5.3,
       'redis - killed while idle - not after the deadline');

wait_for { $nginx->log(qr/Redis is unavailable/) };

for my $what (qw(status grant media)) {
    ($answer, $seconds) = timed { ask($nginx, $what) };
    is(refusal($answer), refused(), "redis - known to be gone, $what - 503");
    cmp_ok($seconds, '<', 0.3, "redis - known to be gone, $what - at once");
}

comes_back('killed while idle');

# in flight: the kernel closes the socket, and that is the answer

for my $what (qw(status grant media download)) {
    my $url = $what eq 'download' ? download_url() : $what;

    kill STOP => $redis->pid;
    my $client = in_flight($nginx, $url);

    ($answer, $seconds) = timed { kill_redis(); $client->response };
    is(refusal($answer), refused(), "redis - killed in flight, $what - 503");
    cmp_ok($seconds, '<', 2, "redis - killed in flight, $what - at once");

    comes_back("killed in flight, $what");
}

# empty after its restart: no session, no grant, nothing left over

kill_redis();
$redis->up;

is(wait_for(sub {
       my $status = ask($nginx, 'media')->{status};
       $status != 503 && $status;
   }, 2), 401, 'redis - back and empty, media - 401');

in_order($nginx, pids => \@pids);
done_testing();


sub kill_redis {
    kill KILL => $redis->pid;
    $redis->down;
}


sub comes_back {
    my ($after) = @_;

    $redis->up;
    prepare();

    for my $what (qw(status grant media)) {
        ok(serving($nginx, $what, 1.5), "redis - $after, back - $what served");
    }
}
