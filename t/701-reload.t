use strict;
use warnings;

# Reloads, again and again, under load: nobody is refused and nobody is
# dropped, because a new worker lets a request wait for its first connection
# to Redis.  A Redis that hangs or is away does not keep old workers, and nor
# does what was played: others are left to enter it.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $ROUNDS = 20;

my $redis = redis_server();
my $nginx = edge(workers => 2, redis => 'unix:' . $redis->path
                                         . ' timeout=500ms connections=2');

prepare();
ok(serving($nginx, 'media', 2), 'reload - before - served');
ok($nginx->reload, 'reload - the first one');

my $descriptors = descriptors($nginx->pid);
my $clients = clients();

# healthy

my @loads = (load_begin($nginx, 'status', 'media'),
             load_begin($nginx, 'grant'));

my $done = grep { $nginx->reload } 1 .. $ROUNDS;
my %count = map { %{ load_end($_) } } @loads;

is($done, $ROUNDS, "reload - $ROUNDS under load - old workers leave");
is(join(' ', sort keys %count), '200 201',
   'reload - under load - everybody is served');
cmp_ok($count{200}, '>', $ROUNDS, 'reload - under load - there was load');
is(descriptors($nginx->pid), $descriptors,
   'reload - after all - the master has as many descriptors');
is(clients(), $clients, 'reload - after all - as many connections to Redis');

# hung, with a request in flight in the old worker

kill STOP => $redis->pid;

for my $round (1 .. 3) {
    my $client = in_flight($nginx, 'status');
    my ($left, $seconds) = timed { $nginx->reload };

    ok($left, 'reload - Redis hangs - old workers leave');
    cmp_ok($seconds, '<', 1.2, 'reload - Redis hangs - at the deadline');
    is(refusal($client->response), refused(),
       'reload - Redis hangs - the request in flight is answered');
}

kill CONT => $redis->pid;
ok(serving($nginx, 'media', 2), 'reload - Redis goes on - served');

# away: said once, however many workers find out

$redis->down;
wait_for { refusal(ask($nginx, 'status')) eq refused() } 2;
wait_for { unavailable() } 2;

my $said = unavailable();

for my $round (1 .. 3) {
    my ($left, $seconds) = timed { $nginx->reload };

    ok($left, 'reload - Redis is away - old workers leave');
    cmp_ok($seconds, '<', 0.5, 'reload - Redis is away - at once');
    ok(wait_for(sub { refusal(ask($nginx, 'grant')) eq refused() }, 2),
       'reload - Redis is away - 503');
}

is(unavailable(), $said, 'reload - Redis is away - said once');

my $back = $nginx->log(qr/Redis is available again/);

$redis->up;
prepare();
ok(serving($nginx, $_, 2), "reload - Redis is back, $_ - served")
    for qw(status grant media);
is($nginx->log(qr/Redis is available again/), $back + 1,
   'reload - Redis is back - said once');
is(descriptors($nginx->pid), $descriptors,
   'reload - after all - the master has as many descriptors');

# slow to greet: a request waits for a new worker's first connection

my $middle = middle(PING => { reply => "+PONG\r\n", delay => 0.3 });

$nginx->write_conf(http => http_config(redis => 'unix:' . $middle->path));

my $load = load_begin($nginx, 'status', 'grant');

$done = grep { $nginx->reload } 1 .. 3;
wait_for { 12 < grep { /^EVALSHA/ } $middle->log };
is($done, 3, 'reload - Redis is slow to greet - old workers leave');
is(join(' ', sort keys %{ load_end($load) }), '200 201',
   'reload - Redis is slow to greet - everybody is served');

in_order($nginx);
done_testing();


sub clients {
    my $count = 0;

    wait_for { ($count = () = redis('CLIENT', 'LIST') =~ /^id=/mg) == 5 } 2;

    return $count;
}


sub unavailable { scalar $nginx->log(qr/\[error\].*Redis is unavailable/) }
