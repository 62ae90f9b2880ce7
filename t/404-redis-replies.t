use strict;
use warnings;

# Redis answers something else than a reply to what was asked: 503 and the
# connection is given up; the next request is served over a new one.  What is
# a good reply, but comes in pieces or holds too much, is no fault of Redis.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $fresh = "*2\r\n" . bulk('fresh') . bulk('playback');
my $deep = "*1\r\n" x 100_000 . ":1\r\n";

# status meets these at its third command, "GET tenant"

my @get = (
    [ 'an integer' => ":1\r\n" ],
    [ 'a status' => "+OK\r\n" ],
    [ 'an array' => "*1\r\n" . bulk('{}') ],
    [ 'an empty array' => "*0\r\n" ],
    [ 'a nested array' => "*1\r\n*1\r\n:1\r\n" ],
    [ 'two replies' => bulk('{}') x 2 ],
    [ 'a reply and half of one' => bulk('{}') . "\$5\r\nab" ],
    [ 'length -2' => "\$-2\r\n" ],
    [ 'array of -2' => "*-2\r\n" ],
    [ 'length 99999999999' => "\$99999999999\r\n" ],
    [ 'length 9223372036854775807' => "\$9223372036854775807\r\n" ],
    [ 'length beyond 64 bits' => "\$99999999999999999999\r\n" ],
    [ 'array of 2147483647' => "*2147483647\r\n" ],
    [ 'array of 17' => "*17\r\n" . ":1\r\n" x 17 ],
    [ 'a bad length' => "\$x\r\nab\r\n" ],
    [ 'a bad integer' => ":1x\r\n" ],
    [ 'a bulk that is too long for its length' => "\$2\r\n{}{}\r\n" ],
    [ 'arrays 100000 deep' => $deep ],
    [ 'a RESP3 null' => "_\r\n" ],
    [ 'a RESP3 map' => "%1\r\n+a\r\n+b\r\n" ],
    [ 'a RESP3 set' => "~1\r\n+a\r\n" ],
    [ 'a RESP3 push' => ">1\r\n+a\r\n" ],
    [ 'a RESP3 double' => ",1.5\r\n" ],
    [ 'a RESP3 boolean' => "#t\r\n" ],
    [ 'a RESP3 verbatim string' => "=6\r\ntxt:{}\r\n" ],
    [ 'HTTP' => "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n" ],
    [ 'a NUL' => "\0" ],
    [ 'an empty line' => "\r\n" ],
    [ 'half a reply and the end' => { reply => "\$100\r\nhalf", close => 1 } ],
    [ 'the end' => 'close' ],
    [ 'half a reply and silence' => "\$100\r\nhalf" ],
    [ '8 MB' => bulk('x' x 8_000_000) ],
);

my @hmget = (
    [ 'a string' => bulk('fresh') ],
    [ 'nil' => "*-1\r\n" ],
    [ 'one element' => "*1\r\n" . bulk('fresh') ],
    [ 'three elements' => "*3\r\n" . bulk('fresh') . bulk('playback') x 2 ],
    [ 'an integer in it' => "*2\r\n:1\r\n" . bulk('playback') ],
    [ 'an error in it' => "*2\r\n-ERR x\r\n" . bulk('playback') ],
    [ 'statuses' => "*2\r\n+fresh\r\n+playback\r\n" ],
    [ 'two replies' => $fresh x 2 ],
);

my @evalsha = (
    [ 'nil' => "\$-1\r\n" ],
    [ 'an integer' => ":1\r\n" ],
    [ 'a status' => "+OK\r\n" ],
    [ 'no element' => "*0\r\n" ],
    [ 'no echo' => "*1\r\n:1\r\n" ],
    [ 'an echo too many' => "*3\r\n:1\r\n" . bulk('x') x 2 ],
    [ 'the echo of another' => "*2\r\n:1\r\n" . bulk('x') ],
    [ 'an empty echo' => "*2\r\n:1\r\n" . bulk('') ],
    [ 'the code as a string' => "*2\r\n" . bulk('1') . bulk('x') ],
);

my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path . ' timeout=200ms');
my $tried = 0;

prepare();

for my $row (@get) {
    misfits(@$row, 'status', 'GET aidial:tenant:t_1');
}

misfits(@$_, 'media', 'HMGET') for @hmget;

for my $row (@evalsha) {
    misfits(@$row, 'grant', 'EVALSHA');
    misfits(@$row, download_url(), 'EVALSHA');
}

# a reply in single bytes is a reply

$middle->script(PING => { reply => "+PONG\r\n", chunk => 1, pause => 0.0005 },
                '*' => sub { { reply => passed_on(@_),
                               chunk => 1, pause => 0.0001 } });
$nginx->write_conf(http => http_config(redis => 'unix:' . $middle->path
                                                . ' timeout=5s'));
$nginx->reload or die 'no reload';

ok(serving($nginx, $_, 5), "redis - answers one byte at a time, $_ - served")
    for qw(status grant media), download_url();

# what the record is too big for, or of, is the record's fault

my $big = '{"a": "' . 'x' x 300_000 . '"}';

$middle = middle();
prepare();

for my $text ([ '300 KB' => $big ], [ 'with a NUL' => "{}\0" ], [ '', '' ]) {
    my ($name, $bytes) = ($text->[0] || 'empty', $text->[1]);

    ok(serving($nginx, 'status', 2), 'redis - good records - served');
    record_is($name, $bytes, 'call:c_9', 404);
    record_is($name, $bytes, 'session:s_1', 401);
    record_is($name, $bytes, 'revoked-before:t_1:u_81', 401);
    record_is($name, $bytes, 'tenant:t_1', 200);
}

in_order($nginx);
done_testing();


sub misfits {
    my ($name, $reply, $what, $command) = @_;
    my ($verb) = $command =~ /\A(\S+)/;

    # so that no worker has a long delay

    $nginx->reload or die 'no reload' if $tried++ % 4 == 0;
    serving($nginx, 'status', 2) or die 'not served';

    override($command => $reply);
    is(refusal(ask($nginx, $what)), refused(),
       "redis - answers $verb with $name - 503");
    override();
    ok(serving($nginx, $what, 2), "redis - answered $verb with $name - back");
}


sub record_is {
    my ($name, $bytes, $key, $status) = @_;

    override("GET aidial:$key" => bulk($bytes));
    is(ask($nginx, 'status')->{status}, $status,
       "redis - answers with a record of $key that is $name - $status");
    override();
}
