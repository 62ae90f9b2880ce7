package Test::Aidial::Race::Stream;

# The audit streams of all tenants, read to their end as often as one likes.
# A Redis that was killed may have lost entries that were read before, and
# may show them again when it comes back with an old snapshot: each counts
# once, and "life" says how often Redis had been killed when it was written.

use strict;
use warnings;

use Test::Aidial::World qw(redis);


sub new {
    my ($class, @tenants) = @_;

    return bless { last => { map { $_ => '0-0' } @tenants }, life => 0,
                   entries => [] }, $class;
}


sub entries { $_[0]{entries} }

sub life { $_[0]{life} }


# what came since the last call

sub read {
    my ($self) = @_;
    my @new;

    for my $tenant (sort keys %{ $self->{last} }) {
        my $key = "aidial:{$tenant}:audit";

        while (1) {
            my $more = redis('XRANGE', $key, "($self->{last}{$tenant}", '+',
                             'COUNT', 1000);
            last if !@$more;

            push @new, map { _entry($tenant, $self->{life}, @$_) } @$more;
            $self->{last}{$tenant} = $more->[-1][0];
        }
    }

    push @{ $self->{entries} }, @new;

    return @new;
}


# Entries have the time of Redis in their ids, so that what is new stands
# behind what was read, snapshot or not.

sub killed { $_[0]{life}++ }


sub _entry {
    my ($tenant, $life, $id, $words) = @_;
    my ($ms) = $id =~ /\A(\d+)/;
    my %entry = @$words;

    return { %entry, stream => $tenant, id => $id, at => $ms / 1000,
             life => $life, fields => scalar(@$words) / 2 };
}


1;
