# What Redis is asked, command by command, in how many trips.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::FakeRedis;
use Test::Aidial::Nginx;

# this Redis answers a trip only when all of its commands are there: a client
# that waits for the first answer before it sends the second command gets none

my %record;

records();
redis('SET', 'aidial:session:s_sid', redis('GET', 'aidial:session:s_1'));
$record{$_} = redis('GET', $_) for @{ redis('KEYS', '*') };

my $redis = Test::Aidial::FakeRedis->start(dir(), PING => "+PONG\r\n",
    GET => sub {
        my $text = $record{ $_[1] };
        my $reply = defined $text ? '$' . length($text) . "\r\n$text\r\n"
                                  : "\$-1\r\n";
        return { reply => $reply, delay => 0.05 };
    },
    EVALSHA => sub { "*2\r\n:1\r\n\$" . length($_[4]) . "\r\n$_[4]\r\n" });

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(redis => 'unix:' . $redis->path));
my $client = $nginx->client;

my @FIRST = ('GET aidial:session:s_1', 'GET aidial:call:c_9');
my @SECOND = ('GET aidial:revoked-before:t_1:u_81', 'GET aidial:tenant:t_1');

asked('status, own call', [ @FIRST, @SECOND ], sub { status('c_9') });
asked('status, unknown call', [ $FIRST[0], 'GET aidial:call:c_none', @SECOND ],
      sub { status('c_none') });
asked('status, unknown session',
      [ 'GET aidial:session:s_none', 'GET aidial:call:c_9' ],
      sub { status('c_9', 's_none') });
asked('status, no cookie', [], sub { $client->get('/api/calls/c_9/status') });
asked('status, malformed cookie', [], sub { status('c_9', 'a b') });
asked('status, other method', [],
      sub { $client->post('/api/calls/c_9/status', '',
                          'Cookie: aidial_session=s_1') });
asked('grant, other method', [],
      sub { $client->get('/api/calls/c_9/grant',
                         'Cookie: aidial_session=s_1') });

# refused after the session: no script

asked('grant, cross-site', [ @FIRST, @SECOND ],
      sub { post('{"action":"playback"}', 'Sec-Fetch-Site: cross-site') });
asked('grant, not JSON', [ @FIRST, @SECOND ], sub { post('x', same_origin()) });
asked('grant, unconfirmed download', [ @FIRST, @SECOND ],
      sub { post('{"action":"download"}', same_origin()) });

# issued: as status, and one script

for my $action (qw(playback download)) {
    my @log = asked("grant, $action", undef, sub {
        post("{\"action\":\"$action\",\"confirm\":true}", same_origin());
    });

    is_deeply([ @log[0 .. 3] ], [ @FIRST, @SECOND ],
              "round trips - grant, $action - asks as status does");
    is(scalar @log, 5, "round trips - grant, $action - and one command more");
    like($log[4], qr/\AEVALSHA [0-9a-f]{40} 1 aidial:\{t_1\}:grant:[0-9a-f]{32} \S+ $action [1-9]\d*\z/,
         "round trips - grant, $action - the issue script, by its hash");
}

# two trips of two, not four of one: each reply takes 50 ms

my $before = Time::HiRes::time();
status('c_9');
my $took = Time::HiRes::time() - $before;

cmp_ok($took, '>=', 0.099, 'round trips - status - two trips, no less');
cmp_ok($took, '<', 0.19, 'round trips - status - two trips, no more');

# one connection for all of it

is(scalar(grep { $_ eq '+' } $redis->log), 1,
   'round trips - one connection for all');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub status {
    my ($call, $sid) = @_;

    $client->get("/api/calls/$call/status",
                 'Cookie: aidial_session=' . ($sid // 's_1'));
}


sub post {
    my ($body, @headers) = @_;

    $client->post('/api/calls/c_9/grant', $body, 'Cookie: aidial_session=s_1',
                  @headers);
}


sub asked {
    my ($title, $expected, $action) = @_;
    my $start = () = $redis->log;

    $action->();

    my @log = $redis->log;
    @log = grep { !/\A(?:[+-]|PING|AUTH|SELECT)\z/ } @log[$start .. $#log];
    is_deeply(\@log, $expected, "round trips - $title - "
              . (@$expected ? join ' | ', map { (split)[1] } @$expected
                            : 'nothing'))
        if $expected;

    return @log;
}
