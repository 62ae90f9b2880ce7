# What Redis is asked, command by command, in how many trips.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA 'hmac_sha256_hex';
use Test::More;
use Test::Aidial::FakeRedis;
use Test::Aidial::Fault qw(timed);
use Test::Aidial::Nginx;

my $EPOCH = '0123456789' x 4;
my $HEX = qr/[0-9a-f]{32}/;
my $GRANT = qr/aidial:\{t_1\}:grant:$HEX/;
my $RATE = qr/aidial:\{t_1\}:rate:u_81/;
my $AUDIT = qr/aidial:\{t_1\}:audit/;

# the scripts by their keys and first arguments

my %SCRIPT = (
    issue => qr/3 $GRANT $RATE $AUDIT $HEX $EPOCH (?:allowed|refused) /,
    begin => qr/2 $GRANT $AUDIT $HEX $EPOCH u_81 /,
    redeem => qr/2 $GRANT $AUDIT $HEX $EPOCH 1 \d+ \d+   u_81 /,
    renew => qr/1 $GRANT $HEX \d+ "[^"]+" 1000\z/,
    count => qr/2 $RATE $AUDIT \S+ media\.refused 1 u_81 /,
    close => qr/2 $GRANT $AUDIT $HEX download\.completed 1 0 200 1000 0 999 /,
);

# grants by their ids: state, action

my %GRANT = (
    'fresh playback!!' => [ 'fresh', 'playback' ],
    'begun playback!!' => [ 'begun', 'playback' ],
    'fresh download!!' => [ 'fresh', 'download' ],
    'used download!!!' => [ 'closed', 'download' ],
);

my %record;

records();
call(id => 'c_foreign', tenant_id => 't_2', client_id => 'cl_2');
call(id => 'c_denied', consent => 'denied');
$record{$_} = redis('GET', $_) for @{ redis('KEYS', '*') };

# Replies take their time, and the log has a "|" for each that leaves.  So what
# was asked without waiting stands there without one between.

my $redis = Test::Aidial::FakeRedis->start(dir(), PING => "+PONG\r\n",
    GET => sub { late(bulk($record{ $_[1] })) },
    HMGET => sub {
        my ($id) = $_[1] =~ /:grant:(\S+)\z/;
        return late("*3\r\n", map { bulk($_) }
                    @{ $GRANT{ pack 'H*', $id } }, $EPOCH);
    },
    EVALSHA => sub {
        my $reply = late("*4\r\n:1\r\n", bulk($_[3 + $_[2]]), ":0\r\n",
                         bulk(''));
        $reply->{delay} = 0.8 if grep { $_ eq 'download.completed' } @_;
        return $reply;
    });

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(redis => 'unix:' . $redis->path . ' timeout=5s'));
my $client = $nginx->client;

my @FIRST = ('GET aidial:session:s_1', 'GET aidial:call:c_9');
my @SECOND = ('GET aidial:revoked-before:t_1:u_81', 'GET aidial:tenant:t_1');

asked('status, no cookie', [], sub { $client->get('/api/calls/c_9/status') });
asked('status, malformed cookie', [], sub { status('c_9', 'a b') });
asked('status, other method', [],
      sub { $client->post('/api/calls/c_9/status', '',
                          'Cookie: aidial_session=s_1') });
asked('status, unknown session',
      [ 'GET aidial:session:s_none', 'GET aidial:call:c_9', '|' ],
      sub { status('c_9', 's_none') });
asked('grant, other method', [],
      sub { $client->get('/api/calls/c_9/grant',
                         'Cookie: aidial_session=s_1') });

# refused after the session, and before the rate: no script

asked('grant, cross-site', [ @FIRST, '|', @SECOND, '|' ],
      sub { post('c_9', '{"action":"playback"}',
                 'Sec-Fetch-Site: cross-site') });
asked('grant, not JSON', [ @FIRST, '|', @SECOND, '|' ],
      sub { post('c_9', 'x', same_origin()) });
asked('grant, unconfirmed download', [ @FIRST, '|', @SECOND, '|' ],
      sub { post('c_9', '{"action":"download"}', same_origin()) });

# a call that is unknown, foreign or blocked costs what one's own costs

for my $row ([ 'own call', 'c_9', 200, 201 ],
             [ 'unknown call', 'c_none', 404, 404 ],
             [ 'foreign call', 'c_foreign', 404, 404 ],
             [ 'blocked call', 'c_denied', 200, 403 ])
{
    my ($name, $call, $status, $grant) = @$row;
    my @asked = ($FIRST[0], "GET aidial:call:$call", '|', @SECOND, '|');

    asked("status, $name", \@asked,
          sub { is(status($call)->{status}, $status, "status, $name") });

    for my $action (qw(playback download)) {
        asked("grant, $action, $name", [ @asked, 'issue', '|' ],
              sub { is(issue($call, $action)->{status}, $grant,
                       "grant, $action, $name") });
    }
}

asked('grant, malformed call', [ $FIRST[0], '|', @SECOND, '|', 'issue', '|' ],
      sub { issue('c%20x', 'playback') });

# what the issue script is told, and nothing of the owner of a foreign call

told('c_9', 'playback', 'allowed', 360, 'p_1', 'allowed', '');
told('c_9', 'download', 'allowed', 120, 'p_1', 'allowed', '');
told('c_none', 'playback', 'refused', 60, '', 'recording_not_found', '');
told('c_foreign', 'download', 'refused', 60, '', 'recording_not_found', '');
told('c_denied', 'playback', 'refused', 60, 'p_1', 'recording_blocked',
     'consent_denied');

# media: all in one, and a script where something begins

my %url = map { $_ => media_url(token(id => $_, action => $GRANT{$_}[1])) }
    keys %GRANT;

for my $row ([ 'begun playback', 'GET' ], [ 'fresh playback', 'HEAD' ],
             [ 'fresh playback', 'GET', 'begin', '|' ],
             [ 'fresh download', 'HEAD' ],
             [ 'used download', 'HEAD', 'count', '|' ],
             [ 'fresh download', 'GET', 'redeem', '|', 'renew', '|', 'close' ])
{
    my ($grant, $method, @scripts) = @$row;
    my ($id) = grep { /\A$grant/ } keys %GRANT;
    my $hmget = 'HMGET aidial:{t_1}:grant:' . unpack('H*', $id)
                . ' state action epoch';
    my $took;

    asked("media, $method, $grant", [ @FIRST, @SECOND, $hmget, '|', @scripts ],
          sub { (undef, $took) = timed { media($method, $url{$id}) } });

    # the answer to "close" takes 0.8 s

    cmp_ok($took, '<', 0.7, "media, $method, $grant - in time");
}

asked('media, forged token', [], sub {
    is(media('GET', media_url(token(key => 'x' x 32)))->{status}, 404,
       'media, forged token');
});

# one connection for all of it

is(scalar(grep { $_ eq '+' } $redis->log), 1,
   'round trips - one connection for all');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub bulk {
    my ($text) = @_;

    return defined $text ? '$' . length($text) . "\r\n$text\r\n" : "\$-1\r\n";
}


sub late { +{ reply => join('', @_), delay => 0.03, say => '|' } }


sub status {
    my ($call, $sid) = @_;

    $client->get("/api/calls/$call/status",
                 'Cookie: aidial_session=' . ($sid // 's_1'));
}


sub post {
    my ($call, $body, @headers) = @_;

    $client->post("/api/calls/$call/grant", $body,
                  'Cookie: aidial_session=s_1', @headers);
}


sub issue {
    my ($call, $action) = @_;

    return post($call, "{\"action\":\"$action\",\"confirm\":true}",
                same_origin());
}


sub media {
    my ($method, $url) = @_;

    $client->send_request($method, $url, undef, 'Cookie: aidial_session=s_1');

    return $client->response(head => $method eq 'HEAD');
}


# the words of the issue script; no client of this file names itself

sub told {
    my ($call, $action, $verdict, $life, $project, $decision, $reasons) = @_;
    my $title = "round trips - grant, $action, $call";

    issue($call, $action);

    my ($line) = reverse grep { /\AEVALSHA/ } $redis->log;
    my (undef, undef, undef, $key, undef, undef, $attempt, @word) =
        split / /, $line, -1;
    my $digest = hmac_sha256_hex("aidial-recording-session-v1\0s_1",
                                 key_text());

    is($key, "aidial:{t_1}:grant:$attempt", "$title - a key of its own");
    like($word[18], qr/\A$HEX\z/, "$title - the id of the request");
    is_deeply([ @word[0 .. 17, 19] ],
        [ $EPOCH, $verdict, $action, $life, 0, 0, qw(u_81 client_manager t_1
          cl_1), $project, $call, $action, $decision, $reasons,
          $verdict eq 'allowed' ? $attempt : '', substr($digest, 0, 32),
          '127.0.0.1', '' ], "$title - what the script is told");
    like($word[20], qr/\A\S+\z/, "$title - the edge");
    is(scalar @word, 21, "$title - and no more");
}


# what the action has Redis asked, and where it waited

sub asked {
    my ($title, $expected, $action) = @_;
    my $start = () = $redis->log;
    my @log;

    $action->();

    # nobody waits for a close or a count, but it is asked

    wait_for {
        my @all = $redis->log;
        @log = grep { !/\A(?:[+-]|PING|INFO .*)\z/ } @all[$start .. $#all];
        @log = map { name($log[$_]) }
               grep { $log[$_] ne '|' || $_ && $log[$_ - 1] ne '|' } 0 .. $#log;
        @log >= @$expected;
    } 3;

    is_deeply(\@log, $expected, "round trips - $title - "
              . (join(' ', map { /\AGET (\S+)/ ? $1 : $_ } @$expected)
                 || 'nothing'));
}


sub name {
    my ($line) = @_;

    for my $name (keys %SCRIPT) {
        return $name if $line =~ /\AEVALSHA [0-9a-f]{40} $SCRIPT{$name}/;
    }

    return $line;
}
