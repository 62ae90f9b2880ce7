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

# all of them, while one redeems a download

# (Redis knows the script by then, so that what is held is its answer)

ask($nginx, 'download');

my $asked = grep { /^EVALSHA/ } $middle->log;
my $url = download_url();

hold('EVALSHA');

my $client = start_asking($nginx, $url);

wait_for { $asked < grep { /^EVALSHA/ } $middle->log } or die 'not asked';
kill KILL => $nginx->workers;
release();

is($client->response, undef, 'worker - killed in redemption - no answer');
ok(serving($nginx, $_, 3), "worker - killed in redemption, $_ - served again")
    for qw(status grant media);

my $answer = ask($nginx, $url);

is($answer->{status}, 410,
   'worker - killed in redemption - the grant is spent');
is(index($answer->{body}, substr media_bytes(), 0, 16), -1,
   'worker - killed in redemption - not a byte of media');

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
