package Test::Aidial::Race::Checker;

# Reads what was seen from outside (the history) and what Redis was told (the
# audit streams), and says where they do not fit.  A grant is a register that
# is written once, so that nothing has to be searched: one pass over each.
#
#     my $checker = Test::Aidial::Race::Checker->new(
#         history => \@records, entries => \@entries, site => $site,
#         stalls => [ [ time, seconds ] ]);
#     my @wrong = $checker->check;        # { kind, grant, text }
#     my %count = $checker->counts;
#
# Kinds: double (delivered twice), opening, closing, bytes, entry (of the
# stream), foreign (octets of another recording), status (that is not said to
# be possible), silence (503 while all is well), cut (a broken answer while
# all is well), hung, withheld (refused what it should be given), fence (of a
# Redis that is dead), rate, bound, recovery, quit, alarm.
#
# What the site says of users and recordings is data: {user}{name} with
# tenant, user, sid; {recording}{id} with tenant, project, size.

use strict;
use warnings;

use Test::Aidial::Race::Checker::Answers;
use Test::Aidial::Race::Checker::Download;
use Test::Aidial::Race::Checker::Grants;
use Test::Aidial::Race::Checker::Playback;

# Between the edge and a client there may be a send buffer, and the receive
# buffer of the client: twice as large as it asks for, and one segment more,
# for the kernel looks whether it is full before it takes the next one.

my $BETWEEN = 262_144 + 2 * 65536 + 65536;

# every entry has these, and closing ones more

my @FIELDS = qw(event user role tenant client project call action decision
                reasons grant session remote_addr request_id user_agent edge
                time);
my @CLOSING = qw(status bytes first_byte last_byte duration_ms);

my %MORE = (
    'grant.issued' => [], 'grant.refused' => [], 'playback.started' => [],
    'grant.limited' => [ 'count' ], 'media.refused' => [ 'count' ],
    'download.started' => [ 'attempt' ], 'download.resumed' => [ 'attempt' ],
    'playback.closed' => [ @CLOSING, 'ranges' ],
    map { ("download.$_" => [ @CLOSING, 'attempt' ]) }
        qw(completed aborted voided),
);


sub new {
    my ($class, %option) = @_;

    return bless { stalls => [], late => [], alarms => [], %option,
                   wrong => [], count => {} }, $class;
}


sub check {
    my ($self) = @_;

    $self->_index;
    $self->_entries;

    Test::Aidial::Race::Checker::Answers::check($self);
    Test::Aidial::Race::Checker::Grants::check($self);
    Test::Aidial::Race::Checker::Download::check($self);
    Test::Aidial::Race::Checker::Playback::check($self);

    $self->wrong('quit', undef, "$_ did not quit in time")
        for @{ $self->{late} };
    $self->wrong('alarm', undef, $_) for @{ $self->{alarms} };

    return @{ $self->{wrong} };
}


sub wrong {
    my ($self, $kind, $grant, $text) = @_;

    chomp $text;
    push @{ $self->{wrong} },
        { kind => $kind, grant => $grant // '', text => $text };
}


sub between { $BETWEEN }

sub counts { %{ $_[0]{count} } }

sub add { $_[0]{count}{ $_[1] } += $_[2] // 1 }


# requests by number, and what belongs to each grant, all in its order

sub _index {
    my ($self) = @_;
    my (%request, %grant);

    for my $record (sort { ($a->{t0} // 0) <=> ($b->{t0} // 0) }
                     @{ $self->{history} }) {
        my $what = $record->{what};

        push @{ $self->{$what} }, $record;
        next if $what ne 'issue' && $what ne 'media';

        $request{ $record->{id} } = $record;
        $grant{ $record->{grant} }{action} //= $record->{action}
            if $record->{grant};
        $grant{ $record->{grant} }{issue} = $record
            if $what eq 'issue' && $record->{grant};
        push @{ $grant{ $record->{grant} }{media} }, $record
            if $what eq 'media';
    }

    for my $entry (@{ $self->{entries} }) {
        my ($number) = ($entry->{user_agent} // '') =~ m{\Arace/(\d+)\z};

        $entry->{request} = $request{$number} if defined $number;
        next if !$entry->{grant};
        $grant{ $entry->{grant} }{action} //= $entry->{action};
        push @{ $grant{ $entry->{grant} }{entries} }, $entry;
    }

    $_->{media} //= [], $_->{entries} //= [] for values %grant;

    # a thing that did not happen is an empty list

    $self->{$_} //= [] for qw(issue media fault kill recovery);
    $self->{grant} = \%grant;
}


# each entry is whole, and about the user and the call it says

sub _entries {
    my ($self) = @_;

    for my $entry (@{ $self->{entries} }) {
        my ($event, $grant) = @$entry{qw(event grant)};
        my $more = $MORE{ $event // '' };

        $self->add($event // 'none');

        if (!$more) {
            $self->wrong('entry', $grant, "unknown event " . ($event // ''));
            next;
        }

        my @absent = grep { !defined $entry->{$_} } @FIELDS, @$more;

        $self->wrong('entry', $grant, "$event without @absent") if @absent;
        $self->wrong('entry', $grant, "$event with more fields than known")
            if $entry->{fields} > @FIELDS + @$more;
        $self->wrong('entry', $grant, "$event in the stream of another tenant")
            if ($entry->{tenant} // '') ne $entry->{stream};

        $self->_about($entry) if $entry->{request};
    }
}


sub _about {
    my ($self, $entry) = @_;
    my $request = $entry->{request};
    my $user = $self->{site}{user}{ $request->{who} };
    my $issue = $request->{what} eq 'issue' ? $request
                : $self->{grant}{ $request->{grant} }{issue} // $request;

    my %right = (tenant => $user->{tenant}, user => $user->{user},
                 call => $issue->{call}, action => $issue->{action});

    for my $field (sort keys %right) {
        my ($is, $should) = ($entry->{$field} // '', $right{$field} // '');

        # what is counted for a user stands for other requests as well

        next if $entry->{event} =~ /\A(?:grant\.limited|media\.refused)\z/
                && $field =~ /\A(?:call|action)\z/;
        next if $should eq '' || $is eq $should;

        $self->wrong('entry', $entry->{grant}, "$entry->{event} of request "
                     . "$request->{id}: $field is $is and not $should");
    }
}


# is a fault of that sort ("silent", "cuts") in the way of the request?

sub excused {
    my ($self, $sort, $request) = @_;

    for my $fault (@{ $self->{fault} }) {
        next if !$fault->{$sort};
        next if $fault->{edge} && $fault->{edge} != $request->{edge};

        my $slack = $fault->{slack} + $self->stalled($fault->{t0},
                                                     $request->{t1});

        return $fault if $request->{t1} >= $fault->{t0} - 0.05
                         && $request->{t0} <= $fault->{t1} + $slack;
    }

    return;
}


# for how long our own side saw nothing in that time: a machine that is busy
# is no fault of the edges

sub stalled {
    my ($self, $from, $to) = @_;
    my $sum = 0;

    $sum += $_->[1] for grep { $_->[0] >= $from && $_->[0] <= $to + 1 }
        @{ $self->{stalls} };

    return $sum;
}


# was Redis killed in that time?

sub killed {
    my ($self, $from, $to) = @_;

    return scalar grep { $_->{t0} >= $from && $_->{t0} <= $to + 1 }
        @{ $self->{kill} };
}


# is this recording's octet to be had by that user?

sub same_user {
    my ($self, $one, $other) = @_;
    my ($a, $b) = @{ $self->{site}{user} }{ $one, $other };

    return $a->{tenant} eq $b->{tenant} && $a->{user} eq $b->{user};
}


sub got_media { $_[1]{media} && $_[1]{got} && $_[1]{method} ne 'HEAD' }


# what the entries and requests of a grant were, for people

sub story_of {
    my ($self, $grant) = @_;
    my $of = $self->{grant}{$grant} or return '';
    my @lines;

    for my $r (grep { $_ } $of->{issue}, @{ $of->{media} }) {
        push @lines, [ $r->{t0}, join ' ', "$r->{what} $r->{id}",
            $r->{role} // $r->{action}, $r->{who}, "edge $r->{edge}",
            (map { defined $r->{$_} ? "$_=$r->{$_}" : () }
             qw(from to tag method status code first got length cut wrong)),
            sprintf('%.3f..%.3f', $r->{t0}, $r->{t1}) ];
    }

    for my $e (@{ $of->{entries} }) {
        push @lines, [ $e->{at}, join ' ', "  entry $e->{event}",
            (map { defined $e->{$_} ? "$_=$e->{$_}" : () }
             qw(user_agent attempt status bytes first_byte last_byte ranges
                life)), sprintf '%.3f', $e->{at} ];
    }

    for my $f (@{ $self->{fault} }) {
        push @lines, [ $f->{t0}, sprintf '  fault %s edge %d %.3f..%.3f',
                       $f->{kind}, $f->{edge}, $f->{t0}, $f->{t1} ];
    }

    # faults matter when they were near

    my ($first, $last) = (sort { $a <=> $b }
        map { ($_->{t0}, $_->{t1}) } @{ $of->{media} })[0, -1];
    @lines = grep { $_->[1] !~ /\A  fault/ || defined $first
                    && $_->[0] > $first - 3 && $_->[0] < $last + 3 } @lines;

    return join "\n", map { $_->[1] } sort { $a->[0] <=> $b->[0] } @lines;
}


1;
