package Test::Aidial::Race::Faults;

# What breaks during a race, one thing behind the other, and nothing for a
# while between them.  Each becomes a record: what => 'fault', kind, edge (0: all), t0 and
# t1 (from when to when), and
#
#     silent   503 is right while it lasts, and for "slack" seconds longer
#     cuts     connections of the edge's clients may end without an answer
#     shifts   replies may be taken for those of other commands: who may have
#              something may be told that he may not
#     met      how many commands a fault of the proxy has met

use strict;
use warnings;

use List::Util qw(max);
use Test::Aidial::Race::Dice qw(weighed);
use Test::Aidial::Race::Faults::Kinds;
use Time::HiRes qw(time);

my $SLACK = 1;          # seconds in which service is back
my $RECOVERY = 2;       # what is left for it, whether it is in time or not


sub new {
    my ($class, $race) = @_;

    return bless { race => $race, fault => undef, over => 0,
                   weights => \%Test::Aidial::Race::Faults::Kinds::WEIGHT,
                   kills => $race->{kills} }, $class;
}


# those of the edges alone, for a second one beside the first

sub near {
    my ($class, $race) = @_;
    my $self = $class->new($race);

    $self->{weights} = \%Test::Aidial::Race::Faults::Kinds::NEAR;
    $self->{kills} = 0;

    return $self;
}


sub begin { $_[0]->_wait }


# mostly one behind the other, and often enough so far apart that nothing
# excuses what goes wrong; how long an edge takes to come back is measured
# while nothing else is in its way

sub _wait {
    my ($self, $least) = @_;
    my $gap = rand() < 0.7 ? 0.2 + rand 0.5 : 1.5 + rand 1.5;

    $gap = max($gap * $self->{race}{faults}, $least // 0);
    $self->{race}->clients->at($gap, sub { $self->_next });
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
    my $code = Test::Aidial::Race::Faults::Kinds->can($kind);
    my ($seconds, $undo, %more) = $code->($self->{race});

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
    $self->_wait($fault->{kind} =~ /\Akill/ ? $RECOVERY
                 : $fault->{slack} > $SLACK ? $fault->{slack} : 0);
}


# Redis is killed as often as the race says, and no more

sub _pick {
    my ($self) = @_;

    return $self->{race}{only} if $self->{race}{only};
    return 'kill_redis' if $self->_kill_is_due;
    return weighed($self->{weights});
}


# kills are spread over the race, whatever the dice say

sub _kill_is_due {
    my ($self) = @_;
    my $race = $self->{race};

    return if !$self->{kills};

    my $done = $self->{kills} - $race->{kills};
    my $share = max($race->{told} / $race->{grants},
                    (time - $race->{begin}) / $race->{seconds});

    return $race->{kills} > 0 && $share > ($done + 0.5) / $self->{kills};
}


1;
