use strict;
use warnings;

# The fault proxy does what it says: a checker that believes in faults that
# never happened proves nothing.

use lib 't/lib';
use Digest::SHA qw(sha1_hex);
use IO::Select;
use IO::Socket::UNIX;
use Test::More;
use Test::Aidial::FaultProxy;
use Test::Aidial::World qw(redis redis_server dir);
use Time::HiRes qw(time);

my $proxy = Test::Aidial::FaultProxy->start(dir() . '/proxy.sock',
                                            redis_server()->path);
my $socket;

# ---- nothing is armed

is(ask("PING\r\n"), '', 'proxy - an inline command - not passed on');
ok(ended(), 'proxy - an inline command - the end');
fresh();
is(ask('PING'), "+PONG\r\n", 'proxy - passes on');
is(ask('SET', 'k', "a\r\nb"), "+OK\r\n", 'proxy - passes on octets');
is(ask('GET', 'k'), "\$4\r\na\r\nb\r\n", 'proxy - passes back octets');
is(ask('GET', 'none'), "\$-1\r\n", 'proxy - nil');
is(ask('EVAL', 'return {1,{2,"x"},{},false}', 0),
   "*4\r\n:1\r\n*2\r\n:2\r\n\$1\r\nx\r\n*0\r\n\$-1\r\n", 'proxy - depth');
is(ask('SET', 'big', 'x' x 500_000), "+OK\r\n", 'proxy - half a megabyte');
is(length ask('GET', 'big'), 500_011, 'proxy - and back');

fresh();
is(ask(map { [ 'INCR', 'n' ] } 1 .. 300), join('', map { ":$_\r\n" } 1 .. 300),
   'proxy - a pipeline keeps its order');

# ---- each fault

my %left = (
    # what the client gets, and what Redis has done
    reset => [ '', 0 ], lost => [ '', 1 ], forget => [ '', 1 ],
    half => [ ':', 1 ], twice => [ ":1\r\n:1\r\n", 1 ],
    split => [ ":1\r\n", 1 ], late => [ ":1\r\n", 1 ], never => [ '', 1 ],
);

for my $fault (sort keys %left) {
    my ($reply, $done) = @{ $left{$fault} };

    fresh();
    redis('DEL', 'f');
    $proxy->arm($fault, match => '^INCR f', seconds => 0.3);

    is(ask('PING'), "+PONG\r\n", "proxy - $fault - others are not met");

    my $begin = time;
    my $got = ask('INCR', 'f');
    my $took = time - $begin;

    $reply = ":1" if $fault eq 'half';
    is($got, $reply, "proxy - $fault - what the client gets");
    cmp_ok($took, '>=', 0.3, 'proxy - late is late') if $fault eq 'late';
    is(wait_done(), $done, "proxy - $fault - what Redis has done");
    is(ended(), $fault =~ /\A(?:reset|lost|forget|half)\z/ ? 1 : 0,
       "proxy - $fault - what becomes of the connection");

    is_deeply($proxy->clear, { $fault => 1 }, "proxy - $fault - counted");
    fresh();
    is(ask('PING'), "+PONG\r\n", "proxy - $fault - over");
}

fresh();
$proxy->arm('split');
my $reads = 0;
is(ask('GET', 'k'), "\$4\r\na\r\nb\r\n", 'proxy - split - whole in the end');
cmp_ok($reads, '>', 3, 'proxy - split - came in pieces');
$proxy->clear;

$proxy->arm('late', count => 2, seconds => 0.2);
is(ask([ 'PING' ], [ 'GET', 'k' ], [ 'GET', 'none' ]),
   "+PONG\r\n\$4\r\na\r\nb\r\n\$-1\r\n", 'proxy - late replies keep the order');
is_deeply($proxy->clear, { late => 2 }, 'proxy - a count of two');

# ---- each mode

fresh();
is(ask('PING'), "+PONG\r\n", 'proxy - before a mode');
$proxy->mode('silent');
is(ask('PING'), '', 'proxy - silent - no answer');
my $before = $socket;
fresh();
is(ask('PING'), '', 'proxy - silent - a new connection has no answer');
ok(!ended(), 'proxy - silent - a new connection is there');
$proxy->mode('pass');
is(ask(), '', 'proxy - was silent - never answered');
$socket = $before;
is(ask(), "+PONG\r\n", 'proxy - was silent - the old one goes on');

$proxy->mode('refuse');
is(ask('PING'), "+PONG\r\n", 'proxy - refuse - the old one goes on');
fresh();
ok(ended(), 'proxy - refuse - a new one ends');
is_deeply($proxy->clear, { refuse => 1, silent => 1 }, 'proxy - counted');

# ---- another script

my $script = 'return 1';
my $sha = sha1_hex($script);

fresh();
redis('SCRIPT', 'LOAD', $script);
is(ask('EVALSHA', $sha, 0), ":1\r\n", 'proxy - the script as it is');
$proxy->broken($sha, 'return {ARGV[1], KEYS[1]}');
is(ask('EVALSHA', $sha, 1, 'k', 'a'), "*2\r\n\$1\r\na\r\n\$1\r\nk\r\n",
   'proxy - another text in its place');
$proxy->broken($sha, undef);
is(ask('EVALSHA', $sha, 0), ":1\r\n", 'proxy - the script as it was');

# ---- another primary

like(ask('INFO', 'replication'), qr/^master_replid:(?!f{40})\w{40}\r$/m,
     'proxy - the id as it is');
$proxy->fixed('f' x 40);
like(ask('INFO', 'replication'), qr/\A\$\d+.*^master_replid:f{40}\r$/ms,
     'proxy - another id');
$proxy->fixed(undef);

# ---- Redis goes and comes

redis_server()->down;
ok(ended(), 'proxy - Redis is gone - so is the connection');
redis_server()->up;
fresh();
is(ask('PING'), "+PONG\r\n", 'proxy - Redis is back');

done_testing();


sub fresh {
    undef $socket;
    $socket = IO::Socket::UNIX->new(Peer => $proxy->path) or die "connect: $!";
}


# ask(words) or ask([ words ], [ words ]): what comes within a while

sub ask {
    my @commands = ref $_[0] ? @_ : @_ ? [ @_ ] : ();
    my $got = '';

    local $SIG{PIPE} = 'IGNORE';
    fresh() if !$socket;

    for my $text (map { encode(@$_) } @commands) {
        syswrite $socket, $text;
    }

    my $until = time + 0.5;
    my $wanted = @commands || 1;

    $reads = 0;

    while (IO::Select->new($socket)->can_read($until - time)) {
        last if !sysread $socket, $got, 65536, length $got;
        $reads++;
        $until = time + ($got =~ /\r\n\z/ ? 0.05 : 0.5);
    }

    return $got;
}


# a text with a line end is sent as it is

sub encode {
    return $_[0] if @_ == 1 && $_[0] =~ /\r\n/;
    return join '', '*' . @_ . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @_;
}


sub ended {
    return IO::Select->new($socket)->can_read(0.2)
           && !sysread($socket, my $byte, 1) ? 1 : 0;
}


# Redis may have the command before the proxy's end of the matter is seen

sub wait_done {
    my $until = time + 0.5;

    while (time < $until) {
        my $n = redis('GET', 'f');
        return $n if $n;
        select undef, undef, undef, 0.01;
    }

    return 0;
}
