# The conformance kit never disagrees with the module: its verdict of each case
# in t/data is the one that the unit tests hold the module's parsers to, and
# where the module reads a call otherwise than it is written, the kit says so.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::World;
use Test::Aidial::Conformance;

my $NOW = 1795320000;      # TEST_NOW of t/unit/test_session.c
my $BINARY = 'application/octet-stream';
my $json = JSON::PP->new->utf8->allow_bignum;

my %cases = map { $_ => [ map { m{([^/]+)\z} } glob "t/data/$_/*" ] }
    qw(session call tenant);

for my $kind (sort keys %cases) {
    redis('SET', "aidial:$kind:$_", slurp("t/data/$kind/$_/input"))
        for @{ $cases{$kind} };
}

my $run = conformance('--all', '--now', $NOW);
my %accepted;

for my $kind (sort keys %cases) {
    cmp_ok(scalar @{ $cases{$kind} }, '>', 25, "verdict - $kind - has cases");

    for my $case (@{ $cases{$kind} }) {
        my $shown = $kind eq 'session' ? hidden($case) : $case;
        my $said = $run->{key}{"aidial:$kind:$shown"};
        my $expect = slurp("t/data/$kind/$case/expect");
        my ($why) = $expect =~ /^declined: (.*)/;

        verdict("verdict - $kind - $case", $said, $why);
        next if defined $why;

        $accepted{$kind}++;
        reading($case, $said, $expect) if $kind eq 'call';
    }

    is($run->{sum}{summary}{$kind}{records}, scalar @{ $cases{$kind} },
       "verdict - $kind - each record counted once");
}

cmp_ok($accepted{$_}, '>', 10, "verdict - $_ - some are accepted")
    for sort keys %cases;

is($run->{code}, 1, 'verdict - some do not conform - exit code');

done_testing();


sub verdict {
    my ($name, $said, $why) = @_;

    return fail("$name: nothing said") if !$said;

    if (!defined $why) {
        is_deeply($said->{faults}, [], "$name: conforms");

    } elsif ($why eq 'expired') {
        is_deeply($said->{faults}, [], "$name: conforms");
        like($said->{warnings}[0], qr/^expires_at is in the past/,
             "$name: and has expired");

    } else {
        is(scalar @{ $said->{faults} }, 1, "$name: one fault");
        like($said->{faults}[0] // '', qr/^\Q$why\E(?:\z|[: ])/,
             "$name: the module's words");
    }
}


# a warning exactly where the module's reading is not what is written

sub reading {
    my ($case, $said, $expect) = @_;
    my %read = $expect =~ /^(\w+)=(.*)$/mg;
    my $record = $json->decode(slurp("t/data/call/$case/input"));
    my $media = ref $record->{media} eq 'HASH' ? $record->{media} : {};
    my %warn = map { /^([\w.]+) .*?(?:counts as ([\w.]+))?\z/ ? ($1, $2) : () }
               @{ $said->{warnings} };

    for my $row ([ consent => consent => $record->{consent} ],
                 [ compliance => 'playback_compliance',
                   $record->{playback_compliance} ])
    {
        my ($name, $member, $value) = @$row;
        is($warn{$member}, same($value, $read{$name}) ? undef : $read{$name},
           "reading - call - $case: $member");
    }

    my ($status) = grep { defined }
        @warn{qw(media media.status media.object)};

    is($status, same($media->{status}, $read{media}) ? undef : $read{media},
       "reading - call - $case: media");

    is(exists $warn{'media.content_type'} || 0,
       ($read{content_type} eq $BINARY
        || ($read{content_type} eq '' && $read{media} eq 'available')) || 0,
       "reading - call - $case: content_type");

    is(exists $warn{'media.filename'} || 0,
       (exists $media->{filename} && !same_text($media->{filename},
                                                $read{filename})) || 0,
       "reading - call - $case: filename");

    for my $number (qw(size_bytes duration_seconds)) {
        is(exists $warn{"media.$number"} || 0,
           (exists $media->{$number} && $read{$number} =~ /^-1/) || 0,
           "reading - call - $case: $number");
    }
}


sub same { defined $_[0] && !ref $_[0] && $_[0] eq $_[1] }


# expect is octets, the record was decoded

sub same_text {
    my ($value, $octets) = @_;

    return 0 if !defined $value || ref $value;
    utf8::encode(my $copy = "$value");
    return $copy eq $octets;
}


sub slurp {
    my ($name) = @_;

    open my $file, '<:raw', $name or die "$name: $!";
    local $/;
    return scalar(<$file>) // '';
}
