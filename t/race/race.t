use strict;
use warnings;

# A race over three edges with two workers each, with faults.  RACE_SEED runs
# the same dice again, RACE_SECONDS for another time.

use lib 't/lib';
use Test::More;
use Test::Aidial::Race::Report;

my $seed = $ENV{RACE_SEED} // int rand 1_000_000;

diag("RACE_SEED=$seed");
say_figures(race(seed => $seed, grants => $ENV{RACE_GRANTS} // 6000,
                 seconds => $ENV{RACE_SECONDS} // 60,
                 faults => $ENV{RACE_FAULTS} // 1, kills => 4));

done_testing();
