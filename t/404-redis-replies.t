use strict;
use warnings;

# Redis answers something else than a reply to what was asked: 503 and the
# connection is given up; the next request is served over a new one.  What is
# a good reply, but comes in pieces or holds too much, is no fault of Redis.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my @grant = map { bulk($_) } 'fresh', 'playback', 'x' x 40;
my $fresh = join '', "*3\r\n", @grant;
my $deep = "*1\r\n" x 100_000 . ":1\r\n";

# status meets these at its third command, "GET tenant"

my @get = (
    [ 'an integer' => ":1\r\n" ],
    [ 'a status' => "+OK\r\n" ],
    [ 'an array' => "*1\r\n" . bulk('{}') ],
    [ 'an empty array' => "*0\r\n" ],
    [ 'a null array' => "*-1\r\n" ],
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
    [ 'null arrays' => "*3\r\n" . "*-1\r\n" x 3 ],
    [ 'one element' => join '', "*1\r\n", $grant[0] ],
    [ 'two elements' => join '', "*2\r\n", @grant[0, 1] ],
    [ 'four elements' => join '', "*4\r\n", @grant, $grant[2] ],
    [ 'an integer in it' => join '', "*3\r\n:1\r\n", @grant[1, 2] ],
    [ 'an integer at its end' => join '', "*3\r\n", @grant[0, 1], ":1\r\n" ],
    [ 'an error in it' => join '', "*3\r\n-ERR x\r\n", @grant[1, 2] ],
    [ 'statuses' => "*3\r\n+fresh\r\n+playback\r\n$grant[2]" ],
    [ 'two replies' => $fresh x 2 ],
);

my $text = bulk('');

my @evalsha = (
    [ 'nil' => "\$-1\r\n" ],
    [ 'an integer' => ":1\r\n" ],
    [ 'a status' => "+OK\r\n" ],
    [ 'no element' => "*0\r\n" ],
    [ 'a code alone' => "*1\r\n:1\r\n" ],
    [ 'code and echo alone' => { swap => [ "*4\r\n", "*2\r\n" ] } ],
    [ 'no text' => { swap => [ ":0\r\n$text", ":0\r\n" ] } ],
    [ 'a text too many' => { swap => [ "*4\r\n:1", "*5\r\n$text:1" ] } ],
    [ 'the echo of another' => "*4\r\n:1\r\n" . bulk('x') . ":0\r\n$text" ],
    [ 'an empty echo' => "*4\r\n:1\r\n$text:0\r\n$text" ],
    [ 'an integer for an echo' => "*4\r\n:1\r\n:1\r\n:0\r\n$text" ],
    [ 'the code as a string' => { swap => [ ":1\r\n", bulk('1') ] } ],
    [ 'a code that no script has' => { swap => [ ":1\r\n", ":9\r\n" ] } ],
    [ 'a code below 0' => { swap => [ ":1\r\n", ":-1\r\n" ] } ],
    [ 'the number as a string' => { swap => [ ":0\r\n", bulk('0') ] } ],
    [ 'a number below 0' => { swap => [ ":0\r\n", ":-1\r\n" ] } ],
    [ 'nil for a number' => { swap => [ ":0\r\n", "\$-1\r\n" ] } ],
    [ 'an integer for a text' => { swap => [ $text, ":0\r\n" ] } ],
    [ 'nil for a text' => { swap => [ $text, "\$-1\r\n" ] } ],
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
                                                . ' timeout=10s'
                                                . ' connect_timeout=10s'));
$nginx->reload or die 'no reload';

ok(serving($nginx, $_, 20), "redis - answers one byte at a time, $_ - served")
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
