use strict;
use warnings;

# Redis cannot be reached: refused, accepted and closed, reset, swallowed by a
# black hole.  Requests are refused without waiting, attempts become rare, and
# service is back within a second of Redis.

use lib 't/lib';
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket qw(SOCK_STREAM SOL_SOCKET SO_LINGER pack_sockaddr_un);
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Process qw(spawn);
use Time::HiRes qw(time);

my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
    ->sockport;
my $path = dir() . '/hole.sock';
my $nginx = edge(redis => words());

prepare();

# nobody listens

unreachable('nobody listens', qr/cannot connect \(111: /);

# somebody does, and closes at once, or resets

for my $how (qw(closes resets)) {
    my $listen = listener();
    my $rude = spawn(dir() . '/rude.log', sub { rude($listen, $how) });

    close $listen;
    unreachable("a server that accepts and $how",
                qr/closed the connection|cannot (?:read|write) \(104: /);
}

# connect() gets no answer: the queue of a listener that never accepts is full

my $listen = listener();
my @full = map {
    IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
                          Blocking => 0)
} 1 .. 8;

configure(words() . ' connect_timeout=100ms');
unreachable('a black hole', qr/cannot connect in time/);

# an attempt of half a second for nothing does not make the next one late: the
# delays, grown as they are, begin with it

configure(words() . ' connect_timeout=500ms');
$nginx->reload or die 'no reload';

my ($worker) = $nginx->workers;
my $waited = qr/ $worker#.*cannot connect in time/;

wait_for { $nginx->log($waited) >= 6 } 10;

my $before = $nginx->log($waited);

select undef, undef, undef, 5;
cmp_ok($nginx->log($waited) - $before, '>=', 6,
       'redis - a black hole, for long - tried again within a second');
@full = ();
close $listen;

# the same of a unix socket is an error at once

my $hole = IO::Socket::UNIX->new(Local => $path, Listen => 1);

chmod 0777, $path;
@full = map { unix_connect() } 1 .. 4;
configure("unix:$path connect_timeout=100ms");
unreachable('a unix socket whose queue is full',
            qr/cannot connect \(11: |no answer to the handshake/);
@full = ();
close $hole;
unlink $path;

# no socket, and one without its server

unreachable('no unix socket', qr/cannot connect \(2: /);
IO::Socket::UNIX->new(Local => $path, Listen => 1);
chmod 0777, $path;
unreachable('a unix socket of nobody', qr/cannot connect \(111: /);

# it comes: the delay had grown to its end

unlink $path;
symlink redis_server()->path, $path or die "$path: $!";

my $begin = time;

ok(serving($nginx, $_, 2), "redis - it is there, $_ - served")
    for qw(status grant media);
cmp_ok(time - $begin, '<', 1.5, 'redis - it is there - within a second');

# after a second in good health a delay begins with the first one again

select undef, undef, undef, 1.1;
unlink $path;

my $tried = $nginx->log(qr/attempt to connect to Redis ended/);

redis('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
ok(wait_for(sub {
       $nginx->log(qr/attempt to connect to Redis ended/) >= $tried + 3;
   }, 0.45), 'redis - it was there for a second, and goes - tried again soon');

in_order($nginx);
done_testing();


sub words { "redis://127.0.0.1:$port" }

sub configure {
    my ($words) = @_;

    $nginx->write_conf(http => http_config(redis => $words));
}


# Attempts go on, ever more rarely, and no request waits for one.  A new
# worker, so that the delays begin with the first one.

sub unreachable {
    my ($case, $why) = @_;

    $nginx->reload or die 'no reload';

    my ($worker) = $nginx->workers;
    my $ended = qr/ $worker#.*attempt to connect to Redis ended: $why/;

    ok(wait_for(sub { $nginx->log($ended) >= 3 }, 4),
       "redis - $case - tried again and again, and the log says why");

    for my $what (qw(status grant media)) {
        my ($answer, $seconds) = timed { ask($nginx, $what) };

        is(refusal($answer), refused(), "redis - $case, $what - 503");
        cmp_ok($seconds, '<', 0.3, "redis - $case, $what - at once");
    }

    my $attempts = qr/attempt to connect to Redis ended/;
    my $now = $nginx->log($attempts);

    # the delays double: 25 ms at first, so that a second has about six

    select undef, undef, undef, 0.5;
    cmp_ok($nginx->log($attempts) - $now, '<=', 4,
           "redis - $case - not hammered");
}


sub listener {
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port,
        Listen => 1, ReuseAddr => 1) // die "port $port: $!";
}


sub unix_connect {
    my $socket = IO::Socket::UNIX->new(Type => SOCK_STREAM)
        or die "socket: $!";

    $socket->blocking(0);
    $socket->connect(pack_sockaddr_un($path));

    return $socket;
}


sub rude {
    my ($listen, $how) = @_;

    while (1) {
        my $socket = $listen->accept or next;

        setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0
            if $how eq 'resets';
        close $socket;
    }
}
