use strict;
use warnings;

# A script whose answer was lost with its connection is sent once more, and
# done once.  Its deadline stays what it was.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

my $media = media_bytes();
my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path);

prepare();
ok(serving($nginx, 'media', 2), 'redis - nothing lost - served');

# every way to lose an answer

for my $row ([ 'the connection closes' => 'close' ],
             [ 'bytes that are no RESP2' => "?\r\n" ])
{
    my ($name, $how) = @$row;
    my $url = healthy();
    my $from = $middle->log;

    lose(EVALSHA => 1, $how);
    is(ask($nginx, $url)->{body}, $media, "redis - $name - served all the same");
    is(repeated($from), 2, "redis - $name - asked twice, in the same words");
    is(ask($nginx, $url)->{status}, 410, "redis - $name - and was spent once");
    like(join('', $nginx->log(qr/connection to Redis ended/)),
         qr/\[info\].*; 0 operations fail, 1 may be sent again/,
         "redis - $name - said");

    $url = healthy();
    $from = $middle->log;
    lose(EVALSHA => 2, $how);
    is(refusal(ask($nginx, $url)), refused(), "redis - $name, twice - 503");
    is(repeated($from), 2, "redis - $name, twice - asked twice, not more");
}

# an answer that can be read is an answer

my $url = healthy();
my $from = $middle->log;

lose(EVALSHA => 1, "-LOADING Redis is loading\r\n");
is(refusal(ask($nginx, $url)), refused(), 'redis - LOADING - 503');
is(repeated($from), 1, 'redis - LOADING - not asked again');

# its deadline stays: the second answer never comes

$url = healthy();
lose(EVALSHA => 1, { reply => '', delay => 0.3, close => 1 });

my $client = in_flight($nginx, $url, steps => 2);
my $begin = time;

sleep 0.1;
override(EVALSHA => 'never');
is(refusal($client->response), refused(), 'redis - lost, then silence - 503');
cmp_ok(time - $begin, '<', 0.65, 'redis - lost, then silence - one deadline');
override();

# silence: who is late fails, who came after it is sent again

my @url = (healthy(), download_url());

lose(EVALSHA => 1, 'never');

my $late = in_flight($nginx, $url[0], steps => 2);

sleep 0.25;

my $later = start_asking($nginx, $url[1]);

is(refusal($late->response), refused(), 'redis - silence, the late one - 503');
is($later->response->{status}, 503,
   'redis - silence, a load behind it - is not sent again');
ok(serving($nginx, $url[1], 2), 'redis - silence is over - served');

# a script behind one who is late: sent again, with what is left of its time

$url = healthy();
$client = $nginx->client;
override('GET aidial:session:s_1' => { until => dir() . '/loads' },
         'GET aidial:session:s_2' => 'never');
$later = in_flight($nginx, $url);
$client->send_request('GET', '/api/calls/c_9/status', undef,
                      'Cookie: aidial_session=s_2', same_origin());
sleep 0.25;
open my $file, '>', dir() . '/loads' or die "loads: $!";
is(refusal($client->response), refused(), 'redis - silence, a load - 503');
is($later->response->{body}, $media,
   'redis - silence, a script behind it - served');

# a client that left: nobody asks again, but the grant is given back, and that
# is a script like others

$url = healthy();
$from = $middle->log;
lose(EVALSHA => 1, { reply => '', delay => 0.2, close => 1 });
in_flight($nginx, $url, steps => 2)->close;
ok(wait_for(sub { $nginx->log(qr/ended: .*; 0 operations fail, 1 may/) }, 2),
   'redis - the client left - the connection ends');
ok(serving($nginx, 'status', 2), 'redis - the client left - others are served');
settled();
is(repeated($from, qr/ 30000 900000 /), 1,
   'redis - the client left - not redeemed again');
is(repeated($from, qr/ download\.voided /), 2,
   'redis - the client left - given back, asked twice');
is(ask($nginx, $url)->{status}, 200,
   'redis - the client left - the grant is still good');

# a connection that was young is not waited for, unless there is another one

$nginx->write_conf(http => http_config(redis => 'unix:' . $middle->path
                                                . ' connections=2'));
$url = download_url();
$nginx->reload or die 'no reload';
$middle = middle();
wait_for { 2 == grep { $_ eq 'PING' } $middle->log };
serving($nginx, 'status', 2) or die 'not served';
lose(EVALSHA => 1, 'close');
is(ask($nginx, $url)->{status}, 200, 'redis - another connection - served');
settled();

# twice is twice, though there would be a connection for a third time

$url = healthy();
$from = $middle->log;
lose(EVALSHA => 2, 'close');
is(refusal(ask($nginx, $url)), refused(), 'redis - lost on both - 503');
is(repeated($from, qr/ 30000 900000 /), 2, 'redis - lost on both - asked twice');

# the other connection has no more time than the first one left

$url = healthy();
lose(EVALSHA => 1, { reply => '', delay => 0.3, close => 1 });
$client = in_flight($nginx, $url, steps => 2);
$begin = time;
sleep 0.1;
override(EVALSHA => 'never');
is(refusal($client->response), refused(),
   'redis - lost on one, silence on the other - 503');
cmp_ok(time - $begin, '<', 0.65,
       'redis - lost on one, silence on the other - one deadline');
override();
settled();

$nginx->write_conf(http => http_config(redis => 'unix:' . $middle->path));
override();
$url = download_url();
$nginx->reload or die 'no reload';
$middle = middle();
serving($nginx, 'status', 2) or die 'not served';
lose(EVALSHA => 1, 'close');
is(refusal(ask($nginx, $url)), refused(), 'redis - a young connection - 503');
ok(serving($nginx, $url, 2),
   'redis - a young connection - the grant is given back');

# a worker that quits comes back for it

$nginx->write_conf(http => http_config(redis => 'unix:' . $middle->path
                                                . ' timeout=3s'));
$nginx->reload or die 'no reload';
healthy();
override(EVALSHA => { reply => '', delay => 0.2, close => 1 });
$client = in_flight($nginx, 'grant', steps => 3);
override();
$nginx->signal('QUIT');
is($client->response->{status}, 201, 'redis - lost while quitting - served');

in_order($nginx);
done_testing();


# the URL of a new download, when the connection is a good one again

sub healthy {
    override();
    serving($nginx, 'status', 2) or die 'not served';
    settled();
    sleep 1.1;

    return download_url();
}


# how often the same script was asked for since, at most

sub repeated {
    my ($from, $which) = (@_, qr/./);
    my @lines = $middle->log;
    my (%count, $most);

    $count{$_}++ for grep { /\AEVALSHA/ && /$which/ } @lines[$from .. $#lines];
    ($most) = sort { $b <=> $a } values %count, 0;

    return $most;
}
