package Test::Aidial::Redis;

# A private redis-server on a unix socket, and a client for it that speaks
# just enough RESP: commands of strings; replies of any type, nil is undef,
# an error dies.

use strict;
use warnings;

use IO::Socket::UNIX;
use Test::Aidial::Process qw(spawn wait_for);


sub start {
    my ($class, $dir, @options) = @_;
    my $self = bless { path => "$dir/redis.sock", dir => $dir,
                       options => \@options }, $class;

    return $self->up;
}


sub path { $_[0]{path} }

sub pid { $_[0]{process}->pid }


sub up {
    my ($self) = @_;

    $self->{process} = spawn("$self->{dir}/redis.log", 'redis-server',
        '--port', 0, '--unixsocket', $self->{path},
        '--unixsocketperm', 777, '--save', '',
        '--appendonly', 'no', '--dir', $self->{dir}, @{ $self->{options} });

    wait_for { eval { $self->command('PING') } }
        or die "redis-server did not start, see $self->{dir}/redis.log";

    return $self;
}


# after down() nobody listens; up() starts again with nothing in it

sub down {
    my ($self) = @_;

    delete $self->{socket};
    delete $self->{process};
    unlink $self->{path};
}


# killed at once: nothing is saved, nobody is told

sub crash {
    my ($self) = @_;

    kill KILL => $self->pid;
    wait_for { !$self->{process}->running } or die "redis-server lives on";
    $self->down;
}


sub command {
    my ($self, @words) = @_;

    $self->{socket} //= IO::Socket::UNIX->new(Peer => $self->{path})
        // die "redis: connect: $!";

    my $text = '*' . @words . "\r\n";
    $text .= '$' . length($_) . "\r\n$_\r\n" for @words;

    my $reply = eval {
        local $SIG{PIPE} = 'IGNORE';
        print { $self->{socket} } $text or die "redis: write: $!\n";
        $self->{socket}->flush;
        [ $self->_reply ];
    };

    if (!$reply) {
        delete $self->{socket} if $@ !~ /^redis: error/;
        die $@;
    }

    return $reply->[0];
}


sub _reply {
    my ($self) = @_;
    my $line = readline $self->{socket};

    die "redis: connection closed\n" unless defined $line;
    $line =~ s/\r\n\z//;

    my ($type, $rest) = (substr($line, 0, 1), substr($line, 1));

    return $rest if $type eq '+' || $type eq ':';
    die "redis: error: $rest\n" if $type eq '-';
    return undef if $rest < 0;
    return [ map { $self->_reply } 1 .. $rest ] if $type eq '*';

    read($self->{socket}, my $data, $rest + 2) == $rest + 2
        or die "redis: short reply\n";

    return substr $data, 0, $rest;
}


1;
