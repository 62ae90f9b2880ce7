package Test::Aidial::Race::Report;

# A race from its start to the verdict, as tests and as figures.
#
#     my $figures = race(seed => 7, grants => 1500, faults => 0.7, kills => 3);
#     say_figures($figures);
#
# race() is two assertions: that everything that was to happen did, and that
# nothing is wrong.  The first few things that are wrong are told in full.

use strict;
use warnings;

use Exporter 'import';
use File::Copy qw(copy);
use JSON::PP;
use List::Util qw(sum0 max);
use Test::More;
use Test::Aidial::Race;
use Test::Aidial::Race::Checker;
use Test::Aidial::Race::Site;

our @EXPORT = qw(race judge say_figures);

my $TOLD = 5;     # of what is wrong


sub race {
    my (%option) = @_;
    my $site = Test::Aidial::Race::Site->start(edges => $option{edges} // 3);
    my $race = Test::Aidial::Race->new(site => $site, %option)->run;
    my $checker = judge($race);
    my %figures = _figures($race, $checker);

    ok($race->{told} && $figures{deliveries} && $figures{playbacks},
       "race - seed $race->{seed} - was run");
    _tell_wrong($checker, "race - seed $race->{seed} - nothing is wrong");
    _keep($race) if $ENV{RACE_KEEP};

    # a soak has many

    @$_ = () for $race->history, $site->stream->entries;

    return \%figures;
}


# history and streams as lines of JSON, and logs, for whoever wants to look

sub _keep {
    my ($race) = @_;
    my $json = JSON::PP->new->canonical;

    mkdir $ENV{RACE_KEEP};

    my %of = (history => $race->history,
              entries => $race->site->stream->entries);

    for my $name (sort keys %of) {
        my $file = "$ENV{RACE_KEEP}/$name-$race->{seed}.jsonl";

        open my $out, '>', $file or die "$file: $!";
        print $out $json->encode({ %$_, request => undef }), "\n"
            for @{ $of{$name} };
        close $out;
    }

    copy("$_->{dir}/error.log", "$ENV{RACE_KEEP}/edge-" . $_->number . '.log')
        for $race->site->edges;
}


# the checker, which has checked

sub judge {
    my ($race) = @_;
    my $site = $race->site;

    my $checker = Test::Aidial::Race::Checker->new(
        history => $race->history, entries => $site->stream->entries,
        site => $site->facts, stalls => $race->clients->stalls,
        late => $race->{slow}, alarms => [ $site->alarms ]);

    $checker->check;

    return $checker;
}


sub _tell_wrong {
    my ($checker, $title) = @_;
    my @wrong = @{ $checker->{wrong} };
    my %kinds;

    $kinds{ $_->{kind} }++ for @wrong;

    return if ok(!@wrong, $title);

    diag("wrong: $_, $kinds{$_} times") for sort keys %kinds;

    for my $kind (sort keys %kinds) {
        my @these = grep { $_->{kind} eq $kind } @wrong;

        diag("$kind: $_->{text}" . ($_->{grant} && " (grant $_->{grant})"))
            for grep { $_ } @these[0 .. $TOLD - 1];

        my ($first) = grep { $_->{grant} } @these;
        diag($checker->story_of($first->{grant})) if $first;
    }
}


sub _figures {
    my ($race, $checker) = @_;
    my %count = $checker->counts;
    my @fault = @{ $checker->{fault} };
    my @back = sort { $a <=> $b }
        map { $_->{seconds} } @{ $checker->{recovery} };
    my %kinds;

    $kinds{ $_->{kind} }++ for @{ $checker->{wrong} };

    return (
        deliveries => 0, playbacks => 0, %count, wrong => \%kinds,
        faults => scalar @fault, kills => scalar @{ $checker->{kill} },
        met => sum0(map { $_->{met} // 0 } @fault), recovery => \@back,
        seconds => $race->{end} - $race->{begin},
        stall => max(0, map { $_->[1] } @{ $race->clients->stalls }),
    );
}


# the figures of one race or of many

sub say_figures {
    my (@all) = @_;
    my $sum = sub { my ($name) = @_; sum0(map { $_->{$name} // 0 } @all) };
    my $wrong = sub {
        my (@kinds) = @_;
        sum0(map { my $f = $_; map { $f->{wrong}{$_} // 0 } @kinds } @all);
    };
    my @back = sort { $a <=> $b } map { @{ $_->{recovery} } } @all;

    diag(sprintf '%d grants x %d attempts x %d faults (%d kills of Redis, %d '
         . 'commands met one), %.0f s',
         map({ $sum->($_) } qw(grants attempts faults kills met seconds)));
    diag(sprintf 'deliveries %d, of them resumes %d; playbacks %d; voided %d',
         map({ $sum->($_) } 'deliveries', 'resumes', 'playbacks',
             'download.voided'));
    diag(sprintf 'double deliveries %d, entries missing or extra %d, grants '
         . 'burned %d (%d by faults, the others by clients that left), '
         . 'anything else wrong %d',
         $sum->('double deliveries'), $wrong->(qw(opening closing entry)),
         $sum->('burned'), $sum->('burned by faults'),
         $wrong->(qw(bytes foreign status silence cut hung withheld fence
                     rate bound recovery quit alarm)));
    diag(sprintf 'edges serve again after a kill of Redis: median %.0f ms, '
         . 'worst %.0f ms of %d; the clients stalled for %.0f ms at worst',
         1000 * $back[ $#back / 2 ], 1000 * $back[-1], scalar @back,
         1000 * max(map { $_->{stall} } @all)) if @back;
    diag(join ', ', map { my $n = $sum->($_); "$_: $n" }
         grep { /\Aanswers / } sort keys %{ { map { %$_ } @all } });
}


1;
