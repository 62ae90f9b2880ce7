use strict;
use warnings;

# The fence: a connection knows which primary it speaks to by its replication
# id.  Another id, another role or a reply that is none to INFO ends it.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::FakeRedis;
use Test::Aidial::Nginx;
use Test::Aidial::Redis;
use Time::HiRes qw(time);

my $VOID = qr/\[warn\].*grants issued before are void/;
my $CHANGED = qr/connection to Redis ended: its replication id has changed/;
my $ROLE = qr/this Redis is no primary, its role is "slave"/;

my $path = redis_server()->path;
my $middle = middle();
my $nginx = edge(redis => "unix:$path");

prepare();
ok(serving($nginx, 'media', 2), 'redis - a primary - served');

# twice a primary: the same process, the same connection, another id

redis('REPLICAOF', '127.0.0.1', '1');
redis('REPLICAOF', 'NO', 'ONE');
prepare();

ok(wait_for(sub { $nginx->log($CHANGED) }, 3),
   'redis - another replication id - the connection ends');
ok(wait_for(sub { $nginx->log($VOID) }, 1),
   'redis - another replication id - said');
is(ask($nginx, 'status')->{status}, 200,
   'redis - another replication id - the client does not see it');
is(scalar $nginx->log($VOID), 1, 'redis - another replication id - said once');

# a replica, for as long as it is one

redis('REPLICAOF', '127.0.0.1', '1');
redis('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
ok(wait_for(sub { refusal(ask($nginx, 'status')) eq refused() }, 3),
   'redis - becomes a replica - 503');
ok(wait_for(sub { $nginx->log($ROLE) }, 2), 'redis - becomes a replica - said');
redis('REPLICAOF', 'NO', 'ONE');
ok(serving($nginx, 'status', 2), 'redis - a primary again - served');

# a restart is a new epoch as well

my $before = $nginx->log($VOID);

redis_server()->down;
redis_server()->up;
prepare();
ok(serving($nginx, 'status', 3), 'redis - restarted - served');
is(scalar $nginx->log($VOID), $before + 1, 'redis - restarted - said');

# replies that are none to INFO, in the handshake

$nginx->write_conf(http => http_config(redis => 'unix:' . $middle->path));
$nginx->reload or die 'no reload';

for my $row ([ 'no role', 'replication', role => undef ],
             [ 'no replid', 'replication', master_replid => undef ],
             [ 'a short replid', 'replication', master_replid => 'ab' x 19 ],
             [ 'a long replid', 'replication', master_replid => 'a' x 41 ],
             [ 'a replid that is no hex', 'replication',
               master_replid => 'g' x 40 ],
             [ 'two roles', 'replication', role => "master\r\nrole:master" ],
             [ 'no policy', 'memory', maxmemory_policy => undef ],
             [ 'an empty policy', 'memory', maxmemory_policy => '' ])
{
    my ($name, $section, @change) = @$row;

    garbage($name, $section,
            Test::Aidial::FakeRedis::info($section, @change));
}

garbage("the reply $_->[0]", 'replication', $_->[1])
    for [ OK => "+OK\r\n" ], [ nil => "\$-1\r\n" ], [ '7' => ":7\r\n" ],
        [ 'of 70000 bytes' => bulk('x' x 70000) ], [ 'array' => "*1\r\n:1\r\n" ];

# and on a connection that was good

override();
ok(serving($nginx, 'status', 2), 'redis - INFO as it should be - served');

for my $row ([ 'a broken reply' => "+OK\r\n", 'none to INFO' ],
             [ 'an error' => "-ERR x\r\n", 'INFO was answered with the error' ],
             [ 'a replica' => Test::Aidial::FakeRedis::info('replication',
                                  role => 'slave'), 'no primary' ])
{
    my ($name, $reply, $why) = @$row;

    override('INFO replication' => $reply);
    ok(wait_for(sub { $nginx->log(qr/a connection to Redis ended: .*$why/) },
                3), "redis - later $name - the connection ends");
    ok(wait_for(sub { refusal(ask($nginx, 'status')) eq refused() }, 2),
       "redis - later $name - 503");
    override();
    ok(serving($nginx, 'status', 2), "redis - later $name has passed - served");
}

# silence is found out though nobody asks

override(INFO => 'never');
ok(wait_for(sub { $nginx->log(qr/\[info\].*not answered in time; 0 op/) }, 4),
   'redis - INFO never answered - the connection ends');
override();
ok(serving($nginx, 'status', 2), 'redis - INFO answered again - served');

in_order($nginx);
done_testing();


# a new worker meets it at once

sub garbage {
    my ($name, $section, $reply) = @_;
    my $line = qr/attempt to connect to Redis ended: a reply that is none to INFO/;
    my $before = $nginx->log($line);

    override("INFO $section" => $reply);
    $nginx->reload or die 'no reload';
    ok(wait_for(sub { $nginx->log($line) > $before }, 2),
       "redis - handshake, $name - not believed");
    is(refusal(ask($nginx, 'status')), refused(),
       "redis - handshake, $name - 503");
}
