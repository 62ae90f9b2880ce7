# A worker is killed in the middle of a delivery: another one, or the one that
# takes its place, closes what it left behind, and the grant never opens again.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Time::HiRes qw(sleep);

my $USED = '410 grant_used - -';

my $bytes = large(8 << 20);
my $root = dir() . '/large';
my $never = Test::Aidial::Origin->start('*' => 'never');
my $middle = middle();
my $server = locations(large_media('add_header X-Worker $pid;') . <<"END");
    location /alias/ {
        aidial_recording media;
        alias $root/;
        add_header X-Worker \$pid;
    }
    location /slice/ {
        aidial_recording media;
        slice 1m;
        proxy_set_header Range \$slice_range;
        proxy_pass http://large/;
        add_header X-Worker \$pid;
    }
    location /never/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $never->path ]}:/;
    }
END

records();
call(large_call());

for my $workers (2, 1) {
    my $nginx = Test::Aidial::Nginx->start(workers => $workers,
        http => large_http(redis => 'unix:' . $middle->path),
        server => $server);
    my $name = $workers == 1 ? 'the only worker' : 'a worker';

    serving($nginx, 'status', 2) or die 'not served';
    killed_midway($nginx, $name, $_, 2) for qw(large alias slice);
    killed_early($nginx, $name);
    killed_on_its_way_out($nginx, $name);
    killed_in_redemption($nginx, $name) if $workers == 1;
    killed_without_redis($nginx, $name);
    killed_in_playback($nginx, $name);
    in_order($nginx, killed => 1);
}

done_testing();


sub kill_worker_of {
    my ($nginx, $answer) = @_;
    my $pid = $answer->{headers}{'x-worker'} // die 'no worker';

    (grep { $_ == $pid } $nginx->workers) or die "$pid is no worker";
    kill KILL => $pid;
}


# the entry: as many bytes as the client got, and not many more

sub is_closed {
    my ($title, $client, $answer, $seconds) = @_;
    my $entry = last_entry('download.aborted', $seconds);

    return ok(0, "$title - closed in time") if !$entry;

    # what came while it was killed

    $client->read_bytes(1 << 30, 0.2);

    my $got = got($client, $answer);

    ok($entry->{bytes} >= $got && $entry->{bytes} <= $got + 262_144 + SLACK,
       "$title - its bytes are entered") or diag "$entry->{bytes} for $got";
    is("$entry->{status} $entry->{first_byte}-$entry->{last_byte}",
       '200 0-' . ($entry->{bytes} - 1), "$title - status and range");
}


sub killed_midway {
    my ($nginx, $name, $where, $seconds) = @_;
    my $token = download();
    my $title = "media - $name is killed, /$where/";
    my ($client, $answer) = part($nginx, "/$where/$token", 2_000_000);

    kill_worker_of($nginx, $answer);
    is_closed($title, $client, $answer, $seconds);
    serving($nginx, 'status', 3) or die 'no worker any more';
    is(events($token, 2), 'started aborted', "$title - one entry");
    is(state_of($token), 'closed', "$title - the grant is closed");
    is(refusal(resume($nginx, "/$where/$token", 1_000_000)), $USED,
       "$title, resume - 410 grant_used");
    is(refusal(ask_media($nginx, "/$where/$token")), $USED,
       "$title, whole - 410 grant_used");
}


# no byte went out, and still it is not given back

sub killed_early {
    my ($nginx, $name) = @_;
    my $token = download();
    my $title = "media - $name is killed before the first byte";
    my $client = $nginx->client;

    $client->send_request('GET', "/never/$token", undef, session());
    wait_for { state_of($token) eq 'running' } or die 'not redeemed';
    kill KILL => $nginx->workers;

    my $entry = last_entry('download.aborted', 3) // {};

    is($entry->{bytes}, 0, "$title - closed, no byte is entered");
    is("$entry->{first_byte}-$entry->{last_byte}", '-', "$title - no range");
    serving($nginx, 'status', 3) or die 'no worker any more';
    is(refusal(ask_media($nginx, "/large/$token")), $USED,
       "$title, again - 410 grant_used");
}


# an old worker that finishes its deliveries after a reload

sub killed_on_its_way_out {
    my ($nginx, $name) = @_;
    my $token = download();
    my $title = "media - $name is killed on its way out";
    my ($client, $answer) = part($nginx, "/large/$token", 1_000_000);
    my $old = $answer->{headers}{'x-worker'};

    $nginx->signal('HUP');
    wait_for { $nginx->workers > $nginx->{conf}{workers} } 3
        or die 'no new workers';
    sleep 0.5;
    kill KILL => $old;
    is_closed($title, $client, $answer, 2);
    is(events($token, 2), 'started aborted', "$title - one entry");
    is(state_of($token), 'closed', "$title - the grant is closed");
    wait_for { $nginx->workers == $nginx->{conf}{workers} } 5;
    serving($nginx, 'status', 3) or die 'not served';
}


# Redis has heard of it or not: the worker never knew

sub killed_in_redemption {
    my ($nginx, $name) = @_;
    my $token = download();
    my $title = "media - $name is killed in the redemption";
    my $client = $nginx->client;

    # the script is known by now, so that only its answer is held

    hold('EVALSHA');
    $client->send_request('GET', "/large/$token", undef, session());
    wait_for { state_of($token) eq 'running' } or die 'not redeemed';
    kill KILL => $nginx->workers;
    release();
    is(events($token, 2), 'started aborted', "$title, answer lost - closed");
    last_entry('download.aborted');
    is(state_of($token), 'closed', "$title, answer lost - the grant is closed");

    # the worker asked, Redis never heard of it

    serving($nginx, 'status', 3) or die 'no worker any more';
    $token = download();
    override(EVALSHA => 'never');
    $client = $nginx->client;
    $client->send_request('GET', "/large/$token", undef, session());
    $middle->wait_log(qr/\AEVALSHA .*\Q@{[ grant_key($token) ]}\E /)
        or die 'not asked';
    kill KILL => $nginx->workers;
    sleep 0.2;
    override();
    ok(wait_for(sub { grep { /\Adead:/ } @{ redis('HKEYS',
                                                  grant_key($token)) } }, 3),
       "$title, not heard - the attempt is dead");
    is(events($token, 0), '', "$title, not heard - nothing is entered");
    serving($nginx, 'status', 3) or die 'no worker any more';
    ok(ask_media($nginx, "/large/$token")->{body} eq $bytes,
       "$title, not heard, again - 200");
    is(events($token, 2), 'started completed', "$title, not heard - entered");
}


sub killed_without_redis {
    my ($nginx, $name) = @_;
    my $token = download();
    my $title = "media - $name is killed while Redis is away";
    my ($client, $answer) = part($nginx, "/large/$token", 2_000_000);

    $middle->stop;
    kill_worker_of($nginx, $answer);
    sleep 2;
    is(events($token, 0), 'started', "$title - not closed yet");
    $middle = middle();
    is_closed("$title, it is back", $client, $answer, 4);
    is(state_of($token), 'closed', "$title, it is back - the grant is closed");
    ok(wait_for(sub {
           refusal(resume($nginx, "/large/$token", 1_000_000)) eq $USED
       }, 3), "$title, it is back, resume - 410 grant_used");
}


# a playback's account goes on; it is entered when the edge quits

sub killed_in_playback {
    my ($nginx, $name) = @_;
    my $token = grant();
    my $title = "media - $name is killed in a playback";
    my ($client, $answer) = part($nginx, "/large/$token", 2_000_000);
    my ($id) = grant_key($token) =~ /([^:]+)\z/;
    my $closed = sub { grep { $_->{grant} eq $id } audit('playback.closed') };

    kill_worker_of($nginx, $answer);
    wait_for { $nginx->log(qr/worker process \d+ is gone/) } 3;
    serving($nginx, 'status', 3) or die 'no worker any more';
    $client->read_bytes(1 << 30, 0.2);

    # the new worker may not be connected yet

    ok(wait_for(sub {
           my $answer = ask_media($nginx, "/large/$token",
                                  'Range: bytes=7000000-7000999');
           $answer->{status} == 206;
       }, 3), "$title - it plays on");
    sleep 1.5;
    $nginx->stop;

    my @entries = $closed->();
    my ($ranges) = $entries[0]{ranges} // '';
    my $got = got($client, $answer);
    my ($last) = $ranges =~ /\A0-(\d+),7000000-7000999\z/;

    is(scalar @entries, 1, "$title - one entry");
    ok(defined $last && $last + 1 >= $got
       && $last + 1 <= $got + 262_144 + SLACK, "$title - its ranges")
        or diag "$ranges for $got";
    is($entries[0]{bytes}, ($last // 0) + 1 + 1000, "$title - its bytes");
}
