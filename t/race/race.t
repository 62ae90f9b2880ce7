use strict;
use warnings;

# A race over three edges with two workers each, with faults.  RACE_SEED runs
# the same dice again, RACE_GRANTS another number of grants.

use lib 't/lib';
use Test::More;
use Test::Aidial::Race::Report;

my $seed = $ENV{RACE_SEED} // int rand 1_000_000;

diag("RACE_SEED=$seed");
say_figures(race(seed => $seed, grants => $ENV{RACE_GRANTS} // 1500,
                 faults => $ENV{RACE_FAULTS} // 0.8, kills => 3));

done_testing();
