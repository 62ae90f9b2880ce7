package Test::Aidial::Relay;

# A byte relay that can be told, while it runs, where to and whether at all:
# the address that a failover moves, or a replication link that loses data
# and says nothing.
#
#     my $relay = Test::Aidial::Relay->start(to => '/path/redis.sock');
#     $relay->path; $relay->port;     a unix socket and a TCP port, both lead on
#     $relay->point('127.0.0.1:7001');    connections end, new ones go there
#     $relay->mute;       connections stay, what is sent on them is lost
#     $relay->hush;       likewise, but for what the clients send
#     $relay->cut;        connections end, new ones end at once
#     $relay->point;      as it was before: connections end, new ones are led on
#     $relay->taken;      how many connections it has taken so far
#
# "to" is a unix socket or host:port.  Each of them has happened when the call
# returns.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::Aidial::Process qw(spawn);
use Test::Aidial::World qw(dir);

my $serial = 0;


sub start {
    my ($class, %option) = @_;
    my $name = dir() . '/relay-' . ++$serial;
    my $unix = _listen("$name.sock");
    my $told = _listen("$name.told");
    my $inet = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
        or die "no free port: $!";

    my $self = bless { path => "$name.sock", port => $inet->sockport,
                       told => "$name.told" }, $class;

    $self->{process} = spawn("$name.err", sub {
        _serve({ to => $option{to}, mode => 'point', taken => 0,
                 all => IO::Select->new($unix, $inet, $told),
                 doors => { map { $_ => 1 } $unix, $inet }, told => $told,
                 other => {}, far => {} });
    });

    return $self;
}


# a master that is root has workers that are not

sub _listen {
    my ($path) = @_;
    my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 64)
        or die "$path: $!";

    chmod 0777, $path;

    return $socket;
}


sub path { $_[0]{path} }

sub port { $_[0]{port} }

sub point { $_[0]->_tell('point', $_[1] // '') }

sub mute { $_[0]->_tell('mute') }

sub hush { $_[0]->_tell('hush') }

sub cut { $_[0]->_tell('cut') }

sub taken { $_[0]->_tell('taken') }


sub _tell {
    my ($self, @words) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => $self->{told})
        or die "$self->{told}: $!";

    syswrite $socket, "@words\n";
    chomp(my $answer = <$socket> // die "relay: no answer to $words[0]\n");

    return $answer;
}


sub _serve {
    my ($relay) = @_;

    $SIG{PIPE} = 'IGNORE';

    while (1) {
        for my $socket ($relay->{all}->can_read) {
            if ($socket == $relay->{told}) {
                _told($relay, $socket->accept);

            } elsif ($relay->{doors}{$socket}) {
                _accept($relay, $socket->accept);

            } elsif ($relay->{other}{$socket}) {
                _pass($relay, $socket);
            }
        }
    }
}


sub _told {
    my ($relay, $socket) = @_;
    my ($word, $to) = split ' ', <$socket> // return;

    if ($word ne 'taken') {
        $relay->{mode} = $word;
        $relay->{to} = $to if $to;
        my @open = $word =~ /mute|hush/ ? () : values %{ $relay->{other} };
        _end($relay, $_) for @open;
    }

    syswrite $socket, "$relay->{taken}\n";
}


sub _accept {
    my ($relay, $near) = @_;

    return if !$near || $relay->{mode} eq 'cut';

    my $far = $relay->{to} =~ m{\A/}
        ? IO::Socket::UNIX->new(Peer => $relay->{to})
        : IO::Socket::INET->new(PeerAddr => $relay->{to});
    return if !$far;

    $relay->{taken}++;
    $relay->{all}->add($near, $far);
    $relay->{other}{$near} = $far;
    $relay->{other}{$far} = $near;
    $relay->{far}{$far} = 1;
}


sub _pass {
    my ($relay, $from) = @_;
    my $to = $relay->{other}{$from};

    return _end($relay, $from) if !sysread $from, my $bytes, 65536;
    return if $relay->{mode} eq 'mute'
              || $relay->{mode} eq 'hush' && $relay->{far}{$from};

    while (length $bytes) {
        my $n = syswrite $to, $bytes or return _end($relay, $from);
        substr $bytes, 0, $n, '';
    }
}


sub _end {
    my ($relay, $socket) = @_;
    my $other = delete $relay->{other}{$socket} or return;

    delete $relay->{other}{$other};
    delete @{ $relay->{far} }{ $socket, $other };
    $relay->{all}->remove($socket, $other);
    close $_ for $socket, $other;
}


1;
