# What is counted survives a reload and workers that are killed, and what says
# "now" is true right after: streams, connections, workers.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Metrics;
use Test::Aidial::Nginx;

my $CONNECTIONS = 3;       # of a worker

my $large = large(8 << 20);
my $status = 'add_header X-Worker $pid always;';
my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => large_http(redis => redis_words($CONNECTIONS)),
    server => locations(metrics_location() . large_media($status) . <<'END'));
    location = /s {
        aidial_recording status c_9;
        add_header X-Worker $pid always;
    }
    location = /none {
        aidial_recording status c_none;
        add_header X-Worker $pid always;
    }
END

records();
call(id => 'c_large', large_call());
is_now('at the start', workers => 2, ready => 2 * $CONNECTIONS);


# ---- both workers count in one place

my %worker;
my $before = scrape($nginx);

for my $round (1 .. 25) {
    my @clients = map { $nginx->client } 1 .. 8;

    $_->send_request('GET', '/s', undef, session()) for @clients;
    $worker{ $_->response->{headers}{'x-worker'} }++ for @clients;
}

is(scalar keys %worker, 2, 'metrics - two workers - both answer');
ok(settles($nginx, 'requests_total{endpoint="status",code="200"}', 200),
   'metrics - two workers - two hundred requests, all counted');
is(scrape($nginx)->{'request_added_seconds_count{endpoint="status"}'}, 200,
   'metrics - two workers - each in the histogram, once');
is_deeply(changes($before, scrape($nginx), qr/requests_total|refusals_total/),
          { 'requests_total{endpoint="status",code="200"}' => 200 },
          'metrics - two workers - and nothing else');


# ---- a reload under load: what was answered is counted, and only that

$before = scrape($nginx);

my @loads = map { load_begin($nginx, '/s', '/none') } 1 .. 3;

for my $reload (1 .. 3) {
    wait_for { total($before) > 50 * $reload } 10;
    $nginx->reload or die 'no reload';
    is_monotonic("reload $reload");
}

my %seen;

for my $load (@loads) {
    my $count = load_end($load);
    $seen{$_} += $count->{$_} for keys %$count;
}

is($seen{0} // 0, 0, 'metrics - reload - every request is answered');
cmp_ok($seen{200}, '>', 50, 'metrics - reload - many were');
ok(settles($nginx, 'requests_total{endpoint="status",code="200"}',
           200 + $seen{200}), 'metrics - reload - each 200 is counted');
ok(settles($nginx, 'requests_total{endpoint="status",code="404"}',
           $seen{404}), 'metrics - reload - each 404 is counted');
is(scrape($nginx)->{
       'refusals_total{endpoint="status",code="recording_not_found"}'},
   $seen{404}, 'metrics - reload - each refusal');
is_now('after reloads', workers => 2, ready => 2 * $CONNECTIONS);


# ---- an old worker with a stream, and other words for Redis

my ($client, $answer) = part($nginx, '/large/' . grant(call => 'c_large'),
                             1_000_000);

$nginx->write_conf(http => large_http(redis => redis_words(1)));
$nginx->signal('HUP');
wait_for { $nginx->workers == 3 } or die 'no old worker stays';
is_now('an old worker streams', workers => 3, playback => 1,
       ready => 2 + $CONNECTIONS);
$client->abort;
is_now('it has left', workers => 2, playback => 0, ready => 2);


# ---- killed

$before = scrape($nginx);
my @streams = map { [ part($nginx, '/large/' . $_, 2_000_000) ] }
    map { (grant(call => 'c_large'), download(call => 'c_large')) } 1 .. 3;

is_now('six streams', workers => 2, playback => 3, download => 3, ready => 2);

my ($dead) = map { $_->[1]{headers}{'x-worker'} } @streams;
my %mine = (playback => 0, download => 0);
my %got = (playback => 0, download => 0);

for my $n (0 .. $#streams) {
    next if $streams[$n][1]{headers}{'x-worker'} != $dead;
    $mine{ $n % 2 ? 'download' : 'playback' }++;
}

kill KILL => $dead;
is_now('a worker is killed', workers => 2, ready => 2,
       map { $_ => 3 - $mine{$_} } keys %mine);

for my $n (0 .. $#streams) {
    my ($client, $answer) = @{ $streams[$n] };
    next if $answer->{headers}{'x-worker'} != $dead;
    $client->read_bytes(1 << 30, 0.2);
    $got{ $n % 2 ? 'download' : 'playback' } += got($client, $answer);
}

my $after = scrape($nginx);

for my $action (sort keys %mine) {
    my $name = qq(sent_bytes_total{action="$action"});
    my $sent = $after->{$name} - $before->{$name};

    ok($sent >= $got{$action}
       && $sent <= $got{$action} + $mine{$action} * (262_144 + SLACK),
       "metrics - a worker is killed - bytes of a $action")
        or diag "$sent for $got{$action}";
}

is_deeply(changes($before, $after, qr/requests_total|grants_.*/),
          { 'grants_redeemed_total{action="playback"}' => 3,
            'grants_redeemed_total{action="download"}' => 3 },
          'metrics - a worker is killed - nothing is lost, nothing is new');

$_->[0]->abort for @streams;
is_now('all clients have left', workers => 2, playback => 0, download => 0,
       ready => 2);


# ---- every worker at once, again and again

for my $round (1 .. 3) {
    $before = scrape($nginx);
    my @clients = map { (part($nginx, '/large/' . grant(call => 'c_large'),
                              500_000))[0] } 1 .. 4;

    kill KILL => $nginx->workers;
    is_now("all are killed, $round", workers => 2, playback => 0, ready => 2);
    is_monotonic("all are killed, $round");
    $_->abort for @clients;
}

in_order($nginx, killed => 1);
done_testing();


sub redis_words { 'unix:' . redis_server()->path . " connections=$_[0]" }


# no counter has gone back since $before

sub is_monotonic {
    my ($title) = @_;
    my $after = scrape($nginx);
    my @back = grep {
        /_(?:total|count|sum|bucket)\b/ && $after->{$_} < $before->{$_}
    } keys %$before;

    is("@back", '', "metrics - $title - no counter has gone back");
}


sub total {
    my ($before) = @_;
    my $text = metrics_text($nginx) or return 0;
    my $sum = 0;

    $sum += $_ for values %{ changes($before, parse($text),
                                     qr/requests_total/) };
    return $sum;
}


# is_now($title, workers => N, ready => N, playback => N, ...), within seconds;
# connections in another state there are none

sub is_now {
    my ($title, %expected) = @_;
    my %name = (workers => 'workers',
        map({ $_ => qq(redis_connections{state="$_"}) }
            qw(down connecting handshake ready)),
        map({ $_ => qq(streams{action="$_"}) } qw(playback download)));
    my %now;

    %expected = (down => 0, connecting => 0, handshake => 0,
                 playback => 0, download => 0, %expected);

    wait_for {
        my $text = metrics_text($nginx) or return 0;
        my $scrape = parse($text);
        %now = map { $_ => 0 + $scrape->{ $name{$_} } } keys %expected;
        !grep { $now{$_} != $expected{$_} } keys %expected;
    } 5;

    is_deeply(\%now, \%expected, "metrics - $title - what is there now");
}
