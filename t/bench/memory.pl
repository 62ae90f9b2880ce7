#!/usr/bin/env perl
#
# What a request takes of the worker's memory while it waits:
#
#     make build BUILD=release && t/bench/memory.pl [requests]
#
# An origin accepts connections and never answers.  So many requests are sent
# through plain proxy_pass, and as many media requests through the module, to
# an nginx that was just started for each; what it has grown by is divided by
# their number.  The zone is told apart: each request here plays with a grant
# of its own, which has an account there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use IO::Select;
use IO::Socket::UNIX;
use Test::Aidial::Portal;
use Test::Aidial::Process qw(spawn wait_for);
use Test::Aidial::World;

my $REQUESTS = shift // 2000;
my $NGINX = $ENV{NGINX} // '/usr/sbin/nginx';

$ENV{AIDIAL_MODULE}
    //= "$FindBin::Bin/../../build/release/ngx_aidial_recording_module.so";

my $dir = dir();
my $serial = 0;

my @HEADERS = ('Host: portal.example.com', 'User-Agent: memory',
               'Sec-Fetch-Site: same-origin', 'Range: bytes=0-65535',
               'Cookie: aidial_session=s_1');


main();


sub main {
    records();

    my $origin = stalled_origin();
    my @plain = map { '/plain/t_1/c_9.mp3' } 1 .. $REQUESTS;
    my @media = map { media_url(grant(state => 'begun',
                                      expires_at => time + 3600)) }
                1 .. $REQUESTS;

    my $plain = grown(@plain);
    my $media = grown(@media);

    printf "octets a waiting request, %d of them\n", $REQUESTS;
    printf "%-6s %6s %6s\n", '', 'own', 'zone';
    printf "%-6s %6.0f %6.0f\n", @$_ for
        [ plain => @$plain{qw(own zone)} ], [ media => @$media{qw(own zone)} ],
        [ more => map { $media->{$_} - $plain->{$_} } qw(own zone) ];

    kill KILL => $origin;
    waitpid $origin, 0;
}


# accepts, reads, and says nothing until it is killed

sub stalled_origin {
    my $listen = IO::Socket::UNIX->new(Local => "$dir/media.sock",
                                       Listen => 4096) or die "origin: $!";
    my $pid = fork() // die "fork: $!";

    return $pid if $pid;

    my $select = IO::Select->new($listen);
    my @open;

    while (my @ready = $select->can_read) {
        for my $socket (@ready) {
            if ($socket == $listen) {
                push @open, $socket->accept;
                $select->add($open[-1]);
            } elsif (!sysread $socket, my $text, 65536) {
                $select->remove($socket);
            }
        }
    }

    exit 0;
}


# octets that the process has grown by, a request

sub grown {
    my (@targets) = @_;
    my $edge = "edge-" . ++$serial;

    configure($edge);

    my $nginx = spawn("$dir/$edge.log", $NGINX, '-p', "$dir/", '-c',
                      "$dir/$edge.conf");
    my $socket = "$dir/$edge.sock";

    (wait_for { IO::Socket::UNIX->new(Peer => $socket) } 10)
        or die "nginx did not start, see $dir/$edge.log\n";

    # the connection to Redis, and what is allocated once

    my @warm = map { request($socket, $_) } @targets[0 .. 49];

    waiting($socket, 50);

    my $before = memory($nginx->pid);
    my @clients = map { request($socket, $_) } @targets;

    waiting($socket, 50 + @targets);

    my $after = memory($nginx->pid);

    kill TERM => $nginx->pid;
    (wait_for { !$nginx->running } 10) or die "nginx does not stop\n";

    return { map { $_ => 1024 * ($after->{$_} - $before->{$_}) / @targets }
             keys %$after };
}


sub request {
    my ($path, $target) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => $path) or die "client: $!";

    syswrite $socket, join "\r\n", "GET $target HTTP/1.1", @HEADERS, '', '';

    return $socket;
}


# until that many requests are at the origin: nginx counts those it writes

sub waiting {
    my ($path, $n) = @_;
    my $seen = 0;

    (wait_for {
        my $socket = IO::Socket::UNIX->new(Peer => $path) or return 0;

        syswrite $socket, "GET /busy HTTP/1.0\r\n\r\n";
        my $text = do { local $/; <$socket> } // '';
        ($seen) = $text =~ /Writing: (\d+)/;

        # one of them is the one that asks
        ($seen // 0) > $n;
    } 30) or die "only " . ($seen // 0) . " of $n requests wait\n";
}


# KiB of the process itself, and of the shared zone

sub memory {
    my ($pid) = @_;
    my %kib = (own => 0, zone => 0);
    my $kind;

    open my $in, '<', "/proc/$pid/smaps" or die "smaps: $!";

    while (<$in>) {
        $kind = $1 eq 's' ? 'zone' : 'own' if /^[0-9a-f]+-[0-9a-f]+ ...(.)/;
        $kib{$kind} += $1 if /^Private_(?:Dirty|Clean): +(\d+) kB/;
    }

    return \%kib;
}


sub configure {
    my ($edge) = @_;
    my $redis = 'unix:' . Test::Aidial::World::redis_server()->path;

    open my $file, '>', "$dir/$edge.conf" or die $!;

    print $file <<"END";
load_module $ENV{AIDIAL_MODULE};
daemon off;
master_process off;
user root;
pid $dir/$edge.pid;
error_log $dir/$edge-error.log;
worker_rlimit_nofile 16384;
events { worker_connections 16384; }

http {
    access_log off;
    client_body_temp_path $dir/$edge-body;
    proxy_temp_path $dir/$edge-proxy;
    fastcgi_temp_path $dir/$edge-fastcgi;
    scgi_temp_path $dir/$edge-scgi;
    uwsgi_temp_path $dir/$edge-uwsgi;

    aidial_recording_redis $redis;
    aidial_recording_zone aidial:16m;
    aidial_recording_grant_key k1 $dir/k1.key;
    aidial_recording_media_rate off;
    aidial_recording_streams off;

    proxy_read_timeout 300s;
    proxy_http_version 1.1;
    proxy_set_header Connection "";

    server {
        listen unix:$dir/$edge.sock backlog=4096;

        location /plain/ { proxy_pass http://unix:$dir/media.sock:/; }
        location = /busy { stub_status; }

        location /recordings/ {
            aidial_recording media;
            proxy_pass http://unix:$dir/media.sock:/;
        }
    }
}
END

    close $file or die $!;
}
