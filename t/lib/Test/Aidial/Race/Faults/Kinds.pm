package Test::Aidial::Race::Faults::Kinds;

# Each fault is a function that gets the race, makes it happen, and returns
# how many seconds it is to last, how to end it (with its record), and what
# else the record says.

use strict;
use warnings;

use Test::Aidial::Race::Dice qw(one_of);
use Test::Aidial::World qw(redis redis_server);
use Time::HiRes qw(time);

# how often; "kill_redis" is not left to chance

our %WEIGHT = (
    proxy => 40, mode => 12, stop => 8, kick => 6, flush => 6, memory => 6,
    pause => 6, rights => 6, lockout => 1, worker => 8, workers => 3,
    reload => 6, snapshot => 6,
);

# what may happen at an edge while something happens to Redis

our %NEAR = map { $_ => $WEIGHT{$_} } qw(proxy mode worker workers reload);

my $DENIED = 6.5;       # seconds after a login that was refused, as documented


sub _edge { one_of($_[0]->site->edges) }


# ---- between an edge and Redis

sub proxy {
    my ($race) = @_;
    my $edge = _edge($race);
    my $kind = one_of(qw(reset lost forget half twice split late never));
    my $match = one_of('', '', '^EVALSHA ', '^EVALSHA ', '^HMGET ', '^INFO ',
                        '^GET ');

    $edge->proxy->arm($kind, count => 1 + int rand 6, match => $match,
                      seconds => rand() < 0.5 ? 0.05 : 0.8);

    return (0.2 + rand 0.5, sub {
        my $met = $edge->proxy->clear;
        $_[0]{met} = $met->{$kind} // 0;
    }, edge => $edge->number, kind => $kind,
       shifts => $kind eq 'twice' || $kind eq 'never');
}


sub mode {
    my ($race) = @_;
    my $edge = _edge($race);
    my $mode = one_of(qw(refuse silent));

    # Who is connected does not see it.  (A Redis that is stopped at the same
    # time would never answer: it is this process that lets it go on.)

    $edge->proxy->mode($mode);
    redis('CLIENT', 'KILL', 'USER', 'edge')
        if rand() < 0.5 && $race->{redis_hears};

    return (0.2 + rand 0.8, sub { $_[0]{met} = $edge->proxy->clear->{$mode} },
            kind => $mode);
}


# ---- Redis

sub stop {
    my ($race) = @_;

    $race->{redis_hears} = 0;
    kill STOP => redis_server()->pid;

    return (0.1 + rand 1.1, sub {
        kill CONT => redis_server()->pid;
        $race->{redis_hears} = 1;
    });
}


sub kick {
    redis('CLIENT', 'KILL', 'USER', 'edge');

    return 0;
}


# nobody notices: a script that is not known is sent whole

sub flush {
    redis('SCRIPT', 'FLUSH');

    return (0, undef, silent => 0);
}


sub memory {
    my ($race) = @_;

    $race->{redis_hears} = 0;
    redis('CONFIG', 'SET', 'maxmemory', 1);

    return (0.2 + rand 0.8, sub {
        redis('CONFIG', 'SET', 'maxmemory', 0);
        $race->{redis_hears} = 1;
    });
}


sub pause {
    my ($race) = @_;
    my $ms = 50 + int rand 700;

    # "ALL" is about us as well

    $race->{redis_hears} = 0;
    redis('CLIENT', 'PAUSE', $ms, one_of(qw(WRITE ALL)));

    return ($ms / 1000 + 0.05, sub { $race->{redis_hears} = 1 });
}


sub rights {
    my @rights = @{ one_of([ qw(evalsha eval) ], [ 'hmget' ], [ 'get' ],
                            [ 'xadd' ]) };

    redis('ACL', 'SETUSER', 'edge', map { "-$_" } @rights);

    return (0.2 + rand 0.6, sub {
        redis('ACL', 'SETUSER', 'edge', map { "+$_" } @rights);
    });
}


sub lockout {
    redis('ACL', 'SETUSER', 'edge', 'off');
    redis('CLIENT', 'KILL', 'USER', 'edge');

    return (0.5, sub { redis('ACL', 'SETUSER', 'edge', 'on') },
            slack => $DENIED);
}


# what Redis will know when it is killed and comes back

sub snapshot {
    redis('SAVE');

    return (0, undef, silent => 0);
}


# "old": a snapshot, a while in which grants are used, and then Redis knows
# nothing of that use

sub kill_redis {
    my ($race) = @_;
    my $kind = one_of(@{ $race->{kill} });

    $race->{kills}--;
    redis('SAVE') if $kind eq 'old';

    return (0.3 + rand 0.5, sub {
        my ($fault) = @_;

        $fault->{t0} = time;
        my $up = $race->site->kill_redis($kind);

        $race->record(what => 'kill', kind => $kind, t0 => $up);
        $race->{probing} += $race->site->edges;
        _recovery($race, $_, $up) for $race->site->edges;
    }, kind => "kill-$kind");
}


# asks an edge until it serves

sub _recovery {
    my ($race, $edge, $up) = @_;

    $race->ask(what => 'probe', who => 'first', edge => $edge->number,
               method => 'GET', uri => '/api/calls/c_1/status', done => sub {
        my ($record) = @_;

        return $race->clients->at(0.01, sub { _recovery($race, $edge, $up) })
            if $record->{status} != 200 && time < $up + 10;

        $race->{probing}--;
        $race->record(what => 'recovery', edge => $edge->number, up => $up,
                      seconds => $record->{t1} - $up)
            if $record->{status} == 200;
    });
}


# ---- nginx

sub worker {
    my ($race) = @_;
    my $edge = _edge($race);
    my $victim = one_of($edge->workers);

    kill KILL => $victim if $victim;

    return (0.05, undef, edge => $edge->number, cuts => 1);
}


sub workers {
    my ($race) = @_;
    my $edge = _edge($race);

    kill KILL => $edge->workers;

    return (0.05, undef, edge => $edge->number, cuts => 1);
}


# nobody notices

sub reload {
    my ($race) = @_;
    my $edge = _edge($race);

    $edge->signal('HUP');

    return (0.05, undef, edge => $edge->number, silent => 0);
}


1;
