use strict;
use warnings;

# Redis forgets the scripts whenever it likes: the client never notices.  A
# Redis that does not know what it was just handed whole is refused, and asked
# no third time.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $NOSCRIPT = "-NOSCRIPT No matching script. Please use EVAL.\r\n";

my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path);

prepare();
ok(serving($nginx, 'status', 2), 'redis - knows no script yet - status served');

# a download has three scripts: redeem, renew, close

for my $row ([ grant => 201, 1 ], [ download => 200, 3 ]) {
    my ($what, $status, $scripts) = @$row;

    for my $known ('unknown', 'known', 'flushed') {
        redis('SCRIPT', 'FLUSH') if $known ne 'known';

        my $from = $middle->log;

        is(ask($nginx, $what)->{status}, $status,
           "redis - script $known, $what - $status");

        my @each = $known eq 'known' ? 'EVALSHA' : qw(EVALSHA EVAL);

        is(scripts($from, @each * $scripts), join(' ', (@each) x $scripts),
           "redis - script $known, $what - asked no more than needed");
    }
}

# flushed all the time

my @status = map { redis('SCRIPT', 'FLUSH'); ask($nginx, 'grant')->{status} }
    1 .. 20;

is("@status", join(' ', (201) x 20), 'redis - flushed between requests - 201');

# several at once meet it: each is asked again, none twice

redis('SCRIPT', 'FLUSH');

my @clients = map { start_asking($nginx, 'grant') } 1 .. 20;

is(join(' ', map { $_->response->{status} } @clients), join(' ', (201) x 20),
   'redis - flushed, many at once - 201');

# a download is redeemed once, by whichever way the script came

my $url = download_url();

redis('SCRIPT', 'FLUSH');
is(ask($nginx, $url)->{status}, 200, 'redis - flushed, download - 200');
redis('SCRIPT', 'FLUSH');
is(ask($nginx, $url)->{status}, 410, 'redis - flushed, download again - 410');
is(scalar audit('download.started'), 4, 'redis - flushed - entered once each');

# NOSCRIPT to the script itself

for my $what ('grant', download_url()) {
    my $name = $what eq 'grant' ? $what : 'download';
    my $from = $middle->log;

    override(EVALSHA => $NOSCRIPT, EVAL => $NOSCRIPT);
    is(refusal(ask($nginx, $what)), refused(),
       "redis - NOSCRIPT to EVAL as well, $name - 503");
    is(scripts($from, 2), 'EVALSHA EVAL',
       "redis - NOSCRIPT to EVAL as well, $name - not asked a third time");

    override();
    ok(serving($nginx, $what, 2), "redis - knows EVAL again, $name - served");
}

# any other error to EVAL, a wrong echo to it, and no answer at all

for my $row ([ 'an error' => "-OOM x\r\n" ],
             [ 'another echo' => "*2\r\n:1\r\n" . bulk('x') ])
{
    override(EVALSHA => $NOSCRIPT, EVAL => $row->[1]);
    is(refusal(ask($nginx, 'grant')), refused(),
       "redis - NOSCRIPT, then $row->[0] - 503");
    override();
    ok(serving($nginx, 'grant', 2), "redis - NOSCRIPT, then $row->[0] - back");
}

override(EVALSHA => { reply => $NOSCRIPT, delay => 0.3 }, EVAL => 'never');

my ($answer, $seconds) = timed { ask($nginx, 'grant') };

is(refusal($answer), refused(), 'redis - NOSCRIPT, then silence - 503');
cmp_ok($seconds, '<', 0.8,
       'redis - NOSCRIPT, then silence - both rounds have one deadline');

# NOSCRIPT to what is no script is an error like others

override(GET => $NOSCRIPT);
ok(wait_for(sub { refusal(ask($nginx, 'status')) eq refused() }, 2),
   'redis - NOSCRIPT to GET - 503');
override();
ok(serving($nginx, 'status', 2), 'redis - NOSCRIPT to GET has passed - served');

in_order($nginx);
done_testing();


# the verbs of the scripts that were asked for since, when there are so many;
# but for those that give back what was not served, which are asked again

sub scripts {
    my ($from, $n) = @_;
    my @verbs;

    wait_for {
        my @lines = $middle->log;

        # a script that is sent whole has many lines

        my @asked = split /\n(?=[A-Z])/, join "\n", @lines[$from .. $#lines];

        @verbs = map { /\A(EVAL\w*)/ } grep { !/ download\.voided \d / } @asked;
        @verbs >= $n;
    } 2;

    return "@verbs";
}
