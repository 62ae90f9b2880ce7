#!/usr/bin/env perl
#
# How many instructions a request costs the nginx process, in user mode:
#
#     make build BUILD=release && t/bench/instructions.pl [case ...]
#
# nginx runs as one process under callgrind, with a Redis and an origin of its
# own.  All cases are asked of the same process; SIGUSR1 makes nginx reopen
# its logs, and callgrind is told to write down what it has counted so far
# whenever that function is entered.  So a case is counted from its first
# request to its last, after a warm-up, without start and end of the process.
#
# Requests go out in rounds: one on each of CONNECTIONS kept-alive
# connections, then all answers are read.  That is what a busy worker sees:
# several requests a turn of the event loop.  CONNECTIONS=1 is the other end.
#
# KEEP=dir keeps what callgrind has counted, a file a case, for
# callgrind_annotate or kcachegrind; TOP=0 leaves out what differences are
# made of.
#
# Counts are the same from run to run within about one percent, whatever else
# the machine does.  They say nothing of the kernel (system calls), and
# valgrind has no SHA extensions, so hashes are overstated.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use IO::Socket::UNIX;
use File::Copy qw(copy);
use List::Util qw(max);
use Test::Aidial::Portal;
use Test::Aidial::Process qw(spawn wait_for);
use Test::Aidial::World;

my $ROOT = "$FindBin::Bin/../..";

my $CONNECTIONS = $ENV{CONNECTIONS} // 16;
my $ROUNDS = $ENV{ROUNDS} // 30;
my $WARM_UP = 8;                             # rounds
my $TOP = $ENV{TOP} // 25;                   # functions of a difference

my $NGINX = $ENV{NGINX} // '/usr/sbin/nginx';

$ENV{AIDIAL_MODULE} //= "$ROOT/build/release/ngx_aidial_recording_module.so";

my $SID = 'q7Zr1kVt0cXmB5uJw8sYhN2dLf4GpA6e';
my $LARGE = 1 << 20;

my @HEADERS = (
    'Host: portal.example.com',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 '
        . 'Firefox/128.0',
    'Accept: audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,*/*;q=0.5',
    'Accept-Language: en-GB,en;q=0.5',
    'Sec-Fetch-Dest: audio', 'Sec-Fetch-Mode: no-cors',
    'Sec-Fetch-Site: same-origin',
    "Cookie: theme=dark; aidial_session=$SID; locale=en",
);

# a case: how it is asked, what it is compared with

my @CASES = (
    { name => 'plain256', target => '/plain/t_1/c_small.mp3', status => 206,
      range => 256 },
    { name => 'media256', call => 'c_small', status => 206, range => 256,
      base => 'plain256' },
    { name => 'plain64k', target => '/plain/t_1/c_large.mp3', status => 206,
      range => 65536 },
    { name => 'media64k', call => 'c_large', status => 206, range => 65536,
      base => 'plain64k' },
    { name => 'return200', target => '/return', status => 200 },
    { name => 'status', target => '/api/calls/c_small/status', status => 200,
      base => 'return200' },
    { name => 'grant', target => '/api/calls/c_small/grant', status => 201,
      body => '{"action": "playback"}', base => 'return200' },
);

my $dir = dir();
my ($nginx, $origin, $dumps) = (undef, undef, 0);


main();


sub main {
    my %wanted = map { $_ => 1 } @ARGV;
    my %needed = map { $_->{base} // '' => 1 } grep { $wanted{ $_->{name} } }
                 @CASES;
    my @cases = grep { !@ARGV || $wanted{ $_->{name} }
                       || $needed{ $_->{name} } } @CASES;

    die "no such case: @ARGV\n" if !@cases;

    records_of_a_portal();
    files_of_an_origin();
    start();

    my (%cost, %functions);

    for my $case (@cases) {
        my $file = counted($case);

        copy($file, "$ENV{KEEP}/$case->{name}") or die "$ENV{KEEP}: $!\n"
            if $ENV{KEEP};

        ($cost{ $case->{name} }, $functions{ $case->{name} }) = read_dump($file);
    }

    report(\@cases, \%cost, \%functions);
}


# a tenant, a user with some projects, a call with all its members

sub records_of_a_portal {
    redis('FLUSHALL');
    tenant();
    session(sid => $SID, user => undef,
            project_ids => [ map { "p_$_" } 1 .. 8 ], name => 'A. Manager',
            mail => 'manager@client.example.com', locale => 'en');
    call(id => 'c_small', media => { object => '/t_1/c_small.mp3' });
    call(id => 'c_large', media => { object => '/t_1/c_large.mp3' });
}


sub files_of_an_origin {
    mkdir "$dir/media";
    mkdir "$dir/media/t_1";

    my %size = (c_small => 256, c_large => $LARGE);

    for my $name (keys %size) {
        open my $file, '>', "$dir/media/t_1/$name.mp3" or die $!;
        print $file 'x' x $size{$name};
        close $file or die $!;
    }
}


sub start {
    my $redis = 'unix:' . Test::Aidial::World::redis_server()->path;
    my $module = $ENV{AIDIAL_MODULE};

    -f $module or die "$module is missing: run make build BUILD=release\n";

    configure('origin', '', <<"END");
    server {
        listen unix:$dir/media.sock;
        root $dir/media;
        keepalive_requests 1000000;
    }
END

    configure('edge', "load_module $module;", <<"END");
    aidial_recording_redis $redis connections=1;
    aidial_recording_zone aidial:8m;
    aidial_recording_grant_key k1 $dir/k1.key;
    aidial_recording_grant_rate off;
    aidial_recording_media_rate off;
    aidial_recording_streams off;

    upstream media {
        server unix:$dir/media.sock;
        keepalive 64;
        keepalive_requests 1000000;
    }

    proxy_http_version 1.1;
    proxy_set_header Connection "";

    server {
        listen unix:$dir/edge.sock;
        keepalive_requests 1000000;

        location /plain/ { proxy_pass http://media/; }
        location /return { return 200 "yes"; }
        location ~ ^/api/calls/([^/]+)/status\$ { aidial_recording status \$1; }
        location ~ ^/api/calls/([^/]+)/grant\$ { aidial_recording grant \$1; }

        location /recordings/ {
            aidial_recording media;
            proxy_pass http://media/;
        }
    }
END

    $origin = spawn("$dir/origin.log", $NGINX, '-p', "$dir/", '-c',
                    "$dir/origin.conf");

    $nginx = spawn("$dir/edge.log", 'valgrind', '--tool=callgrind',
                   "--callgrind-out-file=$dir/calls",
                   '--dump-before=ngx_reopen_files', $NGINX, '-p', "$dir/",
                   '-c', "$dir/edge.conf");

    (wait_for { -S "$dir/media.sock" && -S "$dir/edge.sock" } 60)
        or die "nginx did not start, see $dir\n";
}


sub configure {
    my ($name, $head, $http) = @_;

    open my $file, '>', "$dir/$name.conf" or die $!;

    print $file <<"END";
$head
daemon off;
master_process off;
user root;
pid $dir/$name.pid;
error_log $dir/$name-error.log;
events { worker_connections 512; }

http {
    access_log off;
    client_body_temp_path $dir/$name-body;
    proxy_temp_path $dir/$name-proxy;
    fastcgi_temp_path $dir/$name-fastcgi;
    scgi_temp_path $dir/$name-scgi;
    uwsgi_temp_path $dir/$name-uwsgi;
$http
}
END
    close $file or die $!;
}


# the file in which callgrind has counted the requests of the case

sub counted {
    my ($case) = @_;
    my @sockets = map { IO::Socket::UNIX->new(Peer => "$dir/edge.sock")
                        // die "no edge: $!" } 1 .. $CONNECTIONS;

    # every connection plays with a grant of its own

    my @requests = map { request_of($case) } @sockets;

    ask($case, \@sockets, \@requests) for 1 .. $WARM_UP;
    dump_now();
    ask($case, \@sockets, \@requests) for 1 .. $ROUNDS;

    return dump_now();
}


sub request_of {
    my ($case) = @_;
    my $target = $case->{target};

    if ($case->{call}) {
        $target = media_url(grant(call => $case->{call}, state => 'begun',
                                  expires_at => time + 3600));
    }

    my @head = @HEADERS;

    push @head, 'Range: bytes=0-' . ($case->{range} - 1) if $case->{range};
    push @head, 'Content-Type: application/json',
                'Content-Length: ' . length $case->{body} if $case->{body};

    return join "\r\n", ($case->{body} ? 'POST' : 'GET') . " $target HTTP/1.1",
                        @head, '', $case->{body} // '';
}


sub ask {
    my ($case, $sockets, $requests) = @_;

    syswrite $sockets->[$_], $requests->[$_] for 0 .. $#$sockets;
    answer($case, $_) for @$sockets;
}


sub answer {
    my ($case, $socket) = @_;
    my $text = '';

    until ($text =~ /\r\n\r\n/) {
        sysread $socket, $text, 1 << 17, length $text
            or die "$case->{name}: the edge closed the connection\n";
    }

    my ($status) = $text =~ m{\AHTTP/1\.1 (\d+)};

    $status == $case->{status}
        or die "$case->{name}: status $status instead of $case->{status}\n";

    my ($length) = $text =~ /^Content-Length: (\d+)/mi
        or die "$case->{name}: no length\n";
    my $rest = $length - length($text) + $+[0] + index(substr($text, $+[0]),
                                                      "\r\n\r\n") + 4;

    while ($rest > 0) {
        my $n = sysread $socket, my $body, $rest
            or die "$case->{name}: the body ended early\n";
        $rest -= $n;
    }
}


sub dump_now {
    my $file = "$dir/calls." . ++$dumps;

    kill USR1 => $nginx->pid or die "no nginx: $!";

    (wait_for { -s $file && complete($file) } 60)
        or die "callgrind says nothing\n";

    return $file;
}


sub complete {
    my ($file) = @_;
    my $size = -s $file;

    open my $in, '<', $file or return 0;
    seek $in, max(0, $size - 4096), 0;

    return grep { /^totals:/ } <$in>;
}


# the instructions of all, and the own ones of each function, in a dump

sub read_dump {
    my ($file) = @_;
    my (%own, $total);

    open my $in, '-|', 'callgrind_annotate', '--threshold=100',
                       '--show-percs=no', '--auto=no', '--inclusive=no',
                       $file or die $!;

    while (<$in>) {
        s/(?<=\d),(?=\d)//g;
        next if /:(?:main|\(below|__libc_start_main\S*) |\[\S*\/ld-linux/;

        $total = $1 if /^\s*(\d+)\s+PROGRAM TOTALS/;
        $own{ function($2, $3) } += $1
            if /^\s*(\d+)\s+\S*?:(\S+)\s+\[(\S+)\]/;
    }

    return ($total // die("nothing was counted\n"), \%own);
}


# A function without a name is its library's.  Those that never return have
# everything as their own, since callgrind has not seen them being called.

sub function {
    my ($name, $object) = @_;

    $object =~ s{.*/}{};
    $name =~ s/'\d+\z//;

    return $name =~ /\A0x/ ? "functions of $object" : "$name ($object)";
}


sub report {
    my ($cases, $cost, $functions) = @_;
    my $n = $CONNECTIONS * $ROUNDS;

    printf "instructions a request, user mode, %d requests on %d connections\n",
           $n, $CONNECTIONS;
    printf "%-10s %8s %8s\n", 'case', 'all', 'more';

    for my $case (@$cases) {
        my $own = $cost->{ $case->{name} };
        my $more = $case->{base} ? sprintf '%8.0f',
            ($own - $cost->{ $case->{base} }) / $n : '';

        printf "%-10s %8.0f %8s\n", $case->{name}, $own / $n, $more;
    }

    return if !$TOP;

    for my $case (grep { $_->{base} } @$cases) {
        difference($case, $functions, $n);
    }
}


sub difference {
    my ($case, $functions, $n) = @_;
    my ($own, $base) = map { $functions->{$_} } @$case{qw(name base)};
    my %more = map { $_ => (($own->{$_} // 0) - ($base->{$_} // 0)) / $n }
               keys %$own, keys %$base;
    my @top = sort { $more{$b} <=> $more{$a} } keys %more;

    printf "\n%s: where it costs more than %s\n", @$case{qw(name base)};
    printf "%8.0f  %s\n", $more{$_}, $_ for grep { defined } @top[0 .. $TOP - 1];
}
