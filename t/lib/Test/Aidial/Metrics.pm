package Test::Aidial::Metrics;

# What an edge says of itself, read as strictly as Prometheus does.
#
#     my $nginx = Test::Aidial::Nginx->start(
#         server => locations(metrics_location()));
#     my $before = scrape($nginx);
#     ...
#     is(counted($nginx, $before, 'requests_total', 3), ...);
#
# A scrape is a hash of series, named as they stand in the text but without
# the prefix: 'requests_total{endpoint="status",code="200"}' => 1.

use strict;
use warnings;

use Exporter 'import';
use Test::Aidial::Process qw(wait_for);

our @EXPORT = qw(metrics_location metrics_text scrape parse family changes
                 settles promtool);

my $PREFIX = 'aidial_recording_';


sub metrics_location {
    return 'location = /metrics { aidial_recording_metrics; }';
}


sub metrics_text {
    my ($nginx) = @_;
    my $answer = $nginx->client->get('/metrics');

    return $answer && $answer->{status} == 200 ? $answer->{body} : '';
}


sub scrape { parse(metrics_text($_[0])) }


# dies on a text that breaks the format or a convention

sub parse {
    my ($text) = @_;
    my ($name, $type, %series, %seen);

    die "it does not end in a line feed\n" if $text !~ /\n\z/;

    for my $line (split /\n/, $text) {
        if ($line =~ /\A# HELP $PREFIX(\w+) \S.*\.\z/) {
            die "$1 has two blocks\n" if $seen{$1}++;
            ($name, $type) = ($1, undef);
            next;
        }

        if ($line =~ /\A# TYPE $PREFIX(\w+) (counter|gauge|histogram)\z/) {
            die "$line: not behind its HELP\n" if $1 ne ($name // '') || $type;
            $type = $2;
            next;
        }

        $line =~ /\A$PREFIX(\w+?)(_bucket|_sum|_count)?
                   ((?:\{\w+="[^"\\]*"(?:,\w+="[^"\\]*")*\})?)\ ([0-9.]+)\z/x
            or die "$line: no series\n";

        my ($base, $suffix, $labels, $value) = ($1, $2 // '', $3, $4);

        die "$line: of no metric\n" if !$type || $base ne $name;
        die "$line: of no histogram\n"
            if ($suffix ne '') != ($type eq 'histogram');
        die "$line: not an integer\n" if $suffix ne '_sum' && $value =~ /\./;
        die "$line: twice\n" if exists $series{"$base$suffix$labels"};

        $series{"$base$suffix$labels"} = $value;
    }

    _histograms(\%series);

    return \%series;
}


# buckets grow, and the last one is the count

sub _histograms {
    my ($series) = @_;

    for my $count (grep { /_count(?:\{|\z)/ } keys %$series) {
        my ($base, $labels) = $count =~ /\A(\w+)_count\{?(.*?)\}?\z/;
        my $lead = "${base}_bucket{" . ($labels ne '' ? "$labels," : '');
        my @bounds = sort { $a <=> $b }
            map { /\A\Q$lead\Ele="([\d.]+)"\}\z/ ? $1 : () } keys %$series;
        my $last = 0;

        die "$base has no buckets\n" if !@bounds;

        for my $bound (@bounds) {
            my $n = $series->{qq(${lead}le="$bound"})};
            die "$base, le=$bound: shrinks\n" if $n < $last;
            $last = $n;
        }

        my $all = $series->{qq(${lead}le="+Inf"})} // die "$base: no +Inf\n";
        die "$base: its count is not its last bucket\n"
            if $all != $series->{$count} || $all < $last;
    }
}


# family($scrape, 'requests_total'): label set => value, those that are not 0

sub family {
    my ($scrape, $name) = @_;

    return { map { /\A\Q$name\E(?:\{(.*)\})?\z/ && $scrape->{$_} != 0
                   ? ($1 // '' => 0 + $scrape->{$_}) : () } keys %$scrape };
}


# changes($before, $after, qr/.../): what has changed, and by how much

sub changes {
    my ($before, $after, $names) = @_;

    return { map { $_ => $after->{$_} - $before->{$_} }
             grep { /\A(?:$names)(?:\{|\z)/
                    && $after->{$_} != ($before->{$_} // 0) } keys %$after };
}


# settles($nginx, $name, $value): that series has that value within five
# seconds; nginx counts a request after it has answered it

sub settles {
    my ($nginx, $name, $value, $seconds) = @_;

    return wait_for {
        my $text = metrics_text($nginx);
        $text =~ /^$PREFIX\Q$name\E ([\d.]+)$/m && $1 == $value;
    } $seconds // 5;
}


# promtool(@words): (its exit status, what it said); without it an empty list

sub promtool {
    my @words = map { s/'/'\\''/gr } @_;

    return if !grep { -x "$_/promtool" } split /:/, $ENV{PATH};

    my $said = `promtool @{[ map { "'$_'" } @words ]} 2>&1`;

    return ($? >> 8, $said);
}


1;
