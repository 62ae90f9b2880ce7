use strict;
use warnings;

# min-replicas-to-write: a primary without enough replicas writes nothing, so
# no grant is issued and none is redeemed.  What only reads goes on.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Sentinel qw(primary replica);

my $port = primary();
my $nginx = edge(redis => 'unix:' . redis_server()->path);

prepare();
ok(serving($nginx, 'grant', 2), 'redis - no replica asked for - served');

my $url = download_url();

redis('CONFIG', 'SET', 'min-replicas-to-write', 1, 'min-replicas-max-lag', 2);

my @before = state();

for my $what ('grant', $url) {
    my $name = $what eq 'grant' ? $what : 'download';

    is(refusal(ask($nginx, $what)), refused(),
       "redis - too few replicas, $name - 503");
}

is(join(' ', state()), "@before", 'redis - too few replicas - nothing written');
ok(scalar $nginx->log(qr/\[error\].*Redis answered with the error "NOREPLICAS/),
   'redis - too few replicas - said');
is(ask($nginx, 'status')->{status}, 200, 'redis - too few replicas, status - 200');

# one comes, and with it another replication id

my $replica = replica('replica', $port);

ok(serving($nginx, 'grant', 5), 'redis - a replica - grants again');
is(ask($nginx, download_url())->{status}, 200,
   'redis - a replica - download served');

in_order($nginx);
done_testing();


sub state {
    return map { "$_ " . (redis('TYPE', $_) eq 'hash'
                 ? join ',', @{ redis('HGETALL', $_) } : '') }
        sort @{ redis('KEYS', '*') };
}
