package Test::Aidial::Failover;

# What the tests of the fence share: Redis servers that replicate, grants that
# an edge has issued, and what became of them.
#
#     my $primary = server('primary');
#     my $replica = server('replica');
#     follow($replica, $primary->{port});
#     my @url = issue($nginx, 'download', 20);
#     is(tally(map { outcome(fetch($nginx, $_)) } @url), '20 x delivered');

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(decode_base64url);
use Test::Aidial::Fault;
use Test::Aidial::Portal;
use Test::Aidial::Process qw(wait_for);
use Test::Aidial::Redis;
use Test::Aidial::Relay;
use Test::Aidial::World qw(:DEFAULT redis_server);

use constant BIG => 32 * 1024 * 1024;

our @EXPORT = qw(BIG server info follow replicated promote caught_up store_config
                 issue grant_key send_fetch fetch outcome tally);

my $stores = 0;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());


# server($name, @options): it listens on a TCP port as well, for replication

sub server {
    my ($name, @options) = @_;
    my $dir = dir() . "/$name";
    my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        ->sockport;

    mkdir $dir or die "$dir: $!";
    my $server = Test::Aidial::Redis->start($dir, '--bind', '127.0.0.1',
        '--port', $port, '--repl-diskless-sync-delay', 0, @options);
    $server->{port} = $port;

    return $server;
}


# a field of INFO replication

sub info {
    my ($server, $field) = @_;
    my ($value) = $server->command('INFO', 'replication')
        =~ /^$field:([^\r\n]*)/m;

    return $value // '';
}


# a replica that has everything

sub follow {
    my ($replica, $port) = @_;

    $replica->command('REPLICAOF', '127.0.0.1', $port);
    wait_for { info($replica, 'master_link_status') eq 'up' } 10
        or die "no replication\n";
}


# replicated(@names): a primary with the records, its replica, the link between
# them, and a switch that leads an edge to the primary

sub replicated {
    my ($primary, $replica) = map { server($_) } @_;
    my $link = Test::Aidial::Relay->start(to => "127.0.0.1:$primary->{port}");
    my $switch = Test::Aidial::Relay->start(to => $primary->path);

    follow($replica, $link->port);
    redis_server($primary);
    records();

    return ($primary, $replica, $link, $switch);
}


sub promote { $_[0]->command('REPLICAOF', 'NO', 'ONE') }


# what the primary has written, the replica has

sub caught_up {
    my ($primary, $replica) = @_;

    return wait_for {
        info($primary, 'master_repl_offset')
            == info($replica, 'master_repl_offset');
    };
}


# store_config($path, $words): (http => ..., server => ...) for an edge that
# reaches Redis at $path, with more words of that directive; grants outlive any
# test, and the media origin also has /big.mp3, which no socket takes whole
# unless the client reads

sub store_config {
    my ($path, $words) = (@_, '');
    my $store = dir() . '/store';

    if (mkdir $store) {
        mkdir "$store$_" for '/t_1', '/t_1/2026';
        _write("$store/t_1/2026/c_9.mp3", media_bytes());
        _write("$store/big.mp3", '0123456789abcdef' x (BIG / 16));
        call(id => 'c_big', media => { object => '/big.mp3',
                                       size_bytes => BIG });
    }

    my $socket = dir() . '/store-' . ++$stores . '.sock';
    my $server = locations();
    $server =~ s{proxy_pass http://origin/}{proxy_pass http://unix:$socket:/};

    return (server => $server, http => http_config(redis => "unix:$path $words",
        extra => 'aidial_recording_playback_ttl 10m;'
                 . 'aidial_recording_download_ttl 10m;'
                 . "server { listen unix:$socket; root $store; }"));
}


sub _write {
    my ($name, $bytes) = @_;

    open my $file, '>:raw', $name or die "$name: $!";
    print $file $bytes;
    close $file or die "$name: $!";
}


# the URLs of so many grants of that action

sub issue {
    my ($nginx, $action, $count, $call) = @_;
    my $client = $nginx->client;
    my $body = $action eq 'download' ? '{"action": "download", "confirm": true}'
                                     : '{"action": "playback"}';
    $call //= 'c_9';

    return map {
        my $answer = $client->post("/api/calls/$call/grant", $body, @WHO);
        $answer->{status} == 201 or die "no grant: $answer->{status}\n";
        decode_json($answer->{body})->{url};
    } 1 .. $count // 1;
}


# where Redis keeps it, from docs/token-format.md

sub grant_key {
    my ($url) = @_;
    my ($payload) = $url =~ m{/recordings/([^.]+)\.};
    my $id = (unpack 'C C/a* C Q> a16', decode_base64url($payload))[4];

    return 'aidial:{t_1}:grant:' . unpack 'H*', $id;
}


sub send_fetch {
    my ($nginx, $url, @headers) = @_;
    my $client = $nginx->client;

    $client->send_request('GET', $url, undef, @WHO, @headers);

    return $client;
}


sub fetch { send_fetch(@_)->response }


# "delivered", or the problem; a media byte where none is due shows

sub outcome {
    my ($answer) = @_;

    return 'delivered' if $answer && $answer->{status} == 200
                          && $answer->{body} eq media_bytes();

    my ($said) = refusal($answer) =~ /\A(\d+ [a-z_]+) [-1]/;

    return $said // refusal($answer);
}


# tally('a', 'b', 'a'): "2 x a, 1 x b"

sub tally {
    my %count;

    $count{$_}++ for @_;

    return join ', ', map { "$count{$_} x $_" } sort keys %count;
}


1;
