package Test::Aidial::Sentinel;

# Real Sentinels on loopback that watch the suite's Redis, and replicas.
#
#     my $port = primary();                 the suite's Redis, on TCP as well
#     my $replica = replica('r1', $port);   a Test::Aidial::Redis
#     my @sentinels = map { sentinel("s$_", $port) } 1 .. 3;
#     sentinel_url(@sentinels)              sentinel://127.0.0.1:.../m

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::INET;
use Test::Aidial::Process qw(spawn wait_for);
use Test::Aidial::Redis;
use Test::Aidial::World;

our @EXPORT = qw(primary replica sentinel sentinel_url ask_sentinel
                 edges to_redis named free_port);


sub free_port {
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        ->sockport;
}


sub primary {
    my $port = free_port();

    redis('CONFIG', 'SET', 'bind', '127.0.0.1', 'port', $port,
          'repl-diskless-sync-delay', 0);

    return $port;
}


sub replica {
    my ($name, $primary, @options) = @_;
    my $dir = dir() . "/$name";
    my $port = free_port();

    mkdir $dir or die "$dir: $!";

    my $replica = Test::Aidial::Redis->start($dir, '--port', $port,
        '--bind', '127.0.0.1', '--repl-diskless-sync-delay', 0,
        '--replicaof', "127.0.0.1 $primary", @options);

    wait_for {
        $replica->command('INFO', 'replication') =~ /master_link_status:up/;
    } 10 or die "$name does not follow";

    return wantarray ? ($replica, $port) : $replica;
}


# sentinel($name, $port of the primary, quorum => N, lines => text)

sub sentinel {
    my ($name, $primary, %is) = @_;
    my $port = free_port();
    my $dir = dir() . "/$name";
    my $listen = $is{listen} // "port $port";

    mkdir $dir;
    open my $file, '>', "$dir/sentinel.conf" or die "$dir: $!";
    $listen =~ s/PORT/$port/g;
    print $file <<"END";
bind 127.0.0.1
$listen
dir $dir
sentinel monitor m 127.0.0.1 $primary @{[ $is{quorum} // 2 ]}
sentinel down-after-milliseconds m 500
sentinel failover-timeout m 2000
END
    close $file;

    my $process = spawn("$dir/log", 'redis-server', "$dir/sentinel.conf",
                        '--sentinel');

    wait_for { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $port) }
        or die "$name did not start, see $dir/log";

    return { port => $port, process => $process };
}


sub sentinel_url {
    my (@sentinels) = @_;

    return 'sentinel://'
           . join(',', map { "127.0.0.1:$_->{port}" } @sentinels) . '/m';
}


# a Sentinel that makes another one the primary closes its clients' connections

sub to_redis {
    my ($redis, @words) = @_;

    return eval { $redis->command(@words) } // $redis->command(@words);
}


# how many connections nginx has to a Redis; Sentinels give theirs a name, and
# the test has a socket

sub edges {
    my ($redis) = @_;

    return scalar grep { / addr=127\.0\.0\.1:\d+ .* name= / }
        split /\n/, to_redis($redis, 'CLIENT', 'LIST', 'TYPE', 'normal');
}


# what redis-cli says, in one line

sub ask_sentinel {
    my ($sentinel, @words) = @_;

    open my $cli, '-|', 'redis-cli', '-p', $sentinel->{port}, @words
        or die "redis-cli: $!";
    chomp(my @lines = <$cli>);
    close $cli;

    return join ' ', @lines;
}


# the port that it names

sub named {
    my ($sentinel) = @_;

    return (split ' ', ask_sentinel($sentinel,
        qw(SENTINEL get-master-addr-by-name m)))[1];
}


1;
