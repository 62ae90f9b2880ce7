# The edge reloads, quits or stops while recordings are delivered: what it owes
# the trail is entered, or said in the error log.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

my $LOST = qr/\[error\].*aidial: an audit entry is lost/;
my $SIZE = 4 << 20;

my $bytes = large($SIZE);
my $middle = middle();
my $slow = <<"END";
    location /slow/ {
        aidial_recording media;
        limit_rate 2m;
        proxy_pass http://large/;
    }
END

records();
call(large_call());


sub start {
    my ($workers) = @_;
    my $nginx = Test::Aidial::Nginx->start(workers => $workers,
        http => large_http(redis => 'unix:' . $middle->path),
        server => locations(large_media() . $slow));

    serving($nginx, 'status', 2) or die 'not served';

    return $nginx;
}


sub id_of { grant_key($_[0]) =~ /([^:]+)\z/; $1 }

sub lines_of {
    my ($nginx, $token) = @_;

    return grep { /grant=\Q@{[ id_of($token) ]}\E / } $nginx->log($LOST);
}


# ---- a reload in a long delivery, and another one

for my $workers (1, 2) {
    my $nginx = start($workers);
    my $token = download();
    my ($client, $answer) = part($nginx, "/slow/$token", 500_000);
    my @old = $nginx->workers;

    $nginx->signal('HUP') for 1 .. 2;
    sleep 0.5;
    is(refusal(ask_media($nginx, "/slow/$token")), '410 grant_used - -',
       "edge - reload in a delivery, $workers - the new ones know it is used");
    is(refusal(resume($nginx, "/slow/$token", 500_000)),
       '503 delivery_running 1 1',
       "edge - reload in a delivery, $workers - and that it runs");

    my $rest = $client->read_bytes($SIZE - 500_000, 10) // '';

    ok($answer->{body} . $rest eq $bytes,
       "edge - reload in a delivery, $workers - every byte");
    is(events($token, 2), 'started completed',
       "edge - reload in a delivery, $workers - entered by the old worker");
    ok(wait_for(sub { my %now = map { $_ => 1 } $nginx->workers;
                      !grep { $now{$_} } @old }, 4),
       "edge - reload in a delivery, $workers - the old ones leave");
    is(scalar $nginx->log($LOST), 0, "edge - reload, $workers - nothing lost");
    in_order($nginx);
}

# ---- quit: the delivery ends first, and what it owes is entered

for my $workers (1, 2) {
    my $nginx = start($workers);
    my ($token, $played) = (download(), grant());

    ask_media($nginx, "/large/$played", 'Range: bytes=100-199');

    my ($client, $answer) = part($nginx, "/slow/$token", 500_000);

    $nginx->signal('QUIT');

    my $rest = $client->read_bytes($SIZE - 500_000, 10) // '';

    ok($answer->{body} . $rest eq $bytes,
       "edge - quit in a delivery, $workers - every byte");
    in_order($nginx);
    is(events($token, 2), 'started completed',
       "edge - quit in a delivery, $workers - entered");

    my ($closed) = grep { $_->{grant} eq id_of($played) }
                   audit('playback.closed');

    is($closed->{ranges}, '100-199',
       "edge - quit in a delivery, $workers - the playback is closed");
}

# ---- quit without Redis: it waits, then says each

my $nginx = start(2);
my @tokens = map { download() } 1 .. 3;
my $played = grant();

ask_media($nginx, "/large/$played", 'Range: bytes=100-199');

my @clients = map { (part($nginx, "/slow/$_", 1000))[0] } @tokens;

$middle->stop;
$_->abort for @clients;

my $begin = time;

ok($nginx->stop, 'edge - quit without Redis - it leaves');
cmp_ok(time - $begin, '>', 7, 'edge - quit without Redis - it has waited');
cmp_ok(time - $begin, '<', 12, 'edge - quit without Redis - not for long');

for my $token (@tokens) {
    my @lines = lines_of($nginx, $token);

    is(scalar @lines, 1, 'edge - quit without Redis - each is said once');
    like($lines[0] // '', qr/event=download\.aborted user=u_81 tenant=t_1 (?x:
         )call=c_9 grant=[0-9a-f]{32} attempt=[0-9a-f]{32} status=200 (?x:
         )bytes=[1-9]\d*/, 'edge - quit without Redis - it is said what');
    is(events($token, 1), 'started', 'edge - quit without Redis - not entered');
    unlike($lines[0] // '', qr/\Q$token\E/, 'edge - no token in the log');
}

is(scalar lines_of($nginx, $played), 1,
   'edge - quit without Redis - so is the playback');

# ---- quit without Redis, which comes back while it waits

$middle = middle();
$nginx = start(2);
my $token = download();
my ($client) = part($nginx, "/slow/$token", 1000);

$middle->stop;
$client->abort;
$nginx->signal('QUIT');
sleep 3;
ok($nginx->running, 'edge - quit, Redis away for three seconds - it waits');
$middle = middle();
ok(wait_for(sub { !$nginx->running }, 4),
   'edge - quit, Redis is back - it leaves');
is(events($token, 2), 'started aborted',
   'edge - quit, Redis is back - entered');
is(scalar $nginx->log($LOST), 0, 'edge - quit, Redis is back - nothing lost');
in_order($nginx);

# ---- stop: at once, and in the trail or in the log

for my $workers (1, 2) {
    $nginx = start($workers);
    $token = download();
    ($client) = part($nginx, "/slow/$token", 1000);
    $nginx->signal('TERM');
    ok(wait_for(sub { !$nginx->running }, 2),
       "edge - stop, $workers - it leaves at once");

    my @entered = grep { $_->{grant} eq id_of($token) }
                  audit('download.aborted');

    is(@entered + lines_of($nginx, $token), 1,
       "edge - stop, $workers - entered or said, once");
    in_order($nginx);
}

done_testing();
