package Test::Aidial::Race::Faults;

# What breaks during a race, one thing at a time and then nothing for a
# while.  Each becomes a record: what => 'fault', kind, edge (0: all), t0 and
# t1 (from when to when), and
#
#     silent   503 is right while it lasts, and for "slack" seconds longer
#     cuts     connections of the edge's clients may end without an answer
#     met      how many commands a fault of the proxy has met

use strict;
use warnings;

use List::Util qw(max);
use Test::Aidial::World qw(redis redis_server);
use Time::HiRes qw(time);

my $SLACK = 1;          # seconds in which service is back
my $DENIED = 6.5;       # and after a login that was refused, as documented

# kind => [ weight, code ]; the code does it and returns how long it is to
# last, how to end it, and what else the record says

my %FAULT = (
    proxy    => [ 40, \&_proxy ],
    mode     => [ 12, \&_mode ],
    stop     => [ 8, \&_stop ],
    kick     => [ 6, \&_kick ],
    flush    => [ 6, \&_flush ],
    memory   => [ 6, \&_memory ],
    pause    => [ 6, \&_pause ],
    rights   => [ 6, \&_rights ],
    lockout  => [ 1, \&_lockout ],
    worker   => [ 8, \&_worker ],
    workers  => [ 3, \&_workers ],
    reload   => [ 6, \&_reload ],
    snapshot => [ 6, \&_snapshot ],
    kill     => [ 6, \&_kill ],
);


sub new {
    my ($class, $race) = @_;

    return bless { race => $race, fault => undef, over => 0 }, $class;
}


sub begin { $_[0]->_wait }


sub _wait {
    my ($self) = @_;
    my $gap = rand() < 0.7 ? 0.2 + rand 0.5 : 1.5 + rand 1.5;

    # mostly one behind the other, and often enough so far apart that nothing
    # excuses what goes wrong

    $self->{race}->clients->at($gap * $self->{race}{faults},
                               sub { $self->_next });
}


# no further one; the last is waited for

sub end {
    my ($self) = @_;

    $self->{over} = 1;
    $self->{race}->clients->run(sub { !$self->{fault} });

    # nothing of it is left when what follows begins

    my $calm = time + ($self->{slack} // 0);
    $self->{race}->clients->run(sub { time > $calm });
}


sub _next {
    my ($self) = @_;

    return if $self->{over};

    my $kind = $self->_pick;
    my %fault = (what => 'fault', kind => $kind, edge => 0, slack => $SLACK,
                 silent => 1, t0 => time);
    my ($seconds, $undo, %more) = $FAULT{$kind}[1]->($self, \%fault);

    $self->{fault} = { %fault, %more };
    $self->{race}->clients->at($seconds, sub { $self->_undo($undo) });
}


sub _undo {
    my ($self, $undo) = @_;
    my $fault = delete $self->{fault};

    $undo->($fault) if $undo;
    $fault->{t1} = time;
    $self->{slack} = $fault->{slack};
    $self->{race}->record(%$fault);
    $self->_wait;
}


# Redis is killed at most so often, and not while a story needs it

sub _pick {
    my ($self) = @_;
    my @kinds = grep { $_ ne 'kill' || $self->{race}{kills} > 0 }
                sort keys %FAULT;
    my $sum = 0;

    @kinds = $self->{race}{only} if $self->{race}{only};
    return 'kill' if $self->_kill_is_due;

    $sum += $FAULT{$_}[0] for @kinds;
    my $pick = rand $sum;

    for my $kind (@kinds) {
        return $kind if ($pick -= $FAULT{$kind}[0]) < 0;
    }
}


# kills are spread over the race, whatever the dice say

sub _kill_is_due {
    my ($self) = @_;
    my $race = $self->{race};

    $self->{kills} //= $race->{kills};

    my $done = $self->{kills} - $race->{kills};
    my $share = max($race->{told} / $race->{grants},
                    (time - $race->{begin}) / $race->{seconds});

    return $race->{kills} > 0 && $share > ($done + 0.5) / $self->{kills};
}


sub _one_of { $_[ int rand @_ ] }

sub _edge { _one_of($_[0]{race}->site->edges) }


# ---- between an edge and Redis

sub _proxy {
    my ($self, $fault) = @_;
    my $edge = $self->_edge;
    my $kind = _one_of(qw(reset lost forget half twice split late never));
    my $match = _one_of('', '', '^EVALSHA ', '^EVALSHA ', '^HMGET ', '^INFO ',
                        '^GET ');

    $edge->proxy->arm($kind, count => 1 + int rand 6, match => $match,
                      seconds => rand() < 0.5 ? 0.05 : 0.8);

    return (0.2 + rand 0.5, sub {
        my $met = $edge->proxy->clear;
        $_[0]{met} = $met->{$kind} // 0;
    }, edge => $edge->number, kind => $kind);
}


sub _mode {
    my ($self, $fault) = @_;
    my $edge = $self->_edge;
    my $mode = _one_of(qw(refuse silent));

    # who is connected does not see it

    $edge->proxy->mode($mode);
    redis('CLIENT', 'KILL', 'USER', 'edge') if rand() < 0.5;

    return (0.2 + rand 0.8, sub { $_[0]{met} = $edge->proxy->clear->{$mode} },
            kind => $mode);
}


# ---- Redis

sub _stop {
    my ($self) = @_;

    $self->{race}{redis_hears} = 0;
    kill STOP => redis_server()->pid;

    return (0.1 + rand 1.1, sub {
        kill CONT => redis_server()->pid;
        $self->{race}{redis_hears} = 1;
    });
}


sub _kick {
    redis('CLIENT', 'KILL', 'USER', 'edge');

    return 0;
}


# nobody notices: a script that is not known is sent whole

sub _flush {
    redis('SCRIPT', 'FLUSH');

    return (0, undef, silent => 0);
}


sub _memory {
    my ($self) = @_;

    $self->{race}{redis_hears} = 0;
    redis('CONFIG', 'SET', 'maxmemory', 1);

    return (0.2 + rand 0.8, sub {
        redis('CONFIG', 'SET', 'maxmemory', 0);
        $self->{race}{redis_hears} = 1;
    });
}


sub _pause {
    my ($self) = @_;
    my $ms = 50 + int rand 700;

    # "ALL" is about us as well

    $self->{race}{redis_hears} = 0;
    redis('CLIENT', 'PAUSE', $ms, _one_of(qw(WRITE ALL)));

    return ($ms / 1000 + 0.05, sub { $self->{race}{redis_hears} = 1 });
}


sub _rights {
    my @rights = @{ _one_of([ qw(evalsha eval) ], [ 'hmget' ], [ 'get' ],
                            [ 'xadd' ]) };

    redis('ACL', 'SETUSER', 'edge', map { "-$_" } @rights);

    return (0.2 + rand 0.6, sub {
        redis('ACL', 'SETUSER', 'edge', map { "+$_" } @rights);
    });
}


sub _lockout {
    redis('ACL', 'SETUSER', 'edge', 'off');
    redis('CLIENT', 'KILL', 'USER', 'edge');

    return (0.5, sub { redis('ACL', 'SETUSER', 'edge', 'on') },
            slack => $DENIED);
}


# what Redis will know when it is killed and comes back

sub _snapshot {
    redis('SAVE');

    return (0, undef, silent => 0);
}


# "old": a snapshot, a while in which grants are used, and then Redis knows
# nothing of that use

sub _kill {
    my ($self, $fault) = @_;
    my $race = $self->{race};
    my $kind = _one_of(@{ $race->{kill} });

    $race->{kills}--;
    redis('SAVE') if $kind eq 'old';

    return (0.3 + rand 0.5, sub {
        my ($fault) = @_;

        $fault->{t0} = time;
        my $up = $race->site->kill_redis($kind);

        $race->record(what => 'kill', kind => $kind, t0 => $up);
        _recovery($race, $_, $up) for $race->site->edges;
    }, kind => "kill-$kind");
}


# asks an edge until it serves

sub _recovery {
    my ($race, $edge, $up) = @_;

    $race->ask(what => 'probe', who => 'first', edge => $edge->number,
               method => 'GET', uri => '/api/calls/c_1/status', done => sub {
        my ($record) = @_;

        return $race->record(what => 'recovery', edge => $edge->number,
                             up => $up, seconds => $record->{t1} - $up)
            if $record->{status} == 200;

        $race->clients->at(0.01, sub { _recovery($race, $edge, $up) })
            if time < $up + 10;
    });
}


# ---- nginx

sub _worker {
    my ($self) = @_;
    my $edge = $self->_edge;
    my $victim = _one_of($edge->workers);

    kill KILL => $victim if $victim;

    return (0.05, undef, edge => $edge->number, cuts => 1);
}


sub _workers {
    my ($self) = @_;
    my $edge = $self->_edge;

    kill KILL => $edge->workers;

    return (0.05, undef, edge => $edge->number, cuts => 1);
}


# nobody notices

sub _reload {
    my ($self) = @_;
    my $edge = $self->_edge;

    $edge->signal('HUP');

    return (0.05, undef, edge => $edge->number, silent => 0);
}


1;
