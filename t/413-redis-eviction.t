use strict;
use warnings;

# A Redis that may evict loses grants and revocations: it is not used, unless
# the operator says that it may.  Changed at run time it is seen as well.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $SAID = qr/\[crit\].*may evict grants and revocations, its maxmemory-policy/;

my $words = 'unix:' . redis_server()->path;

redis('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');

my $nginx = edge(redis => $words, workers => 2);

prepare();

ok(wait_for(sub { $nginx->log($SAID) }, 2), 'redis - may evict - [crit]');
like(join('', $nginx->log($SAID)),
     qr/ is "allkeys-lru"; set it to "noeviction", or .* "eviction=allowed"/,
     'redis - may evict - the policy is named, and what to do');
is(refusal(ask($nginx, $_)), refused(), "redis - may evict, $_ - 503")
    for qw(status grant media);

# a second of attempts

select undef, undef, undef, 1;
is(scalar $nginx->log($SAID), 1, 'redis - may evict, two workers - said once');

redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
ok(serving($nginx, 'media', 2), 'redis - noeviction - served');

# from here on one worker: what is known of it is known of the edge

$nginx->write_conf(workers => 1);
$nginx->reload or die 'no reload';
ok(serving($nginx, 'status', 2), 'redis - one worker - served');

# at run time: any policy that evicts, also one that spares keys without a life

for my $policy (qw(volatile-ttl allkeys-random)) {
    my $before = $nginx->log($SAID);

    redis('CONFIG', 'SET', 'maxmemory-policy', $policy);
    ok(wait_for(sub { refusal(ask($nginx, 'status')) eq refused() }, 3),
       "redis - $policy from now on - 503");
    ok(wait_for(sub { $nginx->log($SAID) == $before + 1 }, 2),
       "redis - $policy from now on - [crit]");
    redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    ok(serving($nginx, 'status', 2), "redis - $policy no more - served");
}

# allowed: not asked any more

$nginx->write_conf(http => http_config(redis => "$words eviction=allowed"));
redis('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
redis('CONFIG', 'RESETSTAT');
$nginx->reload or die 'no reload';
ok(serving($nginx, $_, 2), "redis - eviction=allowed, $_ - served")
    for qw(status grant media);

my $ended = $nginx->log(qr/connection to Redis ended: its maxmemory/);

select undef, undef, undef, 2.5;
is(scalar $nginx->log(qr/connection to Redis ended: its maxmemory/), $ended,
   'redis - eviction=allowed - still so after two seconds');
is(ask($nginx, 'status')->{status}, 200,
   'redis - eviction=allowed - served after two seconds');

in_order($nginx, crit => 'it may evict');
done_testing();
