# The rate of media and status requests: per user, over the workers of this
# edge; it is asked after the session and before anything about the call.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

# rates that let nobody in while this file counts, and one to wait for

my $slow = Test::Aidial::Nginx->start(workers => 2,
    http => http_config(media_rate => 'rate=6r/m burst=3'));
my $fast = Test::Aidial::Nginx->start(workers => 2,
    http => http_config(media_rate => 'rate=2r/s burst=3'));
my $whole = Test::Aidial::Nginx->start(workers => 2,
    http => http_config(media_rate => 'rate=1000r/s burst=10000'));

records();

my $LIMITED = qr/\A429 rate_limited/;
my ($user, %cookie) = (0);

# a user of its own for each part, so that none waits for another one

sub somebody {
    $user++;

    return ("u_m$user", session(sid => "s_m$user", user_id => "u_m$user", @_));
}

sub status_as {
    my ($nginx, $who, $call) = @_;

    return $nginx->client->get('/api/calls/' . ($call // 'c_9') . '/status',
                               $who);
}

sub media_as {
    my ($nginx, $who, %option) = @_;
    my ($url, $method) = (delete $option{url}, delete $option{method});

    return $nginx->client->${ \($method // 'get') }(
        $url // media_url(grant(%option)), $who);
}

sub statuses { join ' ', map { $_->{status} } @_ }

# takes all that may come at once

sub exhaust {
    my ($nginx, $who) = @_;
    my $got = statuses(map { status_as($nginx, $who) } 1 .. 4);

    $got eq '200 200 200 200' or die "not let in: $got";
}


# ---- burst + 1 at once, over both workers; status and media share one count

my ($id, $who) = somebody();

is(statuses(map { status_as($slow, $who), media_as($slow, $who, user => $id) }
            1, 2),
   '200 200 200 200', 'rate - burst and one more, status and media - served');
like(refusal(status_as($slow, $who)), $LIMITED, 'rate - one more status - 429');
like(refusal(media_as($slow, $who, user => $id)), $LIMITED,
     'rate - one more playback - 429');
like(refusal(media_as($slow, $who, user => $id, action => 'download')),
     $LIMITED, 'rate - one more download - 429');
is(media_as($slow, $who, user => $id, method => 'head')->{status}, 429,
   'rate - one more HEAD - 429');

# ---- whatever the call is, the bytes are the same

call(id => 'c_foreign', client_id => 'cl_2');

my %body = map { status_as($slow, $who, $_)->{body} =~ s/\d+\}/N}/r => 1 }
    qw(c_9 c_foreign c_none), 'not!an!id';
is(keys %body, 1, 'rate - 429 tells nothing of the call');
like(refusal(media_as($slow, $who, user => $id, call => 'c_foreign',
                      client => 'cl_2')), $LIMITED,
     'rate - a call out of scope - 429');
like(refusal(media_as($slow, $who, user => 'u_81')), $LIMITED,
     "rate - somebody else's link - 429");
like(refusal(media_as($slow, $who, user => $id, expires_at => time - 1)),
     $LIMITED, 'rate - a link that has expired - 429');

# ---- what stands before it is answered before it

is($slow->client->post('/api/calls/c_9/status', '', $who)->{status}, 405,
   'rate - status, wrong method - 405');
is($slow->client->get(media_url(grant(user => $id)), $who,
                      'Sec-Fetch-Site: cross-site')->{status}, 403,
   'rate - media, cross-site - 403');
is(media_as($slow, $who, url => media_url(grant(user => $id)) . 'x')->{status},
   404, 'rate - media, a forged token is nobody\'s - 404');

# ---- what is refused counts as well

($id, $who) = somebody();
status_as($slow, $who, 'c_none') for 1 .. 2;
media_as($slow, $who, user => $id, expires_at => time - 1) for 1 .. 2;
like(refusal(status_as($slow, $who)), $LIMITED,
     'rate - after four refusals - 429');

# ---- a session that does not stand is nobody's

($id, $who) = somebody();
redis('SET', "aidial:revoked-before:t_1:$id", int time);
is(statuses(map { status_as($slow, $who) } 1 .. 6), join(' ', (401) x 6),
   'rate - revoked - 401, not counted');
redis('DEL', "aidial:revoked-before:t_1:$id");
is(status_as($slow, $who)->{status}, 200, 'rate - no longer revoked - served');

# ---- users: the pair of tenant and id, octet by octet

($id, $who) = somebody();
exhaust($slow, $who);
call(id => 'c_t2', tenant_id => 't_2');

my $other = session(sid => 's_t2', user_id => $id, tenant_id => 't_2');
is(status_as($slow, $other, 'c_t2')->{status}, 200,
   'rate - the same id in another tenant - served');

# the names of both pairs, written behind each other, are the same

my @pair = map { session(sid => "s_$_->[0]", tenant_id => "t_$_->[0]",
                         user_id => $_->[1]) } [ 'ab', 'c' ], [ 'a', 'bc' ];
status_as($slow, $pair[0], 'c_none') for 1 .. 4;
is(status_as($slow, $pair[1], 'c_none')->{status}, 404,
   'rate - another pair that is spelt the same - not limited');
is(status_as($slow, $pair[0], 'c_none')->{status}, 429,
   'rate - the pair itself - limited');

# ---- another session of the same user is the same user

is(status_as($slow, session(sid => 's_again', user_id => $id))->{status}, 429,
   'rate - another session of the user - 429');

# ---- Retry-After is true, and a refusal does not lengthen the wait

($id, $who) = somebody();
exhaust($fast, $who);

my $begin = time;
my $refused = status_as($fast, $who);
is($refused->{status}, 429, 'rate - used up - 429');
is($refused->{headers}{'retry-after'}, 1, 'rate - half a second, rounded up');
status_as($fast, $who) while time < $begin + 0.4;
sleep 0.01 while time < $begin + 0.6;
is(status_as($fast, $who)->{status}, 200,
   'rate - refused meanwhile, the interval has passed - served');
is(status_as($fast, $who)->{status}, 429, 'rate - one, and no more');

# ---- exact over workers: many at once

($id, $who) = somebody();

my @client = map { $slow->client } 1 .. 40;
$_->send_request('GET', '/api/calls/c_9/status', undef, $who) for @client;
my %count;
$count{ ($_->response // { status => 'none' })->{status} }++ for @client;
is_deeply(\%count, { 200 => 4, 429 => 36 }, 'rate - 40 at once - 4 are let in');

# ---- and over a reload, and a worker that is killed

($id, $who) = somebody();
exhaust($slow, $who);
$slow->reload;
is(status_as($slow, $who)->{status}, 429, 'rate - after a reload - 429');
my ($killed) = $slow->workers;
$slow->signal('KILL', $killed);
wait_for { !grep { $_ == $killed } $slow->workers };
is(status_as($slow, $who)->{status}, 429, 'rate - a worker was killed - 429');

# ---- another edge counts for itself

is(status_as($whole, $who)->{status}, 200, 'rate - another edge - served');

# ---- the audit trail has one entry a minute for media, none for status

my @limited = grep { $_->{decision} eq 'rate_limited' } audit('media.refused');
cmp_ok(@limited, '>=', 1, 'rate - media - entered');
is($limited[0]{user}, 'u_m1', 'rate - media - whose it was');

in_order($slow, killed => 1);
in_order($_) for $fast, $whole;
done_testing();
