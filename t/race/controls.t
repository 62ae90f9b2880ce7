use strict;
use warnings;

# The checker sees what it is to see: with each of these broken scripts a
# small race is run, and what is wrong must be found.

use lib 't/lib';
use Test::More;
use Test::Aidial::Race;
use Test::Aidial::Race::Broken;
use Test::Aidial::Race::Report;
use Test::Aidial::Race::Site;

my $seed = $ENV{RACE_SEED} // int rand 1_000_000;

diag("RACE_SEED=$seed");

for my $name (Test::Aidial::Race::Broken::names()) {
    next if defined $ENV{RACE_ONLY} && $name !~ /$ENV{RACE_ONLY}/;

    my $wrong = Test::Aidial::Race::Broken::of($name)->{wrong};
    my %found;

    # what needs two requests in a certain order may need more throws

    for my $throw (0 .. 2) {
        %found = found($name, $seed + $throw);
        last if $found{$wrong};
    }

    ok($found{$wrong}, "control - $name - found")
        || diag('found: ' . join ', ', map { "$_ $found{$_}" }
                                       sort keys %found);
}

done_testing();


# how often each kind of finding was made

sub found {
    my ($name, $seed) = @_;
    my $site = Test::Aidial::Race::Site->start(edges => 2);
    my %found;

    Test::Aidial::Race::Broken::wear($site, $name);

    my $race = Test::Aidial::Race->new(site => $site, seed => $seed,
        grants => 30, width => 15, calm_grants => 0, settle => 2,
        %{ Test::Aidial::Race::Broken::of($name)->{race} });

    $found{ $_->{kind} }++ for @{ judge($race->run)->{wrong} };

    return %found;
}
