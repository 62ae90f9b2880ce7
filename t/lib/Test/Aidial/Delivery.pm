package Test::Aidial::Delivery;

# What the tests of downloads share: an object large enough to be cut, clients
# that take a part of it, and what the audit trail says about that.
#
#     my $bytes = large(4 << 20);
#     my $nginx = Test::Aidial::Nginx->start(
#         http => large_http(), server => locations(large_media()));
#     call(large_call());
#     my ($client, $answer) = part($nginx, $url, 100_000);
#     $client->abort;
#     my $entry = last_entry('download.aborted');

use strict;
use warnings;

use Exporter 'import';
use IO::Socket;
use MIME::Base64 ();
use Test::Aidial::Client;
use Test::Aidial::Portal;
use Test::Aidial::Process qw(wait_for);
use Test::Aidial::World;
use Time::HiRes qw(time);

our @EXPORT = qw(large large_call large_etag large_http large_media narrow
                 part got ask_media entries last_entry events download state_of
                 grant_key resume SLACK);

# bytes that may be on their way: a step, the send buffer as Linux doubles it,
# and what a narrow client's kernel holds

sub SLACK { 262_144 + 65_536 }

my $MTIME = 1_700_000_000;
my ($size, $serial) = (0, 0);


# an object in which every four bytes say where they stand: its content

sub large {
    ($size) = @_;
    my $content = pack 'N*', 0 .. $size / 4 - 1;
    my $root = dir() . '/large';

    mkdir $root;
    open my $file, '>:raw', "$root/large.mp3" or die "$root/large.mp3: $!";
    print $file $content;
    close $file;
    utime $MTIME, $MTIME, "$root/large.mp3";

    return $content;
}


sub large_etag { etag($size) }


sub large_call {
    my (%media) = @_;

    return (media => { object => '/large.mp3', size_bytes => $size, %media });
}


# an origin of its own for /large/, and words of http_config()

sub large_http {
    my (%word) = @_;
    my $socket = dir() . '/large-' . ++$serial . '.sock';
    my ($root, $extra) = (dir() . '/large', delete $word{extra} // '');

    return http_config(%word, extra => <<"END");
    $extra
    upstream large { server unix:$socket; }
    server {
        listen unix:$socket;
        root $root;
    }
END
}


# a media location for it; @more are directives

sub large_media {
    my (@more) = @_;

    return <<"END";
    location /large/ {
        aidial_recording media;
        proxy_pass http://large/;
        @more
    }
END
}


sub download { grant(action => 'download', @_) }


# the key of a grant in Redis

sub grant_key {
    my ($token) = @_;
    my ($payload) = $token =~ m{([^/.]+)\.[^.]+\z};
    my $bytes = MIME::Base64::decode_base64url($payload);
    my ($id) = unpack 'x C/x x9 H32', $bytes;

    return "aidial:{t_1}:grant:$id";
}


sub state_of { redis('HGET', grant_key($_[0]), 'state') // 'none' }


# a client whose kernel takes little at a time

sub narrow {
    my ($nginx) = @_;

    my $to = pack_sockaddr_in($nginx->port, inet_aton('127.0.0.1'));

    # before it connects: the window is agreed upon then

    my $socket = IO::Socket->new(Domain => AF_INET, Type => SOCK_STREAM)
        // die "socket: $!";
    setsockopt $socket, SOL_SOCKET, SO_RCVBUF, pack 'i', 16_384;
    connect $socket, $to or die "connect: $!";

    return bless { socket => $socket, in => '' }, 'Test::Aidial::Client';
}


# part($nginx, $uri, $n, @headers): the client, and an answer whose body has
# the first $n bytes; what came beyond is in got()

sub part {
    my ($nginx, $uri, $n, @headers) = @_;
    my $client = narrow($nginx);

    $client->send_request('GET', $uri, undef, session(), @headers);
    my $answer = $client->response(head => 1) // die 'no answer';

    $answer->{status} =~ /\A20[06]\z/ or die "$uri: $answer->{status}";
    $answer->{body} = $n ? $client->read_bytes($n) : '';

    return ($client, $answer);
}


# how many bytes of the body the client has, those it did not look at included

sub got {
    my ($client, $answer) = @_;

    return length($answer->{body}) + length $client->{in};
}


sub ask_media {
    my ($nginx, $uri, @headers) = @_;

    return $nginx->client->get($uri, session(), @headers);
}


sub resume {
    my ($nginx, $uri, $from, %option) = @_;

    return ask_media($nginx, $uri, "Range: bytes=$from-",
                     'If-Range: ' . ($option{etag} // large_etag()));
}


# waits until there are so many entries of a kind: all of them

sub entries {
    my ($event, $count, $seconds) = @_;

    wait_for { (() = audit($event)) >= $count } $seconds;

    return audit($event);
}


# waits for one more entry of a kind than were seen by the last call

my %seen;

sub last_entry {
    my ($event, $seconds) = @_;
    my $count = ($seen{$event} // 0) + 1;
    my @all = entries($event, $count, $seconds);

    return if @all < $count;

    $seen{$event} = @all;

    return $all[-1];
}


# the events of a download in one line, once there are so many

sub events {
    my ($token, $count) = @_;
    my ($id) = grant_key($token) =~ /([^:]+)\z/;
    my $line = sub { map { $_->{event} =~ /\Adownload\.(.*)/ }
                     grep { $_->{grant} eq $id } audit() };

    wait_for { (() = $line->()) >= $count };

    return join ' ', $line->();
}


1;
