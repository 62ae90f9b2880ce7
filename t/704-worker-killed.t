use strict;
use warnings;

# A worker is killed: the others serve on, a new one takes its place, what the
# workers share is whole, and a download is still not served twice.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $middle = middle();
my $nginx = edge(workers => 2, redis => 'unix:' . $middle->path);

prepare();
ok(serving($nginx, 'media', 2), 'worker - before - served');

for my $round (1 .. 5) {
    my ($victim) = $nginx->workers or die 'no worker';

    kill KILL => $victim;

    my @status = map { eval { ask($nginx, 'status')->{status} } // 'none' }
        1 .. 10;

    is("@status", join(' ', (200) x 10), 'worker - killed while idle - served');
    ok(wait_for(sub {
           my @now = $nginx->workers;
           @now == 2 && !grep { $_ == $victim } @now;
       }, 3), 'worker - killed while idle - replaced');
}

# one, or all of them, while it redeems a download: whoever lives finds what it
# left, and closes the grant for good

# (Redis knows the script by then, so that what is held is its answer)

ask($nginx, 'download');
settled();

for my $which ('the one', 'all') {
    my $title = "worker - $which killed in redemption";
    my $id = pack 'A16', "download, $which";
    my $key = 'aidial:{t_1}:grant:' . unpack 'H*', $id;
    my $url = media_url(grant(action => 'download', id => $id));

    hold('EVALSHA');

    my $client = start_asking($nginx, $url);

    wait_for { grep { /^EVALSHA .* \Q$key\E / } $middle->log }
        or die 'not asked';

    my ($pid) = ($nginx->log(qr/aidial step: redemption/))[-1]
        =~ /\[debug\] (\d+)#/;

    kill KILL => $which eq 'all' ? $nginx->workers : $pid;
    release();

    is($client->response, undef, "$title - no answer");
    ok(wait_for(sub { redis('HGET', $key, 'state') eq 'closed' }, 3),
       "$title - the grant is closed");
    ok(serving($nginx, $_, 3), "$title, $_ - served again")
        for qw(status grant media);

    my $answer = ask($nginx, $url);

    is(refusal($answer), '410 grant_used - -', "$title - the grant is spent");
    is(index($answer->{body}, substr media_bytes(), 0, 16), -1,
       "$title - not a byte of media");

    my ($start) = reverse audit('download.started');
    my ($end) = reverse audit('download.aborted');

    is_deeply([ @$end{qw(attempt grant status bytes)} ],
              [ @$start{qw(attempt grant)}, 0, 0 ],
              "$title - entered as aborted");
}

# the word they share: an outage is still said once, and so is its end

my $said = $nginx->log(qr/Redis is unavailable/);
my $back = $nginx->log(qr/Redis is available again/);

$middle->stop;
ok(wait_for(sub { $nginx->log(qr/Redis is unavailable/) > $said }, 3),
   'worker - killed, Redis goes - said');

my %seen = map { $_ => 1 } $nginx->workers;

kill KILL => $nginx->workers;
wait_for { 2 == grep { !$seen{$_} } $nginx->workers } 3;
is(refusal(ask($nginx, 'status')), refused(),
   'worker - killed, Redis gone - 503');
$middle->script('*' => sub { passed_on(@_) });
ok(serving($nginx, 'media', 3), 'worker - killed, Redis comes - served');

is($nginx->log(qr/Redis is unavailable/), $said + 1,
   'worker - killed - the outage is said once');
is($nginx->log(qr/Redis is available again/), $back + 1,
   'worker - killed - its end is said once');

in_order($nginx, killed => 1);
done_testing();
