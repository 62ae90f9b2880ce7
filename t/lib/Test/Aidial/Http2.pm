package Test::Aidial::Http2;

# One HTTP/2 connection over a unix socket, just enough to have many requests
# in flight and to reset some.  Headers go out as literals that are never
# indexed; of an answer only the status and the body are understood.
#
#     server => locations() . 'listen unix:' . socket_path() . ' http2;'
#     my $h2 = Test::Aidial::Http2->new(socket_path(), window => 1 << 30);
#     my $stream = $h2->request('GET', '/x', undef, 'Cookie: a=b');
#     $h2->wait($stream)->{status}

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::UNIX;
use Test::Aidial::World;
use Time::HiRes qw(time);

our @EXPORT = qw(socket_path);

my ($DATA, $HEADERS, $RESET, $SETTINGS, $PING, $GOAWAY, $WINDOW)
    = (0, 1, 3, 4, 6, 7, 8);
my $STREAM_WINDOW = 4;
my ($END_STREAM, $ACK, $END_HEADERS) = (1, 1, 4);

# the statuses that HPACK has in its static table, from index 8 on

my @STATIC = (200, 204, 206, 304, 400, 404, 500);


sub socket_path { dir() . '/http2.sock' }


sub new {
    my ($class, $path, %option) = @_;

    my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
    my $self = bless { socket => $socket, in => '', next => 1,
                       streams => {} }, $class;

    $self->_write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                  . _frame($SETTINGS, 0, 0, pack 'nN', $STREAM_WINDOW,
                           $option{window} // 65_535)
                  . _frame($WINDOW, 0, 0, pack 'N', 1 << 30));

    return $self;
}


# the number of the stream; a body given by reference is not its end

sub request {
    my ($self, $method, $path, $body, @headers) = @_;
    my $stream = $self->{next};
    my @pairs = ([ ':method', $method ], [ ':path', $path ],
                 [ ':scheme', 'http' ], [ ':authority', 'localhost' ]);

    push @pairs, [ 'content-type', 'application/json' ] if defined $body;
    push @pairs, map { [ lc($_->[0]), $_->[1] ] }
        map { [ split /: */, $_, 2 ] } map { split /\n/ } @headers;

    my $block = join '',
        map { "\x10" . _text($_->[0]) . _text($_->[1]) } @pairs;

    $self->{next} += 2;
    $self->{streams}{$stream} = { body => '' };
    $self->_write(_frame($HEADERS,
        $END_HEADERS | (defined $body ? 0 : $END_STREAM), $stream, $block));
    $self->data($stream, ref $body ? ($$body, 0) : ($body, 1))
        if defined $body;

    return $stream;
}


# more of a body, and perhaps its end

sub data {
    my ($self, $stream, $bytes, $end) = @_;

    $self->_write(_frame($DATA, $end ? $END_STREAM : 0, $stream, $bytes));
}


sub reset { $_[0]->_write(_frame($RESET, 0, $_[1], pack 'N', 8)) }


# wait($stream, seconds): status, body, and "reset" when that was its end;
# undef when it has not ended in time

sub wait {
    my ($self, $stream, $seconds) = @_;
    my $until = time + ($seconds // 5);

    while (!$self->{streams}{$stream}{end}) {
        $self->_read($until) or return undef;
    }

    return $self->{streams}{$stream};
}


sub close { CORE::close($_[0]{socket}) }


sub _read {
    my ($self, $until) = @_;
    my $left = $until - time;

    return if $left <= 0 || !IO::Select->new($self->{socket})->can_read($left);
    return if !sysread $self->{socket}, $self->{in}, 65536, length $self->{in};

    while (length $self->{in} >= 9) {
        my ($high, $low, $type, $flags, $stream) = unpack 'CnCCN', $self->{in};
        my $length = $high << 16 | $low;

        last if length $self->{in} < 9 + $length;
        substr $self->{in}, 0, 9, '';
        $self->_take($type, $flags, $stream,
                     substr $self->{in}, 0, $length, '');
    }

    return 1;
}


sub _take {
    my ($self, $type, $flags, $stream, $payload) = @_;
    my $answer = $self->{streams}{$stream};

    $self->_write(_frame($SETTINGS, $ACK, 0, ''))
        if $type == $SETTINGS && !($flags & $ACK);
    $self->{gone} = 1 if $type == $GOAWAY;

    return if !$answer;

    $answer->{status} //= _status($payload) if $type == $HEADERS;
    $answer->{body} .= $payload if $type == $DATA;
    $answer->{reset} = 1 if $type == $RESET;
    $answer->{end} = 1
        if $type == $RESET
           || ($type == $HEADERS || $type == $DATA) && $flags & $END_STREAM;
}


# a change of the table's size may stand before the status

sub _status {
    my ($block) = @_;

    $block =~ s/\A[\x20-\x3f]+//;
    my $first = ord $block;

    return $STATIC[($first & 0x7f) - 8] if $first & 0x80;
    return substr $block, 2, 3;
}


sub _frame {
    my ($type, $flags, $stream, $payload) = @_;
    my $length = length $payload;

    return pack('CnCCN', $length >> 16, $length & 0xffff, $type, $flags,
                $stream) . $payload;
}


sub _text {
    my ($text) = @_;
    my $length = length $text;

    return chr($length) . $text if $length < 127;
    return "\x7f" . chr($length - 127) . $text if $length < 255;
    return "\x7f" . chr(($length - 127) & 0x7f | 0x80)
           . chr($length - 127 >> 7) . $text;
}


sub _write {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';

    while (length $bytes) {
        my $n = syswrite $self->{socket}, $bytes or return;
        substr $bytes, 0, $n, '';
    }
}


1;
