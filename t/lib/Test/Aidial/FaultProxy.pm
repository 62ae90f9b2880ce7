package Test::Aidial::FaultProxy;

# What stands between an edge and the real Redis, and breaks the connection
# as it is told; unix socket in, unix socket out.
#
#     my $proxy = Test::Aidial::FaultProxy->start("$dir/p.sock", $redis->path);
#     $proxy->arm('lost', count => 3, match => '^EVALSHA ');
#     $proxy->mode('silent');
#     my $hits = $proxy->clear;
#
# A fault is armed for the next "count" commands that match (the words, joined
# by blanks; "share" of them, all unless told) and meets one command each:
#
#     reset    the connection ends, the command was not passed on
#     lost     the connection ends at once, the command was passed on
#     forget   the connection ends when the reply is there, without it
#     half     half of the reply, then the end
#     twice    the reply comes two times
#     split    the reply comes octet by octet
#     late     the reply comes "seconds" later (0.1)
#     never    the reply does not come, the connection stays
#
# A mode is about connections, until another one ends it:
#
#     pass     all is well
#     refuse   a new connection is closed at once
#     silent   nothing moves; what is connected now will never be answered,
#              what was connected before goes on when the mode ends
#
# broken($sha => $text): EVALSHA of that script becomes EVAL of the text, for
# checkers that must see what a wrong script does.  fixed($id): INFO names
# that master_replid, whatever primary this is.
#
# Every call returns when the proxy has heard it.  The other Redis stand-ins
# answer themselves or take one command at a time; this one keeps dozens of
# connections busy and knows of RESP no more than where a message ends.

use strict;
use warnings;

use IO::Socket::UNIX;
use JSON::PP;
use Socket qw(AF_UNIX SOCK_DGRAM PF_UNSPEC);
use Test::Aidial::Process qw(spawn);
use Time::HiRes qw(time);

my %FAULT = map { $_ => 1 } qw(reset lost forget half twice split late never);


sub start {
    my ($class, $path, $upstream) = @_;

    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_DGRAM, PF_UNSPEC)
        or die "socketpair: $!";
    my $listen = IO::Socket::UNIX->new(Local => $path, Listen => 128)
        or die "$path: $!";
    chmod 0777, $path;

    my $self = bless { path => $path, control => $ours }, $class;

    $self->{process} = spawn("$path.err", sub {
        close $ours;
        _serve({ listen => $listen, control => $theirs, mode => 'pass',
                 upstream => $upstream, armed => [], broken => {},
                 hits => {}, conn => {} });
    });

    return $self;
}


sub path { $_[0]{path} }

sub pid { $_[0]{process}->pid }

sub stop { delete $_[0]{process} }


sub arm {
    my ($self, $fault, %how) = @_;

    die "unknown fault $fault" if !$FAULT{$fault};

    return $self->_tell({ do => 'arm', fault => $fault, count => 1,
                          share => 1, match => '', seconds => 0.1, %how });
}


sub mode { $_[0]->_tell({ do => 'mode', mode => $_[1] }) }

sub broken { $_[0]->_tell({ do => 'broken', sha => $_[1], text => $_[2] }) }


sub fixed { $_[0]->_tell({ do => 'fixed', id => $_[1] }) }


# back to passing on; how often each fault was met since the last time

sub clear { $_[0]->_tell({ do => 'clear' }) }


sub _tell {
    my ($self, $what) = @_;

    local $SIG{ALRM} = sub { die "the fault proxy does not answer\n" };
    alarm 10;
    send $self->{control}, encode_json($what), 0 or die "fault proxy: $!";
    defined recv $self->{control}, my $heard, 65536, 0
        or die "fault proxy: $!";
    alarm 0;

    return decode_json($heard);
}


# ---- the process

sub _serve {
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
        push @{ $proxy->{armed} }, { %$what, match => qr/$what->{match}/ };

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

    while (my $words = _take_command(\$c->{in}, \my $raw)) {
        my $fault = _fault($proxy, $words);
        my $kind = $fault ? $fault->{fault} : '';

        return $c->{gone} = 1 if $kind eq 'reset';

        if (uc $words->[0] eq 'EVALSHA' && $proxy->{broken}{ $words->[1] }) {
            $raw = _encode('EVAL', $proxy->{broken}{ $words->[1] },
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

    return if !$fault || rand() >= $fault->{share};

    $proxy->{hits}{ $fault->{fault} }++;
    @{ $proxy->{armed} } = grep { $_ != $fault } @{ $proxy->{armed} }
        if --$fault->{count} <= 0;

    return $fault;
}


# the words of the first command, which $raw gets as it came

sub _take_command {
    my ($text, $raw) = @_;
    my @words;

    pos($$text) = 0;
    $$text =~ /\G\*(\d+)\r\n/gc or return;

    for (1 .. $1) {
        $$text =~ /\G\$(\d+)\r\n/gc or return;
        my ($at, $length) = (pos $$text, $1);

        return if length $$text < $at + $length + 2;
        push @words, substr $$text, $at, $length;
        pos($$text) = $at + $length + 2;
    }

    $$raw = substr $$text, 0, pos $$text, '';

    return \@words;
}


sub _encode {
    return join '', '*' . @_ . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @_;
}


sub _replies {
    my ($proxy, $c) = @_;

    while (length(my $reply = _take_reply(\$c->{replies}))) {
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


# the first whole reply, or nothing; RESP2, any depth

sub _take_reply {
    my ($text) = @_;
    my $more = 1;

    pos($$text) = 0;

    while ($more--) {
        $$text =~ /\G([-+:\$*])([^\r\n]*)\r\n/gc or return '';

        $more += $2 if $1 eq '*' && $2 > 0;
        next if $1 ne '$' || $2 < 0;

        return '' if length $$text < pos($$text) + $2 + 2;
        pos($$text) += $2 + 2;
    }

    return substr $$text, 0, pos $$text, '';
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
