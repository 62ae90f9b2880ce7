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
# by blanks), of which it meets one in "pause" seconds (0: all):
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
use Test::Aidial::FaultProxy::Server;
use Test::Aidial::Process qw(spawn);

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
        Test::Aidial::FaultProxy::Server::serve({
            listen => $listen, control => $theirs, mode => 'pass',
            upstream => $upstream, armed => [], broken => {}, hits => {},
            conn => {},
        });
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
                          pause => 0, match => '', seconds => 0.1, %how });
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


1;
