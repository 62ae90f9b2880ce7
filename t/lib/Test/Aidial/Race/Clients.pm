package Test::Aidial::Race::Clients;

# Hundreds of HTTP clients in one process: one select(), a buffer each, and
# timers.  A client is one request over a connection of its own, and a line of
# history in the end.
#
#     $clients->begin({ id => 7, port => N, request => text,
#                       body => \$expected, done => sub { my ($seen) = @_ },
#                       group => $group, reset_at => 5000, reset_in => 0.01,
#                       slow => 0.02, half_close => 1, head => 1 });
#     $clients->at(0.5, sub { ... });
#     $clients->run(sub { condition of the end });
#
# group: a hash that the requests of a burst share.  Each holds back its last
# octet until all of them are there, so that they meet.
#
# What is seen: t0 and t1 (sent and over), tb (first octet of the body),
# status, code, etag, first (offset of the body), length (as announced), got
# (octets of the body), wrong (what was not the expected body), cut: "client",
# "server", "time" or nothing.

use strict;
use warnings;

use Errno qw(EAGAIN EINPROGRESS);
use Fcntl qw(F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT SO_RCVBUF SO_LINGER inet_aton);
use Time::HiRes qw(time);

my $RECEIVE_BUFFER = 65536;    # the kernel keeps twice that

my $PATIENCE = 30;              # seconds
my $SLOWLY = 200_000;           # octets
my $STALL = 0.05;               # seconds that are worth to be known


sub new {
    return bless { by_fd => {}, read => '', write => '', timers => [],
                   patience => [], stalls => [] }, $_[0];
}


sub busy { scalar keys %{ $_[0]{by_fd} } }

# when, and for how long, nobody was looked after: [ time, seconds ]

sub stalls { $_[0]{stalls} }


sub at {
    my ($self, $in, $code) = @_;
    my $timers = $self->{timers};
    my $due = time + $in;
    my $i = @$timers;

    $i-- while $i > 0 && $timers->[ $i - 1 ][0] > $due;
    splice @$timers, $i, 0, [ $due, $code ];
}


sub run {
    my ($self, $over) = @_;

    # the server may have left before the request is written

    local $SIG{PIPE} = 'IGNORE';
    $self->{turn} = time;

    while (!$over->()) {
        $self->_turn;
    }
}


sub _turn {
    my ($self) = @_;
    my ($read, $write) = @$self{qw(read write)};
    my $timers = $self->{timers};
    my $wait = @$timers ? $timers->[0][0] - time : 0.1;

    $wait = 0 if $wait < 0;
    $wait = 0.1 if $wait > 0.1;

    select $read, $write, undef, $wait;

    my $now = time;
    my $stall = $now - $self->{turn} - $wait;
    push @{ $self->{stalls} }, [ $now, $stall ] if $stall > $STALL;
    $self->{turn} = $now;

    shift(@$timers)->[1]->() while @$timers && $timers->[0][0] <= $now;
    _give_up($self, $now);

    for my $fd (keys %{ $self->{by_fd} }) {
        my $c = $self->{by_fd}{$fd} or next;

        _send($self, $c) if vec $write, $fd, 1;
        _receive($self, $c) if !$c->{over} && vec $read, $fd, 1;
    }
}


# all wait equally long, so that they are in their order

sub _give_up {
    my ($self, $now) = @_;
    my $patience = $self->{patience};

    while (@$patience && ($patience->[0]{over}
                          || $patience->[0]{until} <= $now))
    {
        _end($self, shift @$patience, 'time');
    }
}


sub begin {
    my ($self, $c) = @_;

    socket($c->{socket}, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    setsockopt $c->{socket}, SOL_SOCKET, SO_RCVBUF, $RECEIVE_BUFFER;
    fcntl $c->{socket}, F_SETFL, O_NONBLOCK;

    $c->{fd} = fileno $c->{socket};
    $c->{seen} = { t0 => time, got => 0, status => 0, cut => '' };
    $c->{in} = '';
    $self->{by_fd}{ $c->{fd} } = $c;
    $c->{group}{waiting}++ if $c->{group};
    push @{ $c->{group}{all} }, $c if $c->{group};

    $c->{until} = time + $PATIENCE;
    push @{ $self->{patience} }, $c;

    connect($c->{socket}, pack_sockaddr_in($c->{port}, INADDR_LOOPBACK))
        or $!{EINPROGRESS}
        or return _end($self, $c, 'server');

    vec($self->{write}, $c->{fd}, 1) = 1;
}


# all but the last octet first, when there are others to wait for

sub _send {
    my ($self, $c) = @_;
    my $held = $c->{group} && !$c->{group}{released} ? 1 : 0;
    my $n = syswrite $c->{socket}, $c->{request},
                     length($c->{request}) - $held;

    return _end($self, $c, 'server') if !defined $n && !$!{EAGAIN};

    substr $c->{request}, 0, $n // 0, '';
    return if length $c->{request} > $held;

    vec($self->{write}, $c->{fd}, 1) = 0;
    vec($self->{read}, $c->{fd}, 1) = 1;

    return $held ? _meet($self, $c) : _sent($self, $c);
}


# also called for one that will not come any more

sub _meet {
    my ($self, $c) = @_;
    my $group = $c->{group};

    return if $group->{released} || $c->{met}++ || --$group->{waiting} > 0;

    $group->{released} = 1;

    for my $other (grep { !$_->{over} } @{ delete $group->{all} }) {
        $other->{seen}{t0} = time;
        _send($self, $other);
    }
}


sub _sent {
    my ($self, $c) = @_;

    shutdown $c->{socket}, 1 if $c->{half_close};
    $c->{seen}{half_closed} = 1 if $c->{half_close};

    $self->at($c->{reset_in}, sub { _reset($self, $c) if !$c->{over} })
        if defined $c->{reset_in};
}


sub _receive {
    my ($self, $c) = @_;
    my $want = _appetite($c);
    my $n = sysread $c->{socket}, $c->{in}, $want, length $c->{in};

    return if !defined $n && $!{EAGAIN};
    return _end($self, $c, 'server') if !$n;

    return if !defined $c->{seen}{length} && !_head($c);

    _body($c);

    return _end($self, $c, '')
        if $c->{head} || $c->{seen}{got} >= $c->{seen}{length};
    return _reset($self, $c)
        if defined $c->{reset_at} && $c->{seen}{got} >= $c->{reset_at};

    _rest($self, $c) if $c->{slow} && $c->{seen}{got} < $SLOWLY;
}


# how much to read: hardly more than it takes before a reset

sub _appetite {
    my ($c) = @_;
    my $slow = $c->{slow} && $c->{seen}{got} < $SLOWLY;
    my $want = $slow ? 4096 : 65536;

    return $want if !defined $c->{reset_at};
    return 1024 if !defined $c->{seen}{length};

    my $left = $c->{reset_at} - $c->{seen}{got};

    return $left < $want ? $left : $want;
}


# a slow client looks away for a while

sub _rest {
    my ($self, $c) = @_;

    vec($self->{read}, $c->{fd}, 1) = 0;
    $self->at($c->{slow}, sub {
        vec($self->{read}, $c->{fd}, 1) = 1 if !$c->{over};
    });
}


sub _head {
    my ($c) = @_;
    my $seen = $c->{seen};

    my $end = index $c->{in}, "\r\n\r\n";
    return if $end < 0;

    my $head = substr $c->{in}, 0, $end + 4, '';
    ($seen->{status}) = $head =~ m{\AHTTP/1\.1 (\d+)};
    $seen->{status} //= 0;
    ($seen->{length}) = $head =~ /^content-length: *(\d+)/mi;
    ($seen->{etag}) = $head =~ /^etag: *([^\r\n]+)/mi;
    ($seen->{first}, $seen->{last}) =
        $head =~ /^content-range: *bytes (\d+)-(\d+)/mi;
    $seen->{first} //= 0;
    $seen->{length} //= 0;
    $seen->{media} = 1 if $seen->{status} == 200 || $seen->{status} == 206;

    return 1;
}


# a recording is compared where it stands, and only where it differs is
# anything said; of anything else the problem's code is of interest

sub _body {
    my ($c) = @_;
    my ($seen, $n) = ($c->{seen}, length $c->{in});

    return if !$n;

    if (!$c->{body} || !$seen->{media}) {
        ($seen->{code}) = $c->{in} =~ /"code":"([a-z_]+)"/
            if !defined $seen->{code};
        $seen->{text} .= $c->{in};

    } else {
        $seen->{tb} //= time;
        my $at = $seen->{first} + $seen->{got};

        $seen->{wrong} //= "at $at: " . ($c->{in} =~ /(\d{4}:\d{10})/
                                         ? $1 : substr $c->{in}, 0, 20)
            if $n + $at > length ${ $c->{body} }
               || substr(${ $c->{body} }, $at, $n) ne $c->{in};
    }

    $seen->{got} += $n;
    $c->{in} = '';
}


sub _reset {
    my ($self, $c) = @_;

    setsockopt $c->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    _end($self, $c, 'client');
}


sub _end {
    my ($self, $c, $cut) = @_;

    return if $c->{over};

    $c->{over} = 1;
    $c->{seen}{cut} = $cut;
    $c->{seen}{t1} = time;

    vec($self->{$_}, $c->{fd}, 1) = 0 for qw(read write);
    delete $self->{by_fd}{ $c->{fd} };
    close delete $c->{socket};

    _meet($self, $c) if $c->{group};
    delete($c->{done})->($c->{seen});
}


1;
