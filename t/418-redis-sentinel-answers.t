use strict;
use warnings;

# Sentinels that do not know, do not answer, or are behind: the next one is
# asked, and who was named has to be a primary.

use lib 't/lib';
use Test::More;
use Test::Aidial::FakeRedis;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Sentinel;
use Time::HiRes qw(sleep time);

my $ASKED = 'SENTINEL get-master-addr-by-name m';
my $NOBODY = qr/\[error\].*no Sentinel tells where the primary "m" is/;

my $first = primary();
my ($replica, $second) = replica('replica', $first);

# with the first replica came another replication id

prepare();

my @sentinels = map {
    my $port = free_port();

    { port => $port,
      fake => Test::Aidial::FakeRedis->start_tcp(dir(), $port,
                                                 says($first)) };
} 1, 2;

my $words = sentinel_url(@sentinels) . ' connect_timeout=200ms';
my $nginx = edge(redis => $words);

ok(serving($nginx, 'media', 2), 'sentinel - both know - served');
is_deeply([ (grep { /SENTINEL/ } $sentinels[0]{fake}->log)[0] ], [ $ASKED ],
          'sentinel - both know - asked for the name');
is_deeply([ $sentinels[1]{fake}->log ], [],
          'sentinel - both know - the second one is not asked');

# by host name, which may have more than one address, and a database

redis('COPY', $_, $_, 'DB', 3) for @{ redis('KEYS', 'aidial:*') };
$nginx->write_conf(http => http_config(redis =>
    "sentinel://localhost:$sentinels[0]{port}/m/3"));
$nginx->reload or die 'no reload';
ok(serving($nginx, 'status', 2), 'sentinel - host name and database - served');
$nginx->write_conf(http => http_config(redis => $words));

# the first is of no use, then both

my @useless = (
    [ 'nil' => "*-1\r\n", 'does not know it' ],
    [ 'an error' => "-NOAUTH x\r\n", 'error "NOAUTH x"' ],
    [ 'a status' => "+OK\r\n", 'unexpected reply' ],
    [ 'one element' => "*1\r\n" . bulk('127.0.0.1'), 'unexpected reply' ],
    [ 'integers' => "*2\r\n:1\r\n:2\r\n", 'unexpected reply' ],
    [ 'no RESP' => "HTTP/1.1 400\r\n", 'no RESP2' ],
    [ 'a host name' => address('localhost', $first), 'names "localhost"' ],
    [ 'no address' => address('', $first), 'names ""' ],
    [ 'port 0' => address('127.0.0.1', 0), 'names "127.0.0.1"' ],
    [ 'port 65536' => address('127.0.0.1', 65536), 'names "127.0.0.1"' ],
    [ 'silence' => 'never', 'no answer' ],
    [ 'a close' => 'close', 'closed the connection' ],
    [ 'half an answer' => { reply => "*2\r\n\$9\r\n127", close => 1 },
      'closed the connection' ],
);

for my $row (@useless) {
    my ($name, $reply, $why) = @$row;

    $sentinels[0]{fake}->script(SENTINEL => $reply);
    $nginx->reload or die 'no reload';
    ok(serving($nginx, 'status', 2), "sentinel - $name, then an answer - served");
    ok(scalar $nginx->log(qr/a Sentinel does not tell .* is: .*$why/),
       "sentinel - $name - said");
}

for my $row (@useless[0, 3, 6, 10]) {
    my ($name, $reply, $why) = @$row;
    my $before = $nginx->log($NOBODY);

    $_->{fake}->script(SENTINEL => $reply) for @sentinels;
    $nginx->reload or die 'no reload';
    ok(wait_for(sub { $nginx->log($NOBODY) > $before }, 2),
       "sentinel - $name from both - [error]");
    is(refusal(ask($nginx, 'media')), refused(),
       "sentinel - $name from both - 503");
    sleep 0.5;
    is(scalar $nginx->log($NOBODY), $before + 1,
       "sentinel - $name from both - said once");
}

# nobody listens

$_->{fake}->stop for @sentinels;
$nginx->reload or die 'no reload';
ok(wait_for(sub { $nginx->log(qr/$NOBODY.*\(111: /) }, 2),
   'sentinel - nobody listens - [error]');
is(refusal(ask($nginx, 'status')), refused(), 'sentinel - nobody listens - 503');
$sentinels[1]{fake}->script(says($first));
ok(serving($nginx, 'status', 3), 'sentinel - one is back - served');
ok(scalar $nginx->log(qr/\[notice\].*a Sentinel tells again/),
   'sentinel - one is back - said');

# one that is behind names a replica: it is found out, and the other one asked

$sentinels[0]{fake}->script(says($second));
$nginx->reload or die 'no reload';
ok(serving($nginx, 'media', 2), 'sentinel - the first is behind - served');
ok(scalar $nginx->log(qr/no primary, its role is "slave"/),
   'sentinel - the first is behind - found out');
$sentinels[1]{fake}->script(says($second));
$nginx->reload or die 'no reload';
is(refusal(ask($nginx, 'status')), refused(), 'sentinel - both are behind - 503');
$sentinels[$_]{fake}->script(says($first)) for 0, 1;
ok(serving($nginx, 'status', 2), 'sentinel - both know again - served');

# The check every ten seconds.  Behind: the connections stay where they are.

is(edges(redis_server()), 1, 'sentinel - served - one connection');
$_->{fake}->script(says($second)) for @sentinels;

my $before = $nginx->log(qr/attempt to connect .*role is "slave"/);
my $ended = $nginx->log(qr/a connection to Redis ended/);

ok(wait_for(sub {
       $nginx->log(qr/attempt to connect .*role is "slave"/) > $before;
   }, 12), 'sentinel - names a replica later - who is named is asked');
is(scalar $nginx->log(qr/a connection to Redis ended/), $ended,
   'sentinel - names a replica later - connections stay');
is(ask($nginx, 'status')->{status}, 200,
   'sentinel - names a replica later - served');

# split in two: both are primaries, and the Sentinels have decided

$replica->command('REPLICAOF', 'NO', 'ONE');
ok(wait_for(sub { edges($replica) == 1 && edges(redis_server()) == 0 }, 12),
   'sentinel - names another primary - connections move');
ok(serving($nginx, 'status', 1), 'sentinel - names another primary - served');
is(scalar $nginx->log(qr/the primary is 127.0.0.1:$second now, not 127.0.0.1:$first/),
   1, 'sentinel - names another primary - said');

in_order($nginx);
done_testing();


sub says { (SENTINEL => address('127.0.0.1', $_[0])) }

sub address { join '', "*2\r\n", map { bulk($_) } @_ }
