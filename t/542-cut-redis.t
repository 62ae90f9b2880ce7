# Running responses while Redis is away, how little they ask of it, and the
# sessions and records that are not in it.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use MIME::Base64 qw(encode_base64url);
use Test::More;
use Test::Aidial::Cut;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Time::HiRes qw(sleep time);

large(16 << 20);

my $call = sub {
    call(large_call(), @_);
    return redis('GET', 'aidial:call:c_9');
};

records();

my %answer = ('/record?call=c_9&tenant=t_1' => found($call->()),
              '/record?tenant=t_1' => found('{"staff_playback": true}'));
my $me = json({ user_id => 'u_81', role => 'client_manager',
                tenant_id => 't_1', client_id => 'cl_1',
                project_ids => [ 'p_1' ], created_at => int(time) - 60,
                expires_at => int(time) + 3600 });
my $portal = Test::Aidial::Origin->start(%answer, '/me' => found($me),
    '/staff' => found($me =~ s/client_manager/client_staff/r));

my $entry;
my $SECRET = 'a secret of tokens, 32 bytes long';
open my $file, '>', dir() . '/jwt.secrets' or die $!;
print $file "$SECRET\n";
close $file;

my $nginx = Test::Aidial::Nginx->start(workers => 1, http => large_http(
        redis => 'unix:' . redis_server()->path . ' timeout=150ms',
        extra => 'upstream portal { server unix:' . $portal->path . '; }'),
    server => locations(large_media('limit_rate 100k;',
                                    'aidial_recording_recheck 400ms;'))
        . <<"END");
    location /unwatched/ {
        aidial_recording media;
        aidial_recording_recheck off;
        limit_rate 100k;
        proxy_pass http://large/;
    }
    location /jwt/ {
        aidial_recording media;
        aidial_recording_recheck 400ms;
        aidial_recording_session_format jwt alg=HS256
            secret_file=@{[ dir() ]}/jwt.secrets;
        limit_rate 100k;
        proxy_pass http://large/;
    }
    location /asked/ {
        aidial_recording media;
        aidial_recording_recheck 400ms;
        aidial_recording_session_introspect /_me;
        aidial_recording_call_fetch /_record ttl=1s;
        limit_rate 100k;
        proxy_pass http://large/;
    }
    location /staff/ {
        aidial_recording media;
        aidial_recording_recheck 400ms;
        aidial_recording_session_introspect /_staff;
        aidial_recording_call_fetch /_record ttl=1s;
        limit_rate 100k;
        proxy_pass http://large/;
    }
    location = /_staff { internal; proxy_pass http://portal/staff; }
    location = /_me { internal; proxy_pass http://portal/me; }
    location = /_record { internal; proxy_pass http://portal/record; }
END

sub found {
    my ($body) = @_;

    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
           . "\r\n\r\n$body";
}

sub fresh {
    redis('FLUSHALL');
    records();
    $call->();
}

# its end, and the entry of it, which must not come into the next part

sub cut_off {
    my ($of, $head) = @_;
    my $end = drain($of, $head);

    $entry = cut_entry();
    return $end;
}

# it runs on: bytes come that were not on their way before

sub runs_on {
    my ($client, $answer, $seconds) = @_;

    return drain($client, $answer, $seconds) eq 'runs'
           && !audit('media.cut');
}


# ---- Redis is silent for less than three intervals: nothing happens

fresh();
my ($client, $answer) = running($nginx, '/large/' . grant(), 10_000);
my $redis = redis_server();

kill STOP => $redis->pid;
is(drain($client, $answer, 0.7), 'runs', 'Redis stops for 0.7 s - it runs');
kill CONT => $redis->pid;
ok(runs_on($client, $answer, 1.5), 'Redis goes on - it runs on');

# ---- for longer: cut, and entered when Redis is back

my $begin = time;
kill STOP => $redis->pid;
is(drain($client, $answer, 4), 'reset', 'Redis stops - it is cut');
my $took = time - $begin;
kill CONT => $redis->pid;

cmp_ok($took, '>=', 0.8, 'Redis stops - not before three intervals');
cmp_ok($took, '<', 1.6, 'Redis stops - nor long after them');

$entry = cut_entry();
is($entry->{reasons}, 'unverifiable', 'Redis stops - entered - unverifiable');
is($entry->{decision}, 'service_unavailable', 'Redis stops - the decision');

# ---- Redis refuses what is asked of it

fresh();
($client, $answer) = running($nginx, '/large/' . grant(), 10_000);
redis('ACL', 'SETUSER', 'default', '-get');
is(drain($client, $answer, 4), 'reset', 'Redis refuses GET - it is cut');
redis('ACL', 'SETUSER', 'default', '+@all');
is(cut_entry()->{reasons}, 'unverifiable', 'Redis refuses GET - unverifiable');

# ---- how much is asked: once for all responses of a session and call

fresh();
my $url = '/large/' . grant();
my @client = map { [ running($nginx, $url, 1000) ] } 1 .. 6;

sub gets {
    my ($calls) = redis('INFO', 'commandstats') =~ /cmdstat_get:calls=(\d+)/;

    return $calls;
}

my $before = gets();
sleep 3;
my $asked = gets() - $before;

# an interval is 300 ms, and the first one began at random

cmp_ok($asked, '<=', 4 * 11, "six responses of one session and call: $asked");
cmp_ok($asked, '>=', 4 * 7, 'six responses - and no less than that');
$_->[0]->abort for @client;

# ... and nothing when none runs

sleep 0.5;
$before = gets();
sleep 1;
is(gets() - $before, 0, 'no response - nothing is asked');

# ---- off

fresh();
($client, $answer) = running($nginx, '/unwatched/' . grant(), 10_000);
$call->(consent => 'denied');
ok(runs_on($client, $answer, 1.5), 'recheck off - it runs on');
$client->abort;

# ---- a grant that expires, and one that Redis has lost, cut nothing

fresh();
($client, $answer) = running($nginx,
    '/large/' . grant(expires_at => int(time) + 1), 10_000);
redis('DEL', grep { /grant/ } @{ redis('KEYS', '*') });
ok(runs_on($client, $answer, 2), 'the grant has expired - it runs on');
$client->abort;

# ---- a session that the portal touches all the time

fresh();
($client, $answer) = running($nginx, '/large/' . grant(), 10_000);

for my $n (1 .. 20) {
    session(touched => $n);
    sleep 0.1;
}

ok(runs_on($client, $answer, 0.5), 'the record changes - it runs on');
session(project_ids => []);
is(cut_off($client, $answer), 'reset', 'the record takes the project - cut');

# ---- two calls of one session, two sessions of one call: each for itself

fresh();
call(large_call(), id => 'c_2');
my @first = running($nginx, '/large/' . grant(), 1000);
my @second = running($nginx, '/large/' . grant(call => 'c_2'), 1000);
session(sid => 's_2');
my $third = narrow($nginx);
$third->send_request('GET', '/large/' . grant(), undef,
                     'Cookie: aidial_session=s_2');
my @third = ($third, $third->response(head => 1));

redis('DEL', 'aidial:call:c_2');
is(cut_off(@second), 'reset', 'one call is gone - its response is cut');
is(drain(@first, 0.5), 'runs', 'one call is gone - the other one runs');
redis('DEL', 'aidial:session:s_1');
is(cut_off(@first), 'reset', 'one session is gone - its response is cut');
is(drain(@third, 0.7), 'runs', 'one session is gone - the other one runs');
$third->abort;

# ---- a token as session

sub jwt {
    my (%claim) = @_;
    my $text = join '.', map { encode_base64url($_) } '{"alg":"HS256"}',
        json({ user_id => 'u_81', role => 'client_manager',
               tenant_id => 't_1', client_id => 'cl_1',
               project_ids => [ 'p_1' ], sid => 'token-1',
               iat => int(time) - 60, exp => int(time) + 600, %claim });

    return "Cookie: aidial_session=$text."
           . encode_base64url(hmac_sha256($text, $SECRET));
}

sub running_as {
    my ($cookie, $where) = @_;
    my $of = narrow($nginx);

    $of->send_request('GET', $where . grant(), undef, $cookie);
    my $head = $of->response(head => 1) // die 'no answer';
    $head->{status} == 200 or die "$where: $head->{status}";

    return ($of, $head);
}

fresh();
my @token = running_as(jwt(), '/jwt/');
is(drain(@token, 1), 'runs', 'jwt - it runs');
redis('SET', 'aidial:revoked:token-1', 1);
is(cut_off(@token), 'reset', 'jwt - revoked - cut');

fresh();
@token = running_as(jwt(exp => int(time) + 2), '/jwt/');
is(cut_off(@token), 'reset', 'jwt - expired - cut');
is($entry->{reasons}, 'session_required', 'jwt - expired - why');

# two tokens of one session: each ends when it says

fresh();
my @early = running_as(jwt(exp => int(time) + 2), '/jwt/');
my @late = running_as(jwt(), '/jwt/');
is(drain(@early), 'reset', 'jwt - a newer token runs as well - cut');
is(drain(@late, 0.7), 'runs', 'jwt - the newer one runs on');
$late[0]->abort;
cut_entry();

# ---- a session and a call that the portal was asked for

fresh();
redis('DEL', 'aidial:call:c_9', 'aidial:tenant:t_1');
@token = running_as('Cookie: aidial_session=x', '/asked/');
is(drain(@token, 2.5), 'runs',
   'asked - what was kept is gone - it runs on');
redis('SET', 'aidial:revoked-before:t_1:u_81', int time);
is(cut_off(@token), 'reset', 'asked - revoked-before - cut');

fresh();
redis('DEL', 'aidial:call:c_9');
@token = running_as('Cookie: aidial_session=x', '/asked/');
$call->(consent => 'missing');
is(cut_off(@token), 'reset', 'asked - the portal writes the call - cut');
is($entry->{reasons}, 'consent_missing', 'asked - why');

# the portal has no such tenant any more: what it had allowed is over

fresh();
redis('DEL', 'aidial:call:c_9', 'aidial:tenant:t_1');
@token = running_as('Cookie: aidial_session=x', '/staff/');
redis('SET', 'aidial:{t_1}:tenant', '');
is(cut_off(@token), 'reset', 'asked - no such tenant - cut');
is($entry->{reasons}, 'staff_playback_disabled', 'asked - no such tenant - why');

# ---- a worker that quits looks after its responses

fresh();
($client, $answer) = running($nginx, '/large/' . grant(), 10_000);
$nginx->signal('HUP');
ok(wait_for(sub { (() = $nginx->workers) > 1 }), 'reload - the old one stays');
$call->(consent => 'denied');
is(cut_off($client, $answer), 'reset', 'reload - withdrawn - the old one cuts');
ok(wait_for(sub { (() = $nginx->workers) == 1 }), 'reload - and leaves');

in_order($nginx, crit => qr/NOPERM/);
done_testing();
