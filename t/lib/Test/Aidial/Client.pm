package Test::Aidial::Client;

# One keep-alive connection of raw HTTP/1.1.  Every wait has an end: what did
# not come in time is undef, and the test says what that means.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);


sub new {
    my ($class, $port) = @_;

    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $port, Timeout => 5) or die "connect: $!";

    return bless { socket => $socket, in => '' }, $class;
}


# get($uri, @header_lines) and post($uri, $json, @header_lines): the answer

sub get {
    my ($self, $uri, @headers) = @_;

    $self->send_request('GET', $uri, undef, @headers);
    return $self->response;
}


sub head {
    my ($self, $uri, @headers) = @_;

    $self->send_request('HEAD', $uri, undef, @headers);
    return $self->response(head => 1);
}


sub post {
    my ($self, $uri, $body, @headers) = @_;

    $self->send_request('POST', $uri, $body, @headers);
    return $self->response;
}


sub send_request {
    my ($self, $method, $uri, $body, @headers) = @_;

    @headers = map { split /\n/ } @headers;
    unshift @headers, 'Host: localhost' if !grep { /^host:/i } @headers;

    if (defined $body) {
        push @headers, 'Content-Length: ' . length $body;
        push @headers, 'Content-Type: application/json'
            if !grep { /^content-type:/i } @headers;
    }

    $self->send_raw(join("\r\n", "$method $uri HTTP/1.1", @headers, '', '')
                    . ($body // ''));
}


sub send_raw {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';

    while (length $bytes) {
        my $n = syswrite $self->{socket}, $bytes or return;
        substr $bytes, 0, $n, '';
    }

    return 1;
}


# true when an answer, or the end of the connection, waits to be read

sub readable {
    my ($self) = @_;

    return $self->{in} ne '' || IO::Select->new($self->{socket})->can_read(0);
}


# response(head => 1, timeout => 5): a hash of status, headers (names in lower
# case; a repeated one is joined by ", "), head (its text), body; "cut" when
# the connection ended before the body did

sub response {
    my ($self, %option) = @_;
    my $until = time + ($option{timeout} // 5);

    while ($self->{in} !~ /\r\n\r\n/) {
        $self->_read($until) or return undef;
    }

    $self->{in} =~ s/\A(.*?\r\n)\r\n//s;
    my %answer = (head => $1, headers => {}, body => '');
    ($answer{status}) = $answer{head} =~ m{\AHTTP/1\.\d (\d+)};

    while ($answer{head} =~ /^([^:\r\n]+): *([^\r\n]*)\r$/mg) {
        my $name = lc $1;
        $answer{headers}{$name} = exists $answer{headers}{$name}
            ? "$answer{headers}{$name}, $2" : $2;
    }

    return \%answer if $option{head} || $answer{status} =~ /\A(?:1..|204|304)/;

    $self->_body(\%answer, $until);

    return \%answer;
}


sub _body {
    my ($self, $answer, $until) = @_;
    my $length = $answer->{headers}{'content-length'};

    if (($answer->{headers}{'transfer-encoding'} // '') eq 'chunked') {
        $answer->{cut} = !$self->_chunks($answer, $until);
        return;
    }

    while (!defined $length || length $self->{in} < $length) {
        last if !$self->_read($until);
    }

    $answer->{cut} = defined $length && length $self->{in} < $length;
    $answer->{body} = substr $self->{in}, 0, $length // length $self->{in}, '';
}


sub _chunks {
    my ($self, $answer, $until) = @_;

    while (1) {
        while ($self->{in} !~ /\A([0-9a-fA-F]+)\r\n/) {
            $self->_read($until) or return;
        }

        # captures do not outlive the loop

        $self->{in} =~ /\A([0-9a-fA-F]+)\r\n/;
        my ($size, $head) = (hex $1, length $&);

        while (length $self->{in} < $head + $size + 2) {
            $self->_read($until) or return;
        }

        $answer->{body} .= substr $self->{in}, $head, $size;
        substr $self->{in}, 0, $head + $size + 2, '';
        return 1 if !$size;
    }
}


# more bytes came; false at the end of the connection or of the time

sub _read {
    my ($self, $until) = @_;
    my $left = $until - time;

    return if $left <= 0;
    return if !IO::Select->new($self->{socket})->can_read($left);

    return sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
}


# read_bytes($n): so many bytes as they come, for bodies that run

sub read_bytes {
    my ($self, $n, $timeout) = @_;
    my $until = time + ($timeout // 5);

    while (length $self->{in} < $n) {
        $self->_read($until) or return undef;
    }

    return substr $self->{in}, 0, $n, '';
}


# closed(seconds): the server has closed, and said nothing more

sub closed {
    my ($self, $timeout) = @_;

    IO::Select->new($self->{socket})->can_read($timeout // 5) or return;

    return !sysread $self->{socket}, $self->{in}, 65536, length $self->{in};
}


# abort(): with a reset, as a client that dies; close(): politely

sub abort {
    my ($self) = @_;

    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    CORE::close($self->{socket});
}


sub close { CORE::close($_[0]{socket}) }


1;
