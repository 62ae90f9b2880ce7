package Test::Aidial::Race::Keeper;

# Starts and kills one server as often as asked, from a process of its own
# that was there before the first client: were a process forked in the middle
# of a race, it would hold every connection that is open then, and none of
# these could be reset any more.

use strict;
use warnings;

use POSIX ();
use Socket qw(AF_UNIX SOCK_DGRAM PF_UNSPEC);
use Test::Aidial::Process qw(spawn);


# new($log, @command): not started yet

sub new {
    my ($class, $log, @command) = @_;

    socketpair(my $ours, my $theirs, AF_UNIX, SOCK_DGRAM, PF_UNSPEC)
        or die "socketpair: $!";

    my $self = bless { control => $ours }, $class;

    $self->{process} = spawn($log, sub {
        close $ours;
        _serve($theirs, @command);
    });

    return $self;
}


sub pid { $_[0]{pid} }

sub start { $_[0]{pid} = $_[0]->_tell('start') }

# returns when it is gone

sub kill { $_[0]->_tell('kill') }


sub _tell {
    my ($self, $what) = @_;

    local $SIG{ALRM} = sub { die "the keeper does not answer\n" };
    alarm 10;
    send $self->{control}, $what, 0 or die "keeper: $!";
    defined recv $self->{control}, my $heard, 100, 0 or die "keeper: $!";
    alarm 0;

    return $heard;
}


sub _serve {
    my ($control, @command) = @_;
    my $pid;

    $SIG{TERM} = sub {
        CORE::kill(KILL => $pid) if $pid;
        POSIX::_exit(0);
    };

    while (defined recv $control, my $what, 100, 0) {
        if ($what eq 'start') {
            $pid = fork() // POSIX::_exit(1);
            exec { $command[0] } @command or POSIX::_exit(127) if !$pid;

        } else {
            CORE::kill(KILL => $pid);
            waitpid $pid, 0;
        }

        send $control, $pid, 0;
    }
}


1;
