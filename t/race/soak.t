use strict;
use warnings;

# Races, one behind the other, for SOAK_SECONDS.  Each has a seed of its own,
# made from RACE_SEED, and is judged on its own; the figures are of all.  In
# every second one, faults come in pairs.

use lib 't/lib';
use Test::More;
use Test::Aidial::Race::Report;

my $seed = $ENV{RACE_SEED} // int rand 1_000_000;
my $until = time + ($ENV{SOAK_SECONDS} // 1800);
my @figures;

diag("RACE_SEED=$seed");

do {
    push @figures, race(seed => $seed + @figures, grants => 10_000,
                        width => 16, seconds => 110, faults => 1, kills => 8,
                        pairs => @figures % 2);
} while (time < $until);

say_figures(@figures);
done_testing();
