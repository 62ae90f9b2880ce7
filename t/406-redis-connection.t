use strict;
use warnings;

# The connection itself: every way it is made, and every way it is lost.

use lib 't/lib';
use IO::Socket::INET;
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Redis;
use Time::HiRes qw(sleep);

# a Redis of its own, on TCP and on a socket, with a user and a database

my $dir = dir() . '/tcp';
my $port = free_port();

mkdir $dir or die "$dir: $!";

my $tcp = Test::Aidial::Redis->start($dir, '--port', $port,
                                     '--bind', '127.0.0.1');

$tcp->command('ACL', 'SETUSER', 'edge', 'on', '>open sesame', '~*', '&*',
              '+@all');
file('right', "open sesame\r\nsecond line\n");
file('wrong', "sesame open\n");

my @reach = (
    [ 'TCP' => "redis://127.0.0.1:$port", 0 ],
    [ 'TCP, database' => "redis://127.0.0.1:$port/3", 3 ],
    [ 'unix socket' => 'unix:' . $tcp->path, 0 ],
    [ 'unix socket, database' => 'unix:' . $tcp->path . ':5', 5 ],
    [ 'TCP, user' => "redis://127.0.0.1:$port user=edge "
                     . "password_file=$dir/right", 0 ],
    [ 'TCP, user and database' => "redis://127.0.0.1:$port/7 user=edge "
                                  . "password_file=$dir/right", 7 ],
);

my $nginx = edge(workers => 2, redis => "$reach[0][1]");

for my $row (@reach) {
    my ($name, $words, $db) = @$row;

    prepare(epoch => epoch($tcp));
    copy_to($db);
    configure($words);
    ok(serving($nginx, $_, 2), "redis - $name, $_ - served")
        for qw(status grant media);
    copy_to(undef);
}

$tcp->command('CONFIG', 'SET', 'requirepass', 'open sesame');
$tcp->command('AUTH', 'open sesame');
prepare(epoch => epoch($tcp));
copy_to(0);
configure("redis://127.0.0.1:$port password_file=$dir/right");
ok(serving($nginx, 'media', 2), 'redis - TCP, password without user - served');

# connections=N opens N for each worker, and not more under load

for my $n (1, 3) {
    configure("redis://127.0.0.1:$port password_file=$dir/right "
              . "connections=$n");
    ok(wait_for(sub { peers() == 2 * $n }, 2),
       "redis - connections=$n, two workers - " . 2 * $n);

    $_->response for map { start_asking($nginx, 'status') } 1 .. 30;
    is(peers(), 2 * $n, "redis - connections=$n, many at once - no more");
}

# a connection that stood for a second and is closed: the client never sees
# it.  The pause is the time that makes a connection a healthy one.

sleep 1.2;

for my $round (1 .. 2) {
    my $before = peers();

    $tcp->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    is(join(' ', map { ask($nginx, 'status')->{status} } 1 .. 4),
       '200 200 200 200', 'redis - CLIENT KILL while idle - unseen');
    ok(wait_for(sub { peers() == $before }, 2),
       'redis - CLIENT KILL - all connections are back');
    sleep 1.2 if $round == 1;
}

# bytes that nobody asked for: the connection goes, the client sees nothing

my $middle = middle();

prepare();
configure('unix:' . $middle->path);
ok(serving($nginx, 'media', 2), 'redis - another one - served');

for my $row ([ "+OK\r\n" => 'unexpected reply in the handshake' ],
             [ "-ERR max number of clients reached\r\n" => 'max number' ],
             [ "*2\r\n" => 'nobody asked for' ],
             [ "\$5\r\nab" => 'nobody asked for' ])
{
    my ($bytes, $why) = @$row;
    my $name = $bytes =~ s/\r\n/ /gr;
    my $line = qr/attempt to connect to Redis ended: .*$why/;
    my $before = $nginx->log($line);

    $middle->script(PING => { reply => "+PONG\r\n$bytes" },
                    '*' => sub { passed_on(@_) });
    ok(wait_for(sub { $nginx->log($line) > $before }, 3),
       "redis - PONG and $name- not believed");
    is(refusal(ask($nginx, 'status')), refused(),
       "redis - PONG and $name- 503");
}

in_order($nginx);
done_testing();


sub configure {
    my ($words) = @_;

    $nginx->write_conf(http => http_config(redis => $words));
    $nginx->reload or die 'no reload';
}


# the records of the suite's Redis, in that database and nowhere else

sub copy_to {
    my ($db) = @_;

    $tcp->command('FLUSHALL');
    return if !defined $db;
    $tcp->command('SELECT', $db);

    for my $key (@{ redis('KEYS', '*') }) {
        if (redis('TYPE', $key) eq 'hash') {
            $tcp->command('HSET', $key, @{ redis('HGETALL', $key) });
            next;
        }

        $tcp->command('SET', $key, redis('GET', $key));
    }

    $tcp->command('SELECT', 0);
}


# clients of that Redis other than this test

sub peers {
    my @lines = split /\n/, $tcp->command('CLIENT', 'LIST');

    return @lines - 1;
}


sub file {
    my ($name, $text) = @_;

    open my $file, '>', "$dir/$name" or die "$dir/$name: $!";
    print $file $text;
    close $file;
}


sub free_port {
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        ->sockport;
}
