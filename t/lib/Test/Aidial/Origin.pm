package Test::Aidial::Origin;

# A media origin that answers with raw bytes and remembers what it was sent:
#
#     my $origin = Test::Aidial::Origin->start(
#         '/a.mp3' => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab",
#         '/cut'   => [ "HTTP/1.1 200 OK\r\nContent-Le", 'close' ],
#         '/slow'  => 'never',
#         '*'      => 'close');
#
# A list is written piece by piece with a pause between them.  A connection
# has one request and ends after the answer; "never" keeps it open.

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;
use Test::Aidial::Process qw(spawn);
use Test::Aidial::World qw(dir);
use Time::HiRes qw(sleep);

my $serial = 0;


sub start {
    my ($class, %answer) = @_;
    my $name = dir() . '/raw-origin-' . ++$serial;
    my $self = bless { path => "$name.sock", log => "$name.log" }, $class;

    my $listen = IO::Socket::UNIX->new(Local => $self->{path}, Listen => 64)
        or die "$self->{path}: $!";
    chmod 0777, $self->{path};

    $self->{process} = spawn("$name.err",
        sub { _serve($listen, $self->{log}, \%answer) });
    close $listen;

    return $self;
}


sub path { $_[0]{path} }


# every request since the last call, as it came: head and what followed

sub requests {
    my ($self) = @_;

    # the file is never cut: a request that comes meanwhile would be lost

    open my $log, '<', $self->{log} or return;
    seek $log, $self->{seen} // 0, 0;
    local $/;
    my ($whole) = (<$log> // '') =~ /\A(.*\0|)/s;
    $self->{seen} += length $whole;
    my @requests = split /\0/, $whole;

    return @requests;
}


sub _serve {
    my ($listen, $log, $answer) = @_;

    $SIG{CHLD} = 'IGNORE';

    while (1) {
        my $socket = $listen->accept or next;
        my $pid = fork() // die "fork: $!";

        if ($pid == 0) {
            close $listen;
            _answer($socket, $log, $answer);
            exit 0;
        }

        close $socket;
    }
}


sub _answer {
    my ($socket, $log, $answer) = @_;
    my $request = '';

    while ($request !~ /\r\n\r\n/) {
        sysread $socket, $request, 65536, length $request or return;
    }

    # a body that should not be there would come at once

    while (IO::Select->new($socket)->can_read(0.01)) {
        last if !sysread $socket, $request, 65536, length $request;
    }

    open my $file, '>>', $log or die "$log: $!";
    syswrite $file, "$request\0";
    close $file;

    my ($uri) = $request =~ /\A\S+ (\S+)/;
    my $text = $answer->{$uri} // $answer->{'*'} // 'close';

    for my $piece (ref $text ? @$text : $text) {
        return if $piece eq 'close';
        IO::Select->new($socket)->can_read(30) if $piece eq 'never';
        return if $piece eq 'never';
        syswrite $socket, $piece;
        sleep 0.05 if ref $text;
    }
}


1;
