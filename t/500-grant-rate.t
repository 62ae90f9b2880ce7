# The rate of grant requests: per user, over workers and edges; a refused
# request counts as well, and 429 tells nothing.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

my $PLAYBACK = '{"action": "playback"}';
my $DOWNLOAD = '{"action": "download", "confirm": true}';

# two edges whose rate lets nobody in while this file counts, and one whose
# rate can be waited for

my ($fast, @edges) = map {
    Test::Aidial::Nginx->start(workers => 2,
        http => http_config(grant_rate => "rate=$_ burst=3"));
} qw(2r/s 6r/m 6r/m);

records();


# a user of its own for each part, so that none waits for another one

my $user = 0;

sub somebody {
    $user++;

    return session(sid => "s_r$user", user_id => "u_r$user", @_);
}


sub ask_as {
    my ($who, %option) = @_;
    my $nginx = $option{edge} // $edges[0];

    return $nginx->client->post('/api/calls/' . ($option{call} // 'c_9')
        . '/grant', $option{body} // $PLAYBACK, $who,
        $option{header} // same_origin());
}


sub statuses { join ' ', map { $_->{status} } @_ }

# takes all that may come at once

sub exhaust {
    my ($who, @where) = @_;

    @where = @edges if !@where;

    my @got = map { ask_as($who, edge => $where[$_ % @where]) } 1 .. 4;

    statuses(@got) eq '201 201 201 201' or die 'not let in: ' . statuses(@got);
}


# ---- burst + 1 at once, then the rate

my $who = somebody();
my @got = map { ask_as($who) } 1 .. 5;

is(statuses(@got), '201 201 201 201 429', 'grant - rate - four at once');
is(refusal($got[4]), '429 rate_limited 10 10', 'grant - rate - 429');
is(join(' ', @{ $got[4]{headers} }{qw(content-type cache-control)}),
   'application/problem+json no-store', 'grant - rate - headers of a problem');

# waiting as told succeeds, whatever is asked meanwhile

$who = somebody();
exhaust($who, $fast);

my $answer = ask_as($who, edge => $fast);
my $from = time;

is(refusal($answer), '429 rate_limited 1 1', 'grant - rate - wait a second');
ask_as($who, edge => $fast) for 1 .. 20;
sleep 0.01 while time < $from + 1;
is(statuses(ask_as($who, edge => $fast)), 201,
   'grant - rate - Retry-After later - 201');

# the rate, for two seconds: 2 a second and no more

$who = somebody();
exhaust($who, $fast);
$from = time;

my $let_in = 0;

while (time < $from + 2.2) {
    $let_in += ask_as($who, edge => $fast)->{status} == 201;
    sleep 0.03;
}

ok($let_in == 4 || $let_in == 5,
   'grant - rate - 2.2 seconds of requests - four let in')
    or diag($let_in);

# idle again, the burst is back

sleep 2.1;
@got = map { ask_as($who, edge => $fast) } 1 .. 4;
is(statuses(@got), '201 201 201 201', 'grant - rate - idle, four at once');

# ---- over edges and workers, at once

$who = somebody();

my @clients = map { $edges[$_ % 2]->client } 1 .. 20;

$_->send_request('POST', '/api/calls/c_9/grant', $PLAYBACK, $who,
                 same_origin()) for @clients;

my %count;

$count{$_->{status}}++ for map { $_->response } @clients;
is("$count{201} $count{429}", '4 16',
   'grant - rate - twenty at once over two edges - four let in');

# ---- each user for itself

$who = somebody();
exhaust($who);
is(statuses(ask_as(somebody())), 201, 'grant - rate - another user - 201');
session(sid => 's_again', user_id => "u_r" . ($user - 1));
is(statuses(ask_as('Cookie: aidial_session=s_again')), 429,
   'grant - rate - another session of the user - 429');

call(id => 'c_t2', tenant_id => 't_2');
session(sid => 's_t2', user_id => 'u_r' . ($user - 1), tenant_id => 't_2');
is(statuses(ask_as('Cookie: aidial_session=s_t2', call => 'c_t2')), 201,
   'grant - rate - the same user id of another tenant - 201');

# ---- what was refused counts as well; what did not get so far does not

call(id => 'c_far', tenant_id => 't_2');
call(id => 'c_denied', consent => 'denied');

for my $row ([ 404, call => 'c_none' ], [ 404, call => 'c_far' ],
             [ 404, call => 'no%20identifier' ], [ 403, call => 'c_denied' ])
{
    my ($status, %asked) = @$row;

    $who = somebody();
    @got = map { ask_as($who, %asked) } 1 .. 5;
    is(statuses(@got), "$status $status $status $status 429",
       "grant - rate, $asked{call} - four times $status, then 429");
    is(statuses(ask_as($who)), 429, "grant - rate, then its own call - 429");
}

for my $row ([ 400, body => '{}' ], [ 400, body => '{"action":"download"}' ],
             [ 403, header => 'Sec-Fetch-Site: cross-site' ],
             [ 413, body => ' ' x 5000 ],
             [ 415, header => "Content-Type: text/plain\n" . same_origin() ])
{
    my ($status, %asked) = @$row;

    $who = somebody();
    @got = map { ask_as($who, %asked) } 1 .. 5;
    is(statuses(@got), join(' ', ($status) x 5),
       "grant - rate - five times $status");
    is(statuses(ask_as($who)), 201, "grant - rate - five $status count not");
}

# ---- 429 is the same to the octet, whatever the call is

$who = somebody();
exhaust($who);

my %seen = map {
    my $limited = ask_as($who, %$_);
    my $head = $limited->{head} =~ s/^Date:.*\r\n//mr;

    ("$head\r\n$limited->{body}" => 1);
} { }, { call => 'c_none' }, { call => 'c_far' }, { call => 'c_denied' },
  { call => 'a%20b' }, { body => $DOWNLOAD };

is(scalar keys %seen, 1, 'grant - rate - 429 is the same for every call');
unlike((keys %seen)[0], qr/c_9|u_r|t_1/, 'grant - rate - no identifier in it');

# ---- entries: one a user and minute, whatever comes

my @limited = grep { $_->{user} eq "u_r$user" } audit('grant.limited');

is(scalar @limited, 1, 'grant.limited - six at once - one entry');
is(join(' ', @{ $limited[0] }{qw(count decision action call grant)}),
   '1 rate_limited playback c_9 ', 'grant.limited - its fields');
is(scalar(grep { $_->{user} eq "u_r$user" } audit('grant.issued')), 4,
   'grant.limited - none of them is issued');

ask_as($who) for 1 .. 30;
is(scalar(grep { $_->{user} eq "u_r$user" } audit('grant.limited')), 1,
   'grant.limited - thirty more - no entry');
is(redis('HGET', "aidial:{t_1}:rate:u_r$user", 'grant.limited:n'), 35,
   'grant.limited - thirty more - counted');

# ---- the key goes by itself

cmp_ok(redis('PTTL', "aidial:{t_1}:rate:u_r$user"), '>', 0,
       'grant - rate - its key has an end');
cmp_ok(redis('PTTL', "aidial:{t_1}:rate:u_r$user"), '<=', 300_000,
       'grant - rate - its key does not stay for long');

# ---- a Retry-After of more than a second is true as well

$fast->write_conf(http => http_config(grant_rate => 'rate=30r/m'));
$fast->reload or die 'no reload';
$who = somebody();
is(statuses(ask_as($who, edge => $fast)), 201, 'grant - 30r/m - 201');
sleep 0.3;

$answer = ask_as($who, edge => $fast);

is(refusal($answer), '429 rate_limited 2 2', 'grant - 30r/m - wait 2 seconds');
$from = time;
sleep 0.7;
is(refusal(ask_as($who, edge => $fast)), '429 rate_limited 1 1',
   'grant - 30r/m - then 1');
sleep 0.01 while time < $from + 2;
is(statuses(ask_as($who, edge => $fast)), 201, 'grant - 30r/m - as told - 201');

# ---- off

$fast->write_conf(http => http_config(grant_rate => 'off'));
$fast->reload or die 'no reload';
$who = somebody();
is(statuses(map { ask_as($who, edge => $fast) } 1 .. 30), join(' ', (201) x 30),
   'grant - rate off - thirty at once');
is(redis('EXISTS', "aidial:{t_1}:rate:u_r$user"), 0,
   'grant - rate off - no key');

in_order($_) for $fast, @edges;
done_testing();
