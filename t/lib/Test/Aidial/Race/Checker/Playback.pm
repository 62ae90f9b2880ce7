package Test::Aidial::Race::Checker::Playback;

# A playback grant may be used as often as one likes: its first use is
# entered, and each edge that served it says in the end how much of it.

use strict;
use warnings;


sub check {
    my ($checker) = @_;

    for my $id (sort keys %{ $checker->{grant} }) {
        my $grant = $checker->{grant}{$id};

        next if ($grant->{action} // '') ne 'playback';

        _started($checker, $id, $grant);
        _closed($checker, $id, $grant);
    }
}


sub _started {
    my ($checker, $id, $grant) = @_;
    my @started = grep { $_->{event} eq 'playback.started' }
                  @{ $grant->{entries} };
    my ($issued) = grep { $_->{event} eq 'grant.issued' }
                   reverse @{ $grant->{entries} };
    my @served = grep { $checker->got_media($_) } @{ $grant->{media} };

    $checker->add('playbacks', scalar @served);
    $checker->wrong('opening', $id, 'played ' . @served . ' times and entered '
                    . @started) if @started > 1 || @served && !@started;

    for my $entry (@started) {
        my $r = $entry->{request};

        $checker->wrong('fence', $id,
                        "$entry->{event} by a Redis that did not issue it")
            if !$issued || $issued->{life} != $entry->{life};
        $checker->wrong('opening', $id, "$entry->{event} without a request")
            if !$r || ($r->{grant} // '') ne $id;
        $checker->wrong('opening', $id, "request $r->{id}: $entry->{event}, "
                        . "and it was answered $r->{status}")
            if $r && $r->{status} !~ /\A(?:0|20[06]|304|412|416|50[23])\z/;
    }
}


# one entry an edge that served it, none of one that did not; together they
# have every octet that was got, and hardly more

sub _closed {
    my ($checker, $id, $grant) = @_;
    my @closed = _once(grep { $_->{event} eq 'playback.closed' }
                       @{ $grant->{entries} });
    my @asked = grep { $_->{role} eq 'get' } @{ $grant->{media} };
    my @served = grep { $checker->got_media($_) } @asked;
    my (%asked, %served);
    my ($got, $more, $bytes) = (0, 0, 0);

    $asked{ $_->{edge} }++ for @asked;
    $served{ $_->{edge} }++ for @served;
    $got += $_->{got} for @served;
    $bytes += $_->{bytes} for @closed;
    $more += $checker->between
        for grep { $_->{cut} } @asked;

    $checker->wrong('closing', $id, 'played over ' . keys(%served)
                    . ' edges and closed by ' . @closed)
        if @closed < keys %served || @closed > keys %asked;
    $checker->wrong('bytes', $id, "$bytes entered, and clients got $got")
        if $bytes < $got || $bytes > $got + $more;

    _covered($checker, $id, \@served, map { $_->{ranges} // '' } @closed);
}


# an entry whose answer was lost with Redis is entered again by the next one,
# which knows nothing of the first

sub _once {
    my (@entries) = @_;
    my %life;

    return grep {
        my $same = join ' ', map { $_ // '' }
                   @$_{qw(user_agent request_id bytes ranges)};
        my $first = $life{$same} //= $_->{life};

        $first == $_->{life};
    } @entries;
}


sub _covered {
    my ($checker, $id, $served, @ranges) = @_;
    my @merged;

    for my $range (sort { $a->[0] <=> $b->[0] }
                   map { [ split /-/ ] } map { split /,/ } @ranges)
    {
        if (@merged && $range->[0] <= $merged[-1][1] + 1) {
            $merged[-1][1] = $range->[1] if $range->[1] > $merged[-1][1];
            next;
        }

        push @merged, [ @$range ];
    }

    for my $r (@$served) {
        my $last = $r->{first} + $r->{got} - 1;

        $checker->wrong('bytes', $id, "request $r->{id}: $r->{first}-$last is "
                        . 'not in ' . join ',', @ranges)
            if !grep { $_->[0] <= $r->{first} && $_->[1] >= $last } @merged;
    }
}


1;
