package Test::Aidial::FakeRedis;

# A Redis that misbehaves as it is told.  The script is a table:
#
#     GET               => "$-1\r\n",             the reply, raw bytes
#     'GET aidial:x'    => ...,                   that very command, first
#     EVALSHA           => { reply => ..., delay => 0.2, chunk => 1,
#                            pause => 0.01, close => 1, until => $file,
#                            say => '|' },
#     PING              => 'never',               this reply and later ones
#     INFO              => 'close',               the connection is closed
#     SET               => [ first, second ],     the last one stays
#     '*'               => ...,                   anything else
#     HMGET             => sub { my @words = @_; ... },   returns one of these
#
# chunk: so many bytes at a time with a pause between them; close: after the
# reply; until: not before that file exists; say: a line of the log, before
# the reply leaves.  Replies keep the order of the commands.  A command that
# the table does not know is answered as Redis would: -ERR unknown command;
# INFO as a primary that does not evict, unless "*" is a function.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use Test::Aidial::Process qw(spawn wait_for);
use Time::HiRes qw(time);


sub start {
    my ($class, $dir, %script) = @_;

    return $class->_begin("$dir/fake-redis", undef, %script);
}


# the same on a port of 127.0.0.1

sub start_tcp {
    my ($class, $dir, $port, %script) = @_;

    return $class->_begin("$dir/fake-redis-$port", $port, %script);
}


sub _begin {
    my ($class, $name, $port, %script) = @_;
    my $self = bless { path => "$name.sock", log => "$name.log",
                       port => $port }, $class;

    unlink $self->{log};

    return $self->script(%script);
}


sub path { $_[0]{path} }


# starts again with another script; connections are lost, the log goes on

sub script {
    my ($self, %script) = @_;

    $self->stop;

    my $listen = $self->_listen;

    $self->{process} = spawn("$self->{path}.err",
        sub { _serve($listen, $self->{log}, \%script) });

    return $self;
}


sub _listen {
    my ($self) = @_;

    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64,
        LocalPort => $self->{port}, ReuseAddr => 1)
        // die "port $self->{port}: $!" if $self->{port};

    my $listen = IO::Socket::UNIX->new(Local => $self->{path}, Listen => 64)
        or die "$self->{path}: $!";

    # a master that is root has workers that are not

    chmod 0777, $self->{path};

    return $listen;
}


sub stop {
    my ($self) = @_;

    delete $self->{process};
    unlink $self->{path};
}


# what came in, one line each: "+" for a connection, "-" for its end, else
# the words of a command, separated by blanks

sub log {
    my ($self) = @_;

    open my $log, '<', $self->{log} or return;
    chomp(my @lines = <$log>);

    return @lines;
}


sub wait_log {
    my ($self, $pattern, $seconds) = @_;

    return wait_for { scalar grep { $_ =~ $pattern } $self->log } $seconds;
}


sub _serve {
    my ($listen, $log_file, $script) = @_;
    my ($select, %conn) = (IO::Select->new($listen));

    open my $log, '>>', $log_file or die "$log_file: $!";
    $log->autoflush(1);
    $SIG{PIPE} = 'IGNORE';

    while (1) {
        for my $socket ($select->can_read(_next_due(\%conn))) {
            if ($socket == $listen) {
                my $new = $listen->accept or next;
                $select->add($new);
                $conn{$new} = { socket => $new, in => '', out => [] };
                print $log "+\n";
                next;
            }

            my $c = $conn{$socket};

            if (!sysread $socket, $c->{in}, 65536, length $c->{in}) {
                $c->{gone} = 1;
                next;
            }

            while (my $words = _parse(\$c->{in})) {
                print $log join(' ', @$words), "\n";
                _queue($c, _answer($script, @$words));
            }
        }

        for my $c (values %conn) {
            _write($c, $log) if !$c->{gone};
            next if !$c->{gone};

            $select->remove($c->{socket});
            close $c->{socket};
            print $log "-\n";
        }

        delete @conn{ grep { $conn{$_}{gone} } keys %conn };
    }
}


# takes one whole command off the text, or nothing

sub _parse {
    my ($text) = @_;

    $$text =~ /\A\*(\d+)\r\n/ or return;
    my ($count, $at, @words) = ($1, length $&);

    for (1 .. $count) {
        substr($$text, $at) =~ /\A\$(\d+)\r\n/ or return;
        my ($length, $head) = ($1, length $&);
        return if length $$text < $at + $head + $length + 2;

        push @words, substr $$text, $at + $head, $length;
        $at += $head + $length + 2;
    }

    substr $$text, 0, $at, '';

    return \@words;
}


sub _answer {
    my ($script, @words) = @_;
    my $line = join ' ', uc shift @words, @words;
    my ($name) = split / /, $line;

    for my $key ($line, $name, '*') {
        my $answer = $script->{$key};

        # whatever else it answers, it is a primary

        $answer = info($words[0]) if $key eq '*' && $name eq 'INFO'
                                     && ref $answer ne 'CODE';
        next if !defined $answer;

        return $answer->($name, @words) if ref $answer eq 'CODE';
        return $answer if ref $answer ne 'ARRAY';
        return @$answer > 1 ? shift @$answer : $answer->[0];
    }

    return "-ERR unknown command '$name'\r\n";
}


# info('replication', role => 'slave'): a reply with other values, or without
# a field whose value is undef

sub info {
    my ($section, %change) = @_;
    my %field = $section eq 'memory'
        ? (maxmemory => 0, maxmemory_policy => 'noeviction')
        : (role => 'master', master_replid => '0123456789' x 4);

    %field = (%field, %change);

    my $text = join "\r\n", "# \u$section",
        (map { "$_:$field{$_}" } grep { defined $field{$_} } sort keys %field),
        '';

    return '$' . length($text) . "\r\n$text\r\n";
}


sub _queue {
    my ($c, $answer) = @_;

    $answer = { never => 1 } if $answer eq 'never';
    $answer = { reply => '', close => 1 } if $answer eq 'close';
    $answer = { reply => $answer } if !ref $answer;

    push @{ $c->{out} }, { reply => '', %$answer,
                           due => time + ($answer->{delay} // 0) };
}


sub _next_due {
    my ($conn) = @_;
    my @due = sort { $a <=> $b } map { $_->{out}[0]{due} }
        grep { @{ $_->{out} } && !$_->{out}[0]{never} } values %$conn;

    my $held = grep { @{ $_->{out} } && $_->{out}[0]{until} } values %$conn;

    return 0.005 if $held;
    return undef if !@due;
    return $due[0] > time ? $due[0] - time : 0;
}


sub _write {
    my ($c, $log) = @_;

    while (my $next = $c->{out}[0]) {
        return if $next->{never} || $next->{due} > time
                  || $next->{until} && !-e $next->{until};

        print $log delete $next->{say}, "\n" if defined $next->{say};

        my $bytes = substr $next->{reply}, 0,
            $next->{chunk} // length $next->{reply}, '';

        if (length $bytes && !defined syswrite $c->{socket}, $bytes) {
            $c->{gone} = 1;
            return;
        }

        if (length $next->{reply}) {
            $next->{due} = time + ($next->{pause} // 0.005);
            return;
        }

        shift @{ $c->{out} };
        return $c->{gone} = 1 if $next->{close};
    }
}


1;
