package Test::Aidial::Race::Checker::Grants;

# Grants as they were issued: each has its entry and each entry its request,
# the rate was kept by Redis' own clock, and what a user may cause without
# end is entered once a minute.

use strict;
use warnings;

my $MINUTE = 60;


sub check {
    my ($checker) = @_;

    my $of = _judged($checker);

    _issued($checker, $_, $of->{ $_->{id} } // []) for @{ $checker->{issue} };
    _rate($checker);
    _bounded($checker);
}


# the entries of each request for a grant

sub _judged {
    my ($checker) = @_;
    my %of;

    for my $entry (@{ $checker->{entries} }) {
        next if $entry->{event} !~ /\Agrant\.(?:issued|refused)\z/;

        my $request = $entry->{request};

        if (!$request || $request->{what} ne 'issue') {
            $checker->wrong('entry', $entry->{grant},
                            "$entry->{event} without a request");
            next;
        }

        push @{ $of{ $request->{id} } }, $entry;
    }

    return \%of;
}


sub _issued {
    my ($checker, $r, $entries) = @_;
    my $event = $r->{status} == 201 ? 'grant.issued'
                : $r->{status} =~ /\A40[34]\z/ ? 'grant.refused' : '';
    my $said = "request $r->{id} for a grant";

    $checker->add('grants') if $r->{status} == 201;
    $checker->wrong('entry', $r->{grant}, "$said: $r->{status} and no entry")
        if $event && !@$entries;

    # a second one only by a Redis that has forgotten the first one

    my %life = map { $_->{life} => 1 } @$entries;
    $checker->wrong('entry', $r->{grant}, "$said: " . @$entries . ' entries')
        if @$entries > keys %life;

    for my $entry (@$entries) {
        $checker->wrong('entry', $entry->{grant}, "$said: $r->{status} and "
                        . $entry->{event}) if !_fits($r, $event, $entry);
        _silent($checker, $r, $entry) if $r->{hidden};
    }
}


# whose answer was not seen, or was that nobody knows, may have an entry

sub _fits {
    my ($r, $event, $entry) = @_;

    return ($r->{status} == 503 || !$r->{status}) if !$event;
    return if $entry->{event} ne $event;
    return $event eq 'grant.refused' || $entry->{grant} eq $r->{grant};
}


# an entry of what is out of scope says nothing about its owner

sub _silent {
    my ($checker, $r, $entry) = @_;

    $checker->wrong('entry', undef, "$entry->{event} for what is hidden")
        if $entry->{event} ne 'grant.refused';
    return if $r->{hidden} eq 'denied';

    $checker->wrong('entry', undef, "$entry->{event}: names the owner")
        if $entry->{client} eq 'cl_2' || $entry->{project} eq 'p_9';
}


# GCRA: of the requests from the i-th to the j-th, which took t seconds, at
# most burst + 1 + rate * t were let through.  Entries have milliseconds.

sub _rate {
    my ($checker) = @_;
    my ($rate, $burst) = @{ $checker->{site}{rate} }{qw(per_second burst)};
    my (%n, %least);

    for my $entry (@{ $checker->{entries} }) {
        next if $entry->{event} !~ /\Agrant\.(?:issued|refused)\z/
                || !$entry->{request} || $entry->{request}{who} ne 'limited';

        my $life = $entry->{life};
        my $n = ++$n{$life};
        my $early = $n - 1 - $rate * $entry->{at};

        $least{$life} //= $early;
        $least{$life} = $early if $early < $least{$life};

        my $over = $n - $rate * $entry->{at} - $least{$life} - $burst - 1;
        $checker->wrong('rate', $entry->{grant}, sprintf
                        '%.2f requests more than the rate allows', $over)
            if $over > 0.01;
    }

    for my $r (grep { $_->{status} == 429 } @{ $checker->{issue} }) {
        $checker->add('limited');
    }
}


sub _bounded {
    my ($checker) = @_;
    my (%last, %seen);

    for my $entry (@{ $checker->{entries} }) {
        my ($event, $life) = @$entry{qw(event life)};
        next if $event !~ /\A(?:grant\.limited|media\.refused)\z/;

        my $key = "$event of $entry->{user} in $entry->{tenant}";
        my $before = $last{"$life $key"};

        $checker->wrong('bound', undef, sprintf
                        '%s: two in %.1f s', $key, $entry->{at} - $before)
            if defined $before && $entry->{at} - $before < $MINUTE - 0.01;
        $checker->wrong('entry', undef, "$key: count is $entry->{count}")
            if ($entry->{count} // '') !~ /\A[1-9]\d*\z/;

        $last{"$life $key"} = $entry->{at};
        $seen{$key} += $entry->{count} // 0;
    }

    _refused($checker, \%seen);
}


# who was refused has an entry, and not for more than was refused

sub _refused {
    my ($checker, $seen) = @_;
    my (%refused, %unknown);

    for my $r (@{ $checker->{issue} }, @{ $checker->{media} }) {
        my $event = $r->{what} eq 'issue' ? 'grant.limited' : 'media.refused';
        my $user = $checker->{site}{user}{ $r->{who} };
        my $key = "$event of $user->{user} in $user->{tenant}";

        $refused{$key}++ if $event eq 'grant.limited' ? $r->{status} == 429
                            : $r->{status} =~ /\A4(?:0[34]|10)\z/;
        $unknown{$key}++ if !$r->{status} || $r->{status} == 503;
    }

    for my $key (sort keys %refused) {
        $checker->wrong('entry', undef, "$key: none, and $refused{$key} were")
            if !$seen->{$key};
        $checker->wrong('entry', undef, "$key: $seen->{$key}, and at most "
                        . ($refused{$key} + ($unknown{$key} // 0)) . ' were')
            if ($seen->{$key} // 0) > $refused{$key} + ($unknown{$key} // 0);
    }
}


1;
