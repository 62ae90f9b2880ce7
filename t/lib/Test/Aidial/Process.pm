package Test::Aidial::Process;

# A child process that cannot outlive the test: a guard waits for the end of
# a pipe, which comes when the test leaves in whatever way, and takes the
# child down with it.

use strict;
use warnings;

use POSIX ();
use Time::HiRes qw(sleep time);
use Exporter 'import';

our @EXPORT_OK = qw(spawn wait_for);

# the pipes of all guards: a guard must not hold the pipe of another one

my %held;


# spawn($log, @command): its output goes to the file $log

sub spawn {
    my ($log, @command) = @_;
    my ($hold, $held, $tell, $told);

    pipe($hold, $held) or die "pipe: $!";
    pipe($told, $tell) or die "pipe: $!";

    my $guard = fork() // die "fork: $!";

    if ($guard == 0) {
        close $_ for $held, values %held;
        _guard($hold, $tell, $log, @command);
    }

    close $hold;
    close $tell;
    chomp(my $pid = <$told> // die "$command[0] was not started");

    $held{$guard} = $held;

    return bless { pid => $pid, guard => $guard, owner => $$ }, __PACKAGE__;
}


sub _guard {
    my ($hold, $tell, $log, @command) = @_;

    $SIG{INT} = $SIG{TERM} = $SIG{PIPE} = 'IGNORE';
    my $pid = fork() // POSIX::_exit(1);

    if ($pid == 0) {
        $SIG{INT} = $SIG{TERM} = $SIG{PIPE} = 'DEFAULT';
        close $hold;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $log;
        open STDERR, '>&', \*STDOUT;
        $command[0]->() if ref $command[0];
        exec { $command[0] } @command or POSIX::_exit(127);
    }

    # the test's own output must not stay open for as long as the guard lives

    open STDOUT, '>', '/dev/null';
    open STDERR, '>', '/dev/null';
    syswrite $tell, "$pid\n";
    close $tell;

    sysread $hold, my $end, 1;
    kill TERM => $pid;

    for (1 .. 200) {
        POSIX::_exit(0) if waitpid($pid, POSIX::WNOHANG()) == $pid;
        sleep 0.02;
    }

    kill KILL => $pid;
    waitpid $pid, 0;
    POSIX::_exit(0);
}


sub pid { $_[0]{pid} }


# a zombie that its guard has yet to collect is not running

sub running {
    my ($self) = @_;

    open my $stat, '<', "/proc/$self->{pid}/stat" or return 0;
    return (<$stat> // '') !~ /\) Z /;
}


# ends the child and waits for it; a forked copy of the test ends nothing

sub stop {
    my ($self) = @_;

    return if $self->{owner} != $$;

    close(delete $held{ $self->{guard} } // return);
    local ($?, $!);
    waitpid $self->{guard}, 0;
}


sub DESTROY { $_[0]->stop }


# wait_for { condition } $seconds: its true value, or nothing when it was late

sub wait_for(&;$) {
    my ($condition, $seconds) = @_;
    my $until = time + ($seconds // 5);

    while (1) {
        my $value = $condition->();
        return $value if $value || time >= $until;
        sleep 0.01;
    }
}


1;
