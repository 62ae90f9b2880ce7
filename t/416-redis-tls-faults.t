use strict;
use warnings;

# TLS to Redis that goes wrong on the way: cut, silent, garbled; and a worker
# that leaves in the middle of it.

use lib 't/lib';
use IO::Select;
use IO::Socket::INET;
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Process qw(spawn);
use Test::Aidial::Tls;
use Time::HiRes qw(sleep time);

authority('ours');
certificate('right', ca => 'ours', names => 'DNS:localhost');

my $behind = tls_redis('right');
my $port = free_port();
my $proxy = start_proxy();
my $nginx = edge(redis => "rediss://localhost:$port tls_ca=" . pem('ours')
                          . ' timeout=300ms connect_timeout=300ms');

prepare();
ok(serving($nginx, 'media', 2), 'redis - TLS through a proxy - served');

# many records of TLS, and many commands in one

call(id => 'c_9', padding => 'x' x 60000);
is(ask($nginx, 'status')->{status}, 200, 'redis - TLS, a long record - 200');
is(join(' ', map { $_->response->{status} }
        map { start_asking($nginx, 'status') } 1 .. 40),
   join(' ', (200) x 40), 'redis - TLS, many at once - 200');
prepare();

# an idle connection that is closed is not seen

my $gone = qr/a connection to Redis ended: Redis closed the connection; 0 /;
my $ended = $nginx->log($gone);

sleep 1.2;
redis('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
wait_for { $nginx->log($gone) > $ended };
is(ask($nginx, 'status')->{status}, 200, 'redis - TLS, CLIENT KILL - unseen');

# cut in the middle of a reply, and of a record of TLS

for my $bytes (1, 5, 30, 200) {
    sleep 1.1;
    proxy("cut $bytes");
    is(refusal(ask($nginx, 'status')), refused(),
       "redis - TLS, cut after $bytes bytes - 503");
    proxy('');
    ok(serving($nginx, 'media', 2), "redis - TLS, cut after $bytes - back");
}

# one octet is another one: TLS ends, and no record is believed

proxy('garble');
is(refusal(ask($nginx, 'status')), refused(), 'redis - TLS, garbled - 503');
proxy('');
ok(serving($nginx, 'media', 2), 'redis - TLS, garbled - back');

# silence, in flight and in the handshake of TLS

proxy('silent');

my ($answer, $seconds) = timed { ask($nginx, 'status') };

is(refusal($answer), refused(), 'redis - TLS, silent - 503');
cmp_ok($seconds, '<', 0.6, 'redis - TLS, silent - in time');
ok(wait_for(sub { $nginx->log(qr/no answer to the TLS handshake/) >= 2 }, 4),
   'redis - TLS, silent in the handshake - given up and tried again');
is(refusal(ask($nginx, 'status')), refused(),
   'redis - TLS, silent in the handshake - 503');

# a worker leaves in it, and one that a shutdown times out

my ($worker) = $nginx->workers;

$nginx->reload or die 'no reload';
ok(!-e "/proc/$worker/fd", 'redis - TLS handshake, reload - the worker left');
proxy('');
ok(serving($nginx, 'media', 3), 'redis - TLS, speaks again - served');

proxy('');

my $before = descriptors(($nginx->workers)[0]);

for (1 .. 5) {
    redis('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    serving($nginx, 'status', 2) or die 'not served';
}

is(descriptors(($nginx->workers)[0]), $before,
   'redis - TLS, five connections later - as many descriptors');

in_order($nginx);

# a request waits for the handshake, and the shutdown times out

proxy('silent');
$nginx = edge(redis => "rediss://localhost:$port tls_ca=" . pem('ours')
                       . ' timeout=9s connect_timeout=9s',
              main => 'worker_shutdown_timeout 300ms;');

my $client = in_flight($nginx, 'status');

$nginx->signal('QUIT');
ok(wait_for(sub { !$nginx->running }, 1.2),
   'redis - TLS handshake, shutdown times out - left');
in_order($nginx);
done_testing();


sub proxy {
    my ($mode) = @_;

    open my $file, '>', dir() . '/mode.new' or die "mode: $!";
    print $file $mode;
    close $file;
    rename dir() . '/mode.new', dir() . '/mode' or die "mode: $!";
}


sub mode {
    open my $file, '<', dir() . '/mode' or return '';
    return <$file> // '';
}


sub start_proxy {
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => $port, Listen => 16, ReuseAddr => 1)
        or die "port $port: $!";

    proxy('');

    return spawn(dir() . '/proxy.log', sub { forward($listen) });
}


# a mode that is no longer there cuts those who were caught by it

sub forward {
    my ($listen) = @_;
    my ($select, %peer, %server) = (IO::Select->new($listen));

    $SIG{PIPE} = 'IGNORE';

    while (1) {
        for my $from ($select->can_read) {
            if ($from == $listen) {
                my $client = $listen->accept or next;
                my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                    PeerPort => $behind) or next;

                ($peer{$client}, $peer{$server}) = ($server, $client);
                $server{$server} = 1;
                $select->add($client, $server);
                next;
            }

            my $to = delete $peer{$from} // next;
            my $end = !sysread $from, my $bytes, 65536;
            my $mode = $server{$from} ? mode() : '';

            if (!$end && $mode eq 'silent') {
                $peer{$from} = $to;
                next;
            }

            substr($bytes, -1) ^= "\x01" if $mode eq 'garble';
            ($bytes, $end) = (substr($bytes, 0, $1), 1)
                if $mode =~ /cut (\d+)/;
            syswrite $to, $bytes;
            $peer{$from} = $to, next if !$end;

            delete $peer{$to};
            $select->remove($from, $to);
            close $_ for $from, $to;
        }
    }
}
