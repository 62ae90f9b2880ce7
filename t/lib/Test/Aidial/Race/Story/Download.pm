package Test::Aidial::Race::Story::Download;

# One grant for a download: a burst of everybody who might want it, then what
# was broken off is resumed, rightly and wrongly, and at last it is tried once
# more.

use strict;
use warnings;

use Test::Aidial::Race::Dice qw(one_of);

our @ISA = ('Test::Aidial::Race::Story');

my $ROUNDS = 5;     # of resumes
my $TRIES = 8;      # while the delivery before still runs, or Redis is away

sub tell {
    my ($self) = @_;

    $self->_choose(one_of(qw(first first again second foreign)));
    $self->_issue(sub {
        return $self->_give_up if !$self->{grant};
        return $self->_use if rand() >= $self->{race}{idle};
        $self->_later(rand 1, sub { $self->_use });
    });
}


sub _use {
    my ($self) = @_;
    my $n = 2 + int rand 15;

    $self->_burst(sub { $self->_used(@_) }, map { $self->_wish } 1 .. $n);
}


sub _wish {
    my ($self) = @_;
    my $pick = rand;

    return [ 'head', method => 'HEAD' ] if $pick < 0.08;
    return [ 'other', who => one_of(@{ $self->{others} }) ] if $pick < 0.2;
    return [ 'get', plan => $self->_plan, who => $self->{again} ]
        if $pick < 0.27 && $self->{again};
    return [ 'get', plan => $self->_plan, from => 0 ] if $pick < 0.32;
    return [ 'get', plan => $self->_plan ];
}


# who got something is who may resume

sub _used {
    my ($self, @records) = @_;
    my ($won) = grep { $_->{media} && $_->{got} && $_->{method} eq 'GET' }
                @records;
    my ($tagged) = grep { defined $_->{etag} } @records;

    $self->{tag} //= $tagged->{etag} if $tagged;

    if (!$won) {
        return $self->_last if ++$self->{tries} > $TRIES
                               || !grep { $_->{status} == 503 || $_->{cut} }
                                  @records;
        return $self->_later(0.3, sub { $self->_use });
    }

    @$self{qw(winner tag)} = @$won{qw(who etag)};
    $self->{reached} = $won->{first} + $won->{got};

    return $self->_last if !$won->{cut} && rand > 0.2;
    return $self->_later(rand 0.05, sub { $self->_resume });
}


sub _resume {
    my ($self) = @_;
    my @right = map { $self->_right } 0 .. int rand 3;
    my @wrong = map { $self->_wrong } 1 .. $self->{race}{misuse} + int rand 4;

    $self->_burst(sub { $self->_resumed(@_) }, @right, @wrong);
}


sub _right {
    my ($self) = @_;
    my $from = $self->{reached};

    $from = $self->{size} - 1 if $from >= $self->{size};
    $from = 1 if $from < 1;

    return [ 'resume', who => $self->{winner}, from => $from,
             tag => $self->{tag}, plan => $self->_plan ];
}


sub _wrong {
    my ($self) = @_;
    my %right = (who => $self->{winner}, from => $self->{reached} || 1,
                 tag => $self->{tag});

    my @wrong = ({ tag => '"of-another"' }, { tag => undef }, { from => 0 },
                 { to => $self->{size} - 1 }, { tag => undef, from => undef },
                 { tag => "W/$self->{tag}" });

    push @wrong, { who => $self->{again} } if $self->{again};

    # further than any buffer can have brought it

    push @wrong, { from => $self->{reached} + 600_000 }
        if $self->{reached} + 600_000 < $self->{size};

    return [ 'other', %right, who => one_of(@{ $self->{others} }) ]
        if rand() < 0.1;

    return [ 'misuse', %right, %{ one_of(@wrong) } ];
}


sub _resumed {
    my ($self, @records) = @_;
    my ($won) = sort { $b->{got} <=> $a->{got} }
        grep { $_->{status} == 206 && $_->{got} } @records;
    my $again = grep { $_->{status} == 503 || $_->{cut} } @records;

    if ($won) {
        my $reached = $won->{first} + $won->{got};

        $self->{reached} = $reached if $reached > $self->{reached};
        $again = 0 if !$won->{cut};
        $self->{rounds}++;
    }

    return $self->_last if !$again || ++$self->{tries} > $TRIES
                           || $self->{rounds} >= $ROUNDS;
    return $self->_later($won ? rand 0.05 : 0.3, sub { $self->_resume });
}


# once more, now and then after others had their turn: Redis may have been
# killed and have forgotten the use

sub _last {
    my ($self) = @_;

    my $race = $self->{race};

    return $self->_media('late', done => sub { $self->_end })
        if rand() >= $race->{late};

    $race->{pending}++;
    $self->_later(0.3 + rand 1.5, sub {
        $self->_media('late', done => sub { $race->{pending}-- });
    });
    $self->_end;
}


1;
