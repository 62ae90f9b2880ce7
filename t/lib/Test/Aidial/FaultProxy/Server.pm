package Test::Aidial::FaultProxy::Server;

# The process of Test::Aidial::FaultProxy: one select() over the connections
# of clients, each with one to Redis.  A connection is a hash:
#
#     client, redis    the sockets; no client: it has been closed on purpose
#     in, replies      what came and is not a whole message yet
#     commands         what Redis is to get
#     asked            for each command that is not answered: its fault
#     out              replies for the client: bytes, due (when), piece (how
#                      many at a time)
#     deaf             it was connected in a "silent" time
#     ending, gone     it ends when all is written, or now

use strict;
use warnings;

use IO::Socket::UNIX;
use JSON::PP;
use Test::Aidial::FaultProxy::Resp;
use Time::HiRes qw(time);


sub serve {
    my ($proxy) = @_;

    $SIG{PIPE} = 'IGNORE';

    while (1) {
        my ($readable, $writable) = ('', '');

        vec($readable, fileno $proxy->{$_}, 1) = 1 for qw(control listen);
        _wishes($proxy, $_, \$readable, \$writable)
            for values %{ $proxy->{conn} };

        select $readable, $writable, undef, _next_due($proxy);

        _hear($proxy) if vec $readable, fileno $proxy->{control}, 1;
        _accept($proxy) if vec $readable, fileno $proxy->{listen}, 1;

        for my $c (values %{ $proxy->{conn} }) {
            _move($proxy, $c, $readable) if !_frozen($proxy, $c);
            _drop($proxy, $c) if $c->{gone};
        }
    }
}


# "silent": connections of that time are deaf for ever, others for a while

sub _frozen {
    my ($proxy, $c) = @_;

    return $c->{deaf} || $proxy->{mode} eq 'silent';
}


sub _wishes {
    my ($proxy, $c, $readable, $writable) = @_;

    return if _frozen($proxy, $c);

    vec($$readable, fileno $c->{client}, 1) = 1 if $c->{client};
    vec($$readable, fileno $c->{redis}, 1) = 1;
    vec($$writable, fileno $c->{redis}, 1) = 1 if length $c->{commands};
    vec($$writable, fileno $c->{client}, 1) = 1
        if $c->{client} && @{ $c->{out} } && $c->{out}[0]{due} <= time;
}


sub _next_due {
    my ($proxy) = @_;
    my $next;

    for my $c (values %{ $proxy->{conn} }) {
        my $out = $c->{out}[0] or next;
        next if _frozen($proxy, $c);
        $next = $out->{due} if !defined $next || $out->{due} < $next;
    }

    return undef if !defined $next;
    return $next > time ? $next - time : 0;
}


sub _hear {
    my ($proxy) = @_;

    defined recv $proxy->{control}, my $text, 1 << 20, 0 or return;
    my $what = decode_json($text);
    my $hits = {};

    if ($what->{do} eq 'arm') {
        push @{ $proxy->{armed} }, { %$what, match => qr/$what->{match}/,
                                     after => time + $what->{pause} };

    } elsif ($what->{do} eq 'mode') {
        $proxy->{mode} = $what->{mode};

    } elsif ($what->{do} eq 'broken') {
        $proxy->{broken}{ $what->{sha} } = $what->{text};
        delete $proxy->{broken}{ $what->{sha} } if !defined $what->{text};

    } elsif ($what->{do} eq 'fixed') {
        $proxy->{fixed} = $what->{id};

    } else {
        $hits = $proxy->{hits};
        @$proxy{qw(mode armed hits)} = ('pass', [], {});
    }

    send $proxy->{control}, encode_json($hits), 0;
}


sub _accept {
    my ($proxy) = @_;
    my $client = $proxy->{listen}->accept or return;

    if ($proxy->{mode} ne 'pass') {
        $proxy->{hits}{ $proxy->{mode} }++;
        return if $proxy->{mode} eq 'refuse';
    }

    my $redis = IO::Socket::UNIX->new(Peer => $proxy->{upstream}) or return;

    $_->blocking(0) for $client, $redis;
    $proxy->{conn}{ fileno $client } = {
        id => fileno $client, client => $client, redis => $redis,
        in => '', commands => '', asked => [], replies => '', out => [],
        deaf => $proxy->{mode} eq 'silent',
    };
}


sub _drop {
    my ($proxy, $c) = @_;

    delete $proxy->{conn}{ $c->{id} };
    close $_ for grep { $_ } @$c{qw(client redis)};
}


# A client's end is Redis' end; when Redis leaves, what it said goes first.

sub _move {
    my ($proxy, $c, $readable) = @_;

    if ($c->{client} && vec $readable, fileno $c->{client}, 1) {
        return $c->{gone} = 1 if !_fill($c->{client}, \$c->{in});
        _commands($proxy, $c);
    }

    if (vec $readable, fileno $c->{redis}, 1) {
        $c->{ending} = 1 if !_fill($c->{redis}, \$c->{replies});
        _replies($proxy, $c);
    }

    _flush($c->{redis}, \$c->{commands}) or $c->{ending} = 1;
    _out($c);

    $c->{gone} = 1 if $c->{ending} && !@{ $c->{out} };
}


# false at the end of the connection

sub _fill {
    my ($socket, $text) = @_;
    my $n = sysread $socket, $$text, 65536, length $$text;

    return $n || !defined $n && $!{EAGAIN};
}


sub _flush {
    my ($socket, $text) = @_;

    return 1 if !length $$text;

    my $n = syswrite $socket, $$text;
    return $!{EAGAIN} if !defined $n;

    substr $$text, 0, $n, '';
    return 1;
}


sub _commands {
    my ($proxy, $c) = @_;

    return $c->{gone} = 1 if $c->{in} !~ /\A\*/;

    while (my $words = take_command(\$c->{in}, \my $raw)) {
        my $fault = _fault($proxy, $words);
        my $kind = $fault ? $fault->{fault} : '';

        return $c->{gone} = 1 if $kind eq 'reset';

        if (uc $words->[0] eq 'EVALSHA' && $proxy->{broken}{ $words->[1] }) {
            $raw = encode_command('EVAL', $proxy->{broken}{ $words->[1] },
                           @$words[2 .. $#$words]);
        }

        $c->{commands} .= $raw;
        push @{ $c->{asked} }, $fault;

        # Redis gets it all the same: its end of the connection stays

        close delete $c->{client} if $kind eq 'lost';
        return if $kind eq 'lost';
    }
}


sub _fault {
    my ($proxy, $words) = @_;

    return if !@{ $proxy->{armed} };

    my $line = join ' ', @$words;
    my ($fault) = grep { $line =~ $_->{match} } @{ $proxy->{armed} };

    return if !$fault || $fault->{after} > time;

    $fault->{after} = time + $fault->{pause};

    $proxy->{hits}{ $fault->{fault} }++;
    @{ $proxy->{armed} } = grep { $_ != $fault } @{ $proxy->{armed} }
        if --$fault->{count} <= 0;

    return $fault;
}


sub _replies {
    my ($proxy, $c) = @_;

    while (length(my $reply = take_reply(\$c->{replies}))) {
        my $fault = shift @{ $c->{asked} } // { fault => '' };
        my $kind = $fault->{fault};

        return $c->{gone} = 1 if !$c->{client} || $kind eq 'forget';

        next if $kind eq 'never';

        $reply =~ s/^master_replid:\K\w{40}/$proxy->{fixed}/m
            if $proxy->{fixed};
        $reply .= $reply if $kind eq 'twice';
        $reply = substr $reply, 0, length($reply) / 2 if $kind eq 'half';

        push @{ $c->{out} }, {
            bytes => $reply,
            due => $kind eq 'late' ? time + $fault->{seconds} : 0,
            piece => $kind eq 'split' ? 1 : length $reply,
        };

        return $c->{ending} = 1 if $kind eq 'half';
    }
}


sub _out {
    my ($c) = @_;

    while ($c->{client} && (my $next = $c->{out}[0])) {
        return if $next->{due} > time;

        my $piece = substr $next->{bytes}, 0, $next->{piece};
        my $n = syswrite $c->{client}, $piece;

        return if !defined $n && $!{EAGAIN};
        return $c->{gone} = 1 if !defined $n;

        substr $next->{bytes}, 0, $n, '';
        shift @{ $c->{out} } if !length $next->{bytes};

        # the next octet has to be a read of its own

        $next->{due} = time + 0.0005 if $next->{piece} == 1;
    }
}


1;
