# What conf-examples/monitoring/ shows works as it stands: the rules and their
# tests, the dashboard, and a log in JSON.  They name metrics that the endpoint
# has, and the dashboard and docs/metrics.md name all of them.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Metrics;
use Test::Aidial::Nginx;

my $DIR = 'conf-examples/monitoring';

my $log = dir() . '/recordings.json';
my $format = slurp("$DIR/log-json.conf") =~ s{/var/log/nginx/recordings.json}
                                             {$log}r;
my $nginx = Test::Aidial::Nginx->start(http => http_config(extra => $format),
    server => locations(slurp("$DIR/metrics.conf")
                        =~ s/\A.*?(location = .*?\n\s*\}\n).*\z/$1/sr));

records();

my $text = metrics_text($nginx);
my %type = $text =~ /^# TYPE (\w+) (\w+)$/mg;

cmp_ok(scalar keys %type, '>', 20, 'monitoring - the endpoint has metrics');


# ---- names

my $dashboard = decode_json(slurp("$DIR/dashboard.json"));
my @panels = grep { $_->{type} ne 'row' } @{ $dashboard->{panels} };
my @exprs = map { $_->{expr} } map { @{ $_->{targets} } } @panels;
my $rules = slurp("$DIR/alerts.yml");
my @rules = $rules =~ /expr: (.*?)\n +(?:for|labels):/sg;
my $tests = slurp("$DIR/alerts_test.yml");

for my $pair ([ 'rules', "@rules" ], [ 'the tests of the rules', $tests ],
              [ 'dashboard', join("\n", @exprs, map { $_->{definition} // '' }
                                  @{ $dashboard->{templating}{list} }) ])
{
    my ($where, $words) = @$pair;
    my @names = $words =~ /\b(aidial_recording_\w+)/g;

    cmp_ok(scalar @names, '>', 3, "monitoring - $where - names metrics");
    is_deeply([ grep { !exposed($_) } @names ], [],
              "monitoring - $where - none that is not there");
}

my %shown = map { base($_) => 1 } map { /\b(aidial_recording_\w+)/g } @exprs;

is_deeply([ grep { !$shown{$_} } sort keys %type ], [],
          'monitoring - dashboard - shows every metric');

my $told = join ' ', slurp('docs/metrics.md') =~ /^\|.*?\|/mg;

is_deeply([ grep { my $name = s/\Aaidial_recording_//r; $told !~ /`$name`/ }
            sort keys %type ], [], 'monitoring - docs - tell of every metric');

my %have = map { $_ => 1 } map { s/\Aaidial_recording_//r } keys %type;

is_deeply([ grep { !$have{$_} } $told =~ /`(\w+)`/g ], [],
          'monitoring - docs - tell of no other');

# labels and their values as well

for my $expr (@exprs, @rules) {
    while ($expr =~ /(aidial_recording_\w+)\{([^}]*)\}/g) {
        my ($name, $labels) = ($1, $2);

        for my $label ($labels =~ /\w+\s*[!=]~?\s*"[^"]*"/g) {
            my ($key, $value) = $label =~ /\A(\w+)\W+"(.*)"\z/;
            next if $key =~ /\A(?:job|instance)\z/;

            my %values = map { $_ => 1 }
                $text =~ /^\Q$name\E\{[^}]*\b$key="([^"]*)"/mg;
            my @unknown = grep { my $v = $_; !grep { /\A$v\z/ } keys %values }
                split /\|/, $value;

            is("@unknown", '', "monitoring - $name $label - is there");
        }
    }
}


# ---- rules

my @alerts = $rules =~ /^ +- alert: (\w+)$/mg;

is(scalar @rules, scalar @alerts, 'monitoring - each alert has its expr');
is(scalar(() = $rules =~ /^ +$_: +\S/mg), scalar @alerts,
   "monitoring - each alert has its $_") for qw(summary description action);
is(scalar(() = $rules =~ /severity: (?:critical|warning)\}/g), scalar @alerts,
   'monitoring - each alert has its severity');

SKIP: {
    skip 'no promtool here', 4 if !defined((promtool('--version'))[0]);

    for my $words ([ 'check', 'config', "$DIR/prometheus.yml" ],
                   [ 'check', 'rules', "$DIR/alerts.yml" ],
                   [ 'test', 'rules', "$DIR/alerts_test.yml" ])
    {
        my ($rc, $said) = promtool(@$words);

        is($rc, 0, "monitoring - promtool @$words") or diag $said;
    }

    # the expressions of the dashboard, as rules

    my $file = dir() . '/dashboard.yml';
    my $n = 0;

    open my $out, '>', $file or die "$file: $!";
    print $out "groups:\n  - name: dashboard\n    rules:\n";
    printf $out "      - record: panel:%d\n        expr: '%s'\n", $n++,
        s/\$__rate_interval/5m/gr =~ s/\$(?:job|instance)/x/gr for @exprs;
    close $out;

    my ($rc, $said) = promtool('check', 'rules', $file);

    is($rc, 0, 'monitoring - dashboard - promtool reads every expression')
        or diag $said;
}


# ---- dashboard, as Grafana wants it

is($dashboard->{schemaVersion}, 37, 'monitoring - dashboard - its schema');
ok($dashboard->{uid} && $dashboard->{title}, 'monitoring - dashboard - a name');

my (%id, %cell);

for my $panel (@{ $dashboard->{panels} }) {
    my $at = $panel->{gridPos};
    my $title = "monitoring - dashboard - $panel->{title}";

    ok(!$id{ $panel->{id} }++, "$title - an id of its own");
    ok($at->{w} >= 1 && $at->{x} >= 0 && $at->{x} + $at->{w} <= 24,
       "$title - within the grid");

    my @taken = grep { $cell{$_}++ } map { my $y = $_; map { "$_,$y" }
        $at->{x} .. $at->{x} + $at->{w} - 1 } $at->{y} .. $at->{y} + $at->{h} - 1;

    is("@taken", '', "$title - over no other");
    next if $panel->{type} eq 'row';

    like($panel->{type}, qr/\A(?:timeseries|stat)\z/, "$title - a type");
    ok($panel->{description}, "$title - says what it shows");
    is_deeply([ sort grep { !$_->{expr} || !$_->{legendFormat} || !$_->{refId}
                            || $_->{datasource}{uid} ne '${datasource}' }
                @{ $panel->{targets} } ], [], "$title - its targets");
}


# ---- a log in JSON: whatever a client sends

my $evil = qq(a "quote", a \\, a tab \t and {"json": 1});

for my $row ([ '/api/calls/c_9/status', 'allowed', '' ],
             [ '/api/calls/c_8/status', 'recording_not_found', '' ],
             [ media_url(grant()), 'allowed', 'playback' ])
{
    my ($uri, $decision, $action) = @$row;
    my $lines = lines();

    $nginx->client->get($uri, session(), "User-Agent: $evil");
    wait_for { lines() > $lines } or die 'no line';

    my $entry = eval { decode_json((lines())[-1]) };

    is($@, '', "log - $decision $action - is JSON");
    is($entry->{user_agent}, $evil, "log - $decision $action - user agent");
    is("$entry->{decision} $entry->{action} $entry->{user} $entry->{tenant}",
       "$decision $action u_81 t_1", "log - $decision $action - variables");

    my ($token) = $uri =~ m{/recordings/(.*)};

    is(index((lines())[-1], $token), -1, 'log - no token in it') if $token;
}

in_order($nginx);
done_testing();


sub base { $_[0] =~ s/_(?:bucket|sum|count)\z//r }

sub exposed {
    return ($type{ $_[0] } // 'none') =~ /counter|gauge/
        || ($_[0] ne base($_[0])
            && ($type{ base($_[0]) } // '') eq 'histogram');
}


# those of the edge: the media origin is a server of the same nginx

sub lines {
    open my $in, '<:raw', $log or return;
    my @lines = grep { /"decision":"\w/ } <$in>;

    return @lines;
}


sub slurp {
    my ($name) = @_;

    open my $file, '<', $name or die "$name: $!";
    local $/;
    return <$file>;
}
