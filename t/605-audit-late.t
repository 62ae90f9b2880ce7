# Closing entries that Redis cannot take now: kept in the zone, and written
# when it can, once.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep);

my $STREAM = 'aidial:{t_1}:audit';
my $MANY = 100;

my $bytes = large(4 << 20);
my $middle = middle();
my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => large_http(redis => 'unix:' . $middle->path),
    server => locations(large_media() . <<"END"));
    location /slow/ {
        aidial_recording media;
        limit_rate 100k;
        proxy_pass http://large/;
    }
END

records();
call(large_call());
is_served();


sub away { $middle->stop }

sub back { $middle = middle() }

# by both workers: the connections are spread over them

sub is_served {
    wait_for { 20 == grep { serving($nginx, 'status', 0) } 1 .. 20 }
        or die 'not served';
}

# downloads that are cut when Redis is away: their tokens

sub cut_without_redis {
    my ($count) = @_;
    my @tokens = map { download() } 1 .. $count;
    my @clients = map { (part($nginx, "/slow/$_", 1000))[0] } @tokens;

    away();
    $_->abort for @clients;
    sleep 0.5;

    return @tokens;
}

sub all_closed {
    my ($title, @tokens) = @_;
    my @bad = grep { events($_, 2) ne 'started aborted' } @tokens;

    is(scalar @bad, 0, "$title - each is entered, once")
        or diag join "\n", map { events($_, 0) } @bad;
}


# ---- one, and then many, more than are sent at a time

for my $count (1, $MANY) {
    my @tokens = cut_without_redis($count);

    is(scalar audit('download.aborted'), $count == 1 ? 0 : 1,
       "late - $count, Redis is away - not entered yet");
    back();
    all_closed("late - $count, Redis is back", @tokens);
    is_served();

    # the entry says when Redis has heard of it, and how long it had taken

    my ($entry) = (audit('download.aborted'))[-1];

    cmp_ok($entry->{duration_ms}, '<', 10_000, "late - $count - its duration");
    ok(wait_for(sub { state_of($tokens[-1]) eq 'ended' }, 2),
       "late - $count - and may be resumed");
    is(resume($nginx, "/large/$tokens[-1]", 1000)->{status}, 206,
       "late - $count, resume - 206");
}

# ---- a reload in between: the new workers have them

my @tokens = cut_without_redis(5);

$nginx->reload or die 'no reload';
back();
all_closed('late - reloaded meanwhile', @tokens);
is_served();

# ---- every worker is killed in between

@tokens = cut_without_redis(5);

my %old = map { $_ => 1 } $nginx->workers;

kill KILL => keys %old;
wait_for { 2 == grep { !$old{$_} } $nginx->workers } 3;
back();
all_closed('late - all workers killed meanwhile', @tokens);
is_served();

# ---- the answer is lost, once and for a while: still one entry

for my $row ([ 'once', 1, 'close' ], [ 'five times', 5, 'close' ],
             [ 'twice, in silence', 2, 'never' ],
             [ 'as an error', 3, "-LOADING x\r\n" ])
{
    my ($name, $times, $how) = @$row;
    my $token = download();
    my ($client) = part($nginx, "/slow/$token", 1000);

    lose('EVALSHA', $times, $how);
    $client->abort;
    ok(wait_for(sub { events($token, 1) eq 'started aborted' }, 6),
       "late - the answer is lost $name - entered");
    sleep 2;
    override();
    is_served();
    is(events($token, 2), 'started aborted',
       "late - the answer is lost $name - once");
    is(state_of($token), 'ended', "late - the answer is lost $name - ended");
}

# ---- the stream cannot take it

my $token = download();
my ($client) = part($nginx, "/slow/$token", 1000);

redis('RENAME', $STREAM, 'aside');
redis('SET', $STREAM, 'x');
$client->abort;
sleep 1.5;
is(state_of($token), 'running', 'late - the stream is a string - it waits');
is(refusal(resume($nginx, "/large/$token", 1000)), refused(),
   'late - the stream is a string, resume - 503');
redis('RENAME', 'aside', $STREAM);
ok(wait_for(sub { events($token, 1) eq 'started aborted' }, 2),
   'late - the stream is one again - entered');

# ---- what Redis refused to hear of is not on every tick in the log

my $lines = () = $nginx->log(qr/\[(?:error|crit)\].*WRONGTYPE/);

cmp_ok($lines, '<=', 20, 'late - the error is not said without end');

in_order($nginx, killed => 1, crit => 'Redis answered');
done_testing();
