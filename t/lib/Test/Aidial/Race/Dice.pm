package Test::Aidial::Race::Dice;

# What is left to chance.  srand() with the race's seed makes it the same
# again; the timing is the machine's.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(one_of weighed);


sub one_of { $_[ int rand @_ ] }


# weighed({ name => weight, ... }): a name

sub weighed {
    my ($weights) = @_;
    my $sum = 0;

    $sum += $_ for values %$weights;
    my $pick = rand $sum;

    for my $name (sort keys %$weights) {
        return $name if ($pick -= $weights->{$name}) < 0;
    }
}


1;
