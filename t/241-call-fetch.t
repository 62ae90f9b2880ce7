use strict;
use warnings;

# Records that are not in Redis: an internal location is asked for them, once,
# and what it answers is kept in Redis for all edges.

use lib 't/lib';
use Digest::SHA 'sha256_hex';
use JSON::PP;
use Test::More;
use Test::Aidial::Fault qw(middle override);
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

records();
tenant(recording_download => JSON::PP::false);

my $call = redis('GET', 'aidial:call:c_9');
my $tenant = '{"staff_playback": true, "recording_download": true}';

my %answer = (
    'call=c_new&tenant=t_1' => found($call),
    'call=c_slow&tenant=t_1' => [ "HTTP/1.1 200 OK\r\nContent-Length: "
        . (28 + length $call) . "\r\n\r\n", (' ') x 28, $call ],
    'call=c_media&tenant=t_1' => found($call),
    'call=c_short&tenant=t_1' => found($call),
    'call=c_other&tenant=t_1' => found($call =~ s/"t_1"/"t_2"/r),
    'call=c_client&tenant=t_1' => found($call =~ s/"cl_1"/"cl_2"/r),
    'call=c_bad&tenant=t_1' => found('{"tenant_id": "t_1"}'),
    'call=c_text&tenant=t_1' => found('no'),
    'call=c_big&tenant=t_1' => found($call =~ s/\A\{/'{"x":"' . 'x' x 66000 . '",'/er),
    'call=c_410&tenant=t_1' => "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
    'call=c_401&tenant=t_1' => "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
    'call=c_500&tenant=t_1' => "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
    'call=c_302&tenant=t_1' => "HTTP/1.1 302 Found\r\nLocation: /\r\n"
        . "Content-Length: 0\r\n\r\n",
    'call=c_cut&tenant=t_1' => [ substr(found($call), 0, -1), 'close' ],
    'call=c_silent&tenant=t_1' => 'never',
    'tenant=t_1' => found($tenant),
    'tenant=t_bad' => found('[]'),
);

my $portal = Test::Aidial::Origin->start(
    (map { ("/record?$_" => $answer{$_}) } keys %answer),
    '*' => "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
my $middle = middle();
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(redis => 'unix:' . $middle->path,
        extra => 'aidial_recording_call_fetch /_record;'
        . ' upstream portal { server unix:' . $portal->path . '; }'),
    server => locations(<<'END'));
    location = /_record {
        internal;
        proxy_pass http://portal/record;
        proxy_read_timeout 500ms;
        proxy_next_upstream off;
    }

    location ~ ^/brief/(.*)$ {
        aidial_recording_call_fetch /_record ttl=1s;
        aidial_recording status $1;
    }

    location ~ ^/off/(.*)$ {
        aidial_recording_call_fetch off;
        aidial_recording status $1;
    }
END
my $client = $nginx->client;
my $good = session();

# what is kept for the session's scope only, from docs/redis-contract.md

my $scope = substr sha256_hex("cl_1\0p_1\0p_2\0"), 0, 32;

# what Redis has is not asked for

asked('known call and tenant', 'c_9', 200);
is(json_of('c_9')->{download}{allowed}, JSON::PP::false,
   'fetch - the tenant\'s record in Redis is the one');

# a call that only the portal has, and what it is told of the request

asked('new call', 'c_new', 200, 'call=c_new&tenant=t_1');
asked('new call, again', 'c_new', 200);
cmp_ok(redis('TTL', 'aidial:{t_1}:call:c_new'), '>', 25,
       'fetch - new call - kept for half a minute');
cmp_ok(redis('TTL', 'aidial:{t_1}:call:c_new'), '<=', 30,
       'fetch - new call - and no longer');
is(redis('EXISTS', "aidial:{t_1}:fetch-call:$scope/c_new"), 0,
   'fetch - new call - the claim is given back');
is(redis('EXISTS', 'aidial:call:c_new'), 0,
   'fetch - new call - the portal\'s own record is the portal\'s');

redis('DEL', 'aidial:{t_1}:call:c_new');
$portal->requests;
$client->get('/api/calls/c_new/status', "$good; secret=1", 'User-Agent: me',
             'Range: bytes=0-1', 'If-None-Match: "x"', 'X-Test: 1');
my ($told) = $portal->requests;
like($told, qr{\AGET /record\?call=c_new&tenant=t_1 HTTP/1\.0\r\n},
     'fetch - told - which call, and for whom');
unlike($told, qr/secret|s_1|bytes=|If-None|X-Test/i,
       'fetch - told - nothing of the client');

# what the portal writes to Redis goes before what was kept

redis('SET', 'aidial:call:c_new', $call =~ s/"granted"/"denied"/r);
asked('the portal writes it', 'c_new', 200);
is_deeply(json_of('c_new')->{playback}{reasons}, [ 'consent_denied' ],
          'fetch - the portal writes it - it counts at once');

# none, in every way; remembered for five seconds

for my $row ([ 'unknown', 'c_none' ], [ '410', 'c_410' ],
             [ 'unusable', 'c_bad' ], [ 'no JSON', 'c_text' ],
             [ 'over 64 KiB', 'c_big' ], [ 'of another tenant', 'c_other' ])
{
    my ($case, $id) = @$row;

    asked($case, $id, 404, "call=$id&tenant=t_1");
    asked("$case, again", $id, 404);
    is(redis('GET', "aidial:{t_1}:call:$scope/$id"), '',
       "fetch - $case - kept as none");
    is(redis('EXISTS', "aidial:{t_1}:call:$id"), 0,
       "fetch - $case - in this scope only");
    cmp_ok(redis('TTL', "aidial:{t_1}:call:$scope/$id"), '<=', 5,
           "fetch - $case - not for long");
}

# a call in Redis that is not in scope takes the way of one that nobody knows

for my $row ([ 'foreign tenant', 'c_f1', 't_2', 'cl_1', 'p_1' ],
             [ 'foreign client', 'c_f2', 't_1', 'cl_2', 'p_1' ],
             [ 'foreign project', 'c_f3', 't_1', 'cl_1', 'p_9' ])
{
    my ($case, $id, $tenant_id, $client_id, $project_id) = @$row;

    call(id => $id, tenant_id => $tenant_id, client_id => $client_id,
         project_id => $project_id);

    my @first = commands(sub { asked($case, $id, 404, "call=$id&tenant=t_1") });
    my @none = commands(sub { asked("$case, unknown", "n_$id", 404,
                                    "call=n_$id&tenant=t_1") });
    my @again = commands(sub { asked("$case, again", $id, 404) });
    my @nobody = commands(sub { asked("$case, unknown again", "n_$id", 404) });

    is_deeply([ map { s/n_c_/c_/r } @none ], \@first,
              "fetch - $case - the same commands as for an unknown call");
    is_deeply([ map { s/n_c_/c_/r } @nobody ], \@again,
              "fetch - $case, again - likewise");
}

# of this tenant, but not of this client: as one that nobody knows, also when
# somebody of that client has had it kept

asked('other client', 'c_client', 404, 'call=c_client&tenant=t_1');
is(redis('EXISTS', 'aidial:{t_1}:call:c_client'), 0,
   'fetch - other client - not kept');
asked('other client, again', 'c_client', 404);

session(sid => 's_other', client_id => 'cl_2');
asked('whose it is', 'c_client', 200, 'call=c_client&tenant=t_1',
      'Cookie: aidial_session=s_other');
asked('other client, still', 'c_client', 404);
redis('DEL', "aidial:{t_1}:call:$scope/c_client");

my @theirs = commands(sub { asked('other client, kept by others', 'c_client',
                                  404, 'call=c_client&tenant=t_1') });
my @nobodys = commands(sub { asked('unknown client', 'n_client', 404,
                                   'call=n_client&tenant=t_1') });
is_deeply([ map { s/n_client/c_client/r } @nobodys ], \@theirs,
          'fetch - other client, kept by others - as an unknown call');
asked('whose it is, still', 'c_client', 200, undef,
      'Cookie: aidial_session=s_other');

# nothing that was not understood

for my $id (qw(c_401 c_500 c_302 c_cut c_silent)) {
    asked($id, $id, 503, "call=$id&tenant=t_1");
    is(redis('EXISTS', "aidial:{t_1}:call:$id"), 0, "fetch - $id - not kept");
    cmp_ok(redis('PTTL', "aidial:{t_1}:fetch-call:$scope/$id"), '<=', 1000,
       "fetch - $id - the claim ends soon");
    cmp_ok(redis('PTTL', "aidial:{t_1}:fetch-call:$scope/$id"), '>', 0,
       "fetch - $id - and not at once");
    asked("$id, again", $id, 503);
    redis('DEL', "aidial:{t_1}:fetch-call:$scope/$id");
}

asked('503, asked again', 'c_500', 503, 'call=c_500&tenant=t_1');

# what is kept under the key is no string

redis('RPUSH', 'aidial:{t_1}:call:c_list', 1);
asked('a key of the wrong type', 'c_list', 404, 'call=c_list&tenant=t_1');

# a malformed id is no call's

asked('malformed id', 'c%20x', 404);
asked('nobody', 'c_new2', 401, undef, 'Cookie: aidial_session=none');
asked('off', 'c_new3', 404, undef, undef, '/off/');

# a tenant

redis('DEL', 'aidial:tenant:t_1');
asked('tenant', 'c_9', 200, 'tenant=t_1');
is(json_of('c_9')->{download}{allowed}, JSON::PP::true,
   'fetch - tenant - as the portal says');
asked('tenant, again', 'c_9', 200);
tenant(recording_download => JSON::PP::false);
is(json_of('c_9')->{download}{allowed}, JSON::PP::false,
   'fetch - tenant - the portal writes it, it counts at once');
redis('DEL', 'aidial:tenant:t_1');
session(sid => 's_bad', tenant_id => 't_bad');
call(id => 'c_bad2', tenant_id => 't_bad');
asked('unusable tenant', 'c_bad2', 200, 'tenant=t_bad',
      'Cookie: aidial_session=s_bad');
tenant();

# both at once, in turn; and for each endpoint

redis('DEL', 'aidial:tenant:t_1', 'aidial:{t_1}:tenant');

my $answer = $client->post('/api/calls/c_media/grant',
    '{"action": "playback"}', $good, same_origin());
is($answer->{status}, 201, 'fetch - grant - 201');
is_deeply([ uris() ], [ 'call=c_media&tenant=t_1', 'tenant=t_1' ],
          'fetch - grant - call and tenant');

my $url = decode_json($answer->{body})->{url};
is($client->get($url, $good)->{status}, 200, 'fetch - media - 200');
is_deeply([ uris() ], [], 'fetch - media - what was kept');
redis('DEL', 'aidial:{t_1}:call:c_media', 'aidial:{t_1}:tenant');
is($client->get($url, $good)->{status}, 200, 'fetch - media, not kept - 200');
is_deeply([ uris() ], [ 'call=c_media&tenant=t_1', 'tenant=t_1' ],
          'fetch - media, not kept - asked again');
is($client->get("${url}x", $good)->{status}, 404, 'fetch - forged token - 404');
is_deeply([ uris() ], [], 'fetch - forged token - nobody is asked');

# one round trip more that is asked once, none that is asked always

my @commands = commands(sub { $client->get($url, $good) });
is(scalar(grep { /\A(?:GET|HMGET|SET|DEL)/ } @commands), 7,
   'fetch - media - two reads more, in the same round trip');

# the session, read again when the portal took its time: signed out meanwhile

for my $row ([ 'status', 'GET', '/api/calls/c_slow/status' ],
             [ 'grant', 'POST', '/api/calls/c_slow/grant' ],
             [ 'media', 'GET', $url ])
{
    my ($case, $method, $uri) = @$row;
    my $fresh = session(sid => 's_leaves');
    my $asking = $nginx->client;

    redis('DEL', "aidial:{t_1}:call:$_") for 'c_slow', 'c_media';
    redis('DEL', "aidial:{t_1}:fetch-call:$scope/c_slow");
    $portal->requests;
    $asking->send_request($method, $uri,
        $method eq 'POST' ? '{"action": "playback"}' : undef,
        $fresh, same_origin());

    if ($case eq 'media') {
        is($asking->response->{status}, 200, 'fetch - media, in time - 200');
        next;
    }

    ok(wait_for(sub { () = $portal->requests }, 2),
       "fetch - $case, signed out meanwhile - asked");
    redis('DEL', 'aidial:session:s_leaves');
    my $answer = $asking->response(timeout => 5);
    is($answer && $answer->{status}, 401,
       "fetch - $case, signed out meanwhile - 401");
}

# ttl=

asked('ttl', 'c_short', 200, 'call=c_short&tenant=t_1', undef, '/brief/');
cmp_ok(redis('PTTL', 'aidial:{t_1}:call:c_short'), '<=', 1000,
       'fetch - ttl - kept as long as configured');

# Redis fails between the questions

for my $row ([ 'claim', qr/\ASET aidial:\{t_1\}:fetch/ ],
             [ 'keep', qr/\ADEL aidial:\{t_1\}:fetch/ ])
{
    my ($case) = @$row;
    my $command = $case eq 'claim' ? "SET aidial:{t_1}:fetch-call:$scope/c_new4"
                                   : "DEL aidial:{t_1}:fetch-call:$scope/c_new4";

    override($command => "-OOM command not allowed\r\n");
    is(status('c_new4'), 503, "fetch - Redis refuses the $case - 503");
    override();
    redis('DEL', "aidial:{t_1}:call:$scope/c_new4",
          "aidial:{t_1}:fetch-call:$scope/c_new4");
}

is(scalar($nginx->log(qr/\[error\].*aidial: service_unavailable: "\/_record", asked for a record, answered with status 401, expected 200, 404 or 410/)),
   1, 'fetch - the log says what was wrong');
is(scalar($nginx->log(qr/\[error\].*aidial: the fetched call record "c_bad" is unusable: /)),
   1, 'fetch - the log says which record is unusable');

ok($nginx->stop, 'fetch - nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'fetch - nothing alarming');
done_testing();


sub found {
    my ($body) = @_;

    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}


sub status {
    my ($id, $cookie, $path) = @_;

    return $client->get($path ? "$path$id" : "/api/calls/$id/status",
                        $cookie // $good)->{status};
}


sub json_of {
    decode_json($client->get("/api/calls/$_[0]/status", $good)->{body});
}


# the questions since the last call

sub uris { map { m{\AGET /record\?(\S+)} ? $1 : $_ } $portal->requests }


sub asked {
    my ($case, $id, $status, $question, $cookie, $path) = @_;

    $portal->requests;
    is(status($id, $cookie, $path), $status, "fetch - $case - $status");
    is_deeply([ uris() ], [ $question // () ], "fetch - $case - "
              . ($question ? 'asked once' : 'not asked'));
}


# what Redis is asked meanwhile; random values do not count

sub commands {
    my ($code) = @_;
    my $before = () = $middle->log;

    $code->();

    my @log = $middle->log;

    return grep { !/\A(?:[+|-]|PING|INFO)/ } @log[$before .. $#log];
}
