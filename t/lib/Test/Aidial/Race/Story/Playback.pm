package Test::Aidial::Race::Story::Playback;

# One grant for a playback, and bursts of ranges.

use strict;
use warnings;

use Test::Aidial::Race::Dice qw(one_of);

our @ISA = ('Test::Aidial::Race::Story');

sub tell {
    my ($self) = @_;

    $self->{action} = 'playback';
    $self->_choose(one_of(qw(first second foreign)));
    $self->_issue(sub {
        return $self->_give_up if !$self->{grant};
        $self->_play(1 + int rand 3);
    });
}


sub _play {
    my ($self, $rounds) = @_;
    my @asked = map { $self->_range } 1 .. 2 + int rand 7;

    $self->_burst(sub {
        return $self->_end if $rounds <= 1;
        $self->_later(rand 0.05, sub { $self->_play($rounds - 1) });
    }, @asked);
}


sub _range {
    my ($self) = @_;
    my $pick = rand;
    my $from = int rand $self->{size};

    return [ 'head', method => 'HEAD' ] if $pick < 0.1;
    return [ 'other', who => one_of(@{ $self->{others} }) ] if $pick < 0.2;
    return [ 'get', plan => $self->_plan ] if $pick < 0.3;
    return [ 'get', plan => $self->_plan, from => 0 ] if $pick < 0.5;
    return [ 'get', plan => $self->_plan, from => $from,
             to => $from + int rand($self->{size} - $from) ] if $pick < 0.7;
    return [ 'get', plan => $self->_plan, from => $from ];
}


1;
