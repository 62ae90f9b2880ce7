package Test::Aidial::Race::Story::Refused;

# Grants that are not given, or not of use any more.

use strict;
use warnings;

use Test::Aidial::Race::Dice qw(one_of);

our @ISA = ('Test::Aidial::Race::Story');

sub tell {
    my ($self) = @_;
    my $kind = "_$self->{kind}";

    $self->$kind;
}


# a grant for what the user may not hear: there is none

sub _hidden {
    my ($self) = @_;
    my $kind = one_of(qw(t_2 denied project));

    $self->{action} = one_of(qw(playback download));
    $self->_choose(one_of(qw(first second)),
                   one_of($self->_site->calls($kind)));
    $self->_issue(sub { $self->_end }, hidden => $kind);
}


# the records of these calls change, so that one story at a time has one

sub _withdrawn {
    my ($self) = @_;
    my $race = $self->{race};
    my ($call) = grep { !$race->{busy}{$_} } $self->_site->calls('withdrawn');

    # (as any other story, when that cannot be)

    return $self->as('download')->tell if !$call || !$race->{redis_hears};

    $race->{busy}{$call} = 1;
    $self->{action} = one_of(qw(playback download));
    $self->_choose('first', $call);
    $self->_issue(sub {
        return $self->_given_back if !$self->{grant} || !$self->_consent(0);
        $self->_burst(sub { $self->_given_back },
            map { [ 'withdrawn', plan => $self->_plan ] } 1 .. 4);
    });
}


# false when Redis cannot be told at the moment

sub _consent {
    my ($self, $granted) = @_;

    return if !$self->{race}{redis_hears};

    $self->_site->write_call($self->{call}, 'withdrawn',
                             consent => $granted ? 'granted' : 'denied');
    return 1;
}


sub _given_back {
    my ($self) = @_;

    return $self->_later(0.1, sub { $self->_given_back })
        if !$self->_consent(1);

    delete $self->{race}{busy}{ $self->{call} };
    $self->_end;
}


# more than the rate allows: whatever is asked for counts

sub _limited {
    my ($self) = @_;
    my $left = 3 + int rand 6;
    my ($edge) = scalar $self->_site->edges;
    my @calls = map { one_of($self->_site->calls($_)) } qw(t_1 t_1 t_2);

    for (1 .. $left) {
        my $call = one_of(@calls);

        $self->_choose('limited', $call);
        $self->{grant} = undef;
        $self->_issue(sub { $self->_end if !--$left }, edge => $edge,
                      ($self->_site->recording($call)->{tenant} eq 't_2'
                       ? (hidden => 't_2') : ()));
    }
}


1;
