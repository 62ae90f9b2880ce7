# The grant endpoint: what it answers, and that its links work.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use MIME::Base64 'decode_base64url';
use POSIX 'strftime';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;
use Time::HiRes ();

my $PLAYBACK = '{"action": "playback"}';
my $DOWNLOAD = '{"action": "download", "confirm": true}';

open my $file, '>', dir() . '/k2.key' or die $!;
print $file 'another-key-of-at-least-32-octets';
close $file;

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(grant_key => 'k2 ' . dir() . '/k2.key',
        extra => 'aidial_recording_grant_key k1 ' . dir() . '/k1.key;'));
my $client = $nginx->client;

records();

my $playback = shape('playback', $PLAYBACK, 300, 'false');
my $download = shape('download', $DOWNLOAD, 60, 'true');

# the links, end to end

my $bytes = media($playback)->{body};

is(length $bytes, 1000, 'grant - playback link - the recording');
is(media($playback)->{status}, 200, 'grant - playback link again - 200');
is(media($playback, 'Range: bytes=0-9')->{body}, substr($bytes, 0, 10),
   'grant - playback link with a Range - its bytes');
is(media($playback)->{headers}{'content-disposition'}, 'inline',
   'grant - playback link - inline');

my $first = media($download);

is($first->{body}, $bytes, 'grant - download link - the recording');
like($first->{headers}{'content-disposition'}, qr/\Aattachment;/,
     'grant - download link - attachment');
is_problem(media($download), 410, 'grant_used',
           'grant - download link again - 410 grant_used');

# each request gets a grant of its own

my %link = map { ask($PLAYBACK)->{url} => 1 } 1 .. 20;
is(scalar keys %link, 20, 'grant - twenty requests - twenty links');

# the first key signs, every one verifies

is(key_of($playback), 'k2', 'grant - two keys - the first one signs');
is(media(media_url(grant()))->{status}, 200, 'grant - two keys - the other '
   . 'one verifies');

# bound to who asked for it

session(sid => 's_2', user_id => 'u_82');
is_problem($client->get($playback, 'Cookie: aidial_session=s_2'),
           404, 'recording_not_found',
           'grant - link of another user - 404 recording_not_found');
is_problem($client->get($playback), 401, 'session_required',
           'grant - link without a session - 401 session_required');

# registered in Redis before it is given out, and not for ever

redis('FLUSHALL');
records();

my $url = ask($DOWNLOAD)->{url};
my @keys = sort @{ redis('KEYS', 'aidial:{*') };

is(scalar @keys, 2, 'grant - registered - under one key, and entered');
is($keys[0], 'aidial:{t_1}:audit',
   'grant - entered - in the stream of the tenant');
is(redis('TTL', $keys[0]), -1, 'grant - entered - for ever');
like($keys[1], qr/\Aaidial:\{t_1\}:grant:[0-9a-f]{32}\z/,
     'grant - registered - with the tenant as hash tag');
cmp_ok(redis('TTL', $keys[1]), '>=', 60, 'grant - registered - for its life');
cmp_ok(redis('TTL', $keys[1]), '<=', 600, 'grant - registered - not for ever');

redis('DEL', $keys[1]);
is_problem(media($url), 410, 'grant_expired',
           'grant - no longer registered - 410 grant_expired');

# long identifiers: still at most 768 characters

session(user_id => 'u' x 128, tenant_id => 't' x 128, client_id => 'c' x 128,
        project_ids => [ 'p' x 128 ]);
call(id => 'x' x 128, tenant_id => 't' x 128, client_id => 'c' x 128,
     project_id => 'p' x 128);
$url = ask($PLAYBACK, 'x' x 128)->{url};
cmp_ok(length($url) - length('/recordings/'), '<=', 768,
       'grant - identifiers of 128 characters - a token of at most 768');
is(media($url)->{status}, 200, 'grant - identifiers of 128 characters - 200');
cmp_ok(length($playback) - length('/recordings/'), '<', 256,
       'grant - usual identifiers - a token under 256 characters');

# the user's rate has a key, of which nothing stays

redis('FLUSHALL');
records();
$nginx->write_conf(http => http_config(grant_rate => 'rate=30r/m burst=1'));
ok($nginx->reload, 'grant - with a rate - reloaded');
$client = $nginx->client;

is(post($PLAYBACK)->{status}, 201, 'grant - with a rate - 201');

@keys = sort @{ redis('KEYS', 'aidial:{*') };
is(scalar @keys, 3, 'grant - with a rate - one key more');
is($keys[2], 'aidial:{t_1}:rate:u_81', 'grant - with a rate - of the user');
like(redis('TTL', $keys[2]), qr/\A[0-3]\z/,
     'grant - with a rate - until the next one may come');

is(post($PLAYBACK)->{status}, 201, 'grant - with a rate, the burst - 201');

my $limited = post($PLAYBACK);

is_problem($limited, 429, 'rate_limited',
           'grant - with a rate, one too many - 429 rate_limited');
like($limited->{headers}{'retry-after'}, qr/\A[12]\z/,
     'grant - with a rate, one too many - as long as one takes');
is_problem(post($PLAYBACK, 'c_none'), 429, 'rate_limited',
           'grant - with a rate, unknown call - 429 rate_limited as well');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub post {
    my ($body, $call) = @_;

    return $client->post('/api/calls/' . ($call // 'c_9') . '/grant', $body,
                         'Cookie: aidial_session=s_1', same_origin());
}


sub ask { decode_json(post(@_)->{body}) }

sub media {
    my ($uri, @headers) = @_;

    return $client->get($uri, 'Cookie: aidial_session=s_1', @headers);
}


# a token's payload: version, length of the key's id, the id

sub key_of {
    my ($payload) = $_[0] =~ m{([^/.]+)\.[^.]+\z};

    return unpack 'x C/a', decode_base64url($payload);
}


# the whole answer, but for the token and the clock

sub shape {
    my ($action, $body, $life, $single) = @_;

    # time() may be some milliseconds behind nginx's clock

    my $before = int Time::HiRes::time();
    my $answer = post($body);
    my $after = int Time::HiRes::time();

    is($answer->{status}, 201, "grant - $action - 201");
    is($answer->{headers}{'content-type'}, 'application/json',
       "grant - $action - application/json");
    is($answer->{headers}{'cache-control'}, 'no-store',
       "grant - $action - Cache-Control: no-store");
    is($answer->{headers}{location}, undef, "grant - $action - no Location");

    my ($url) = $answer->{body} =~ /"url":"([^"]*)"/;
    like($url, qr{\A/recordings/[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\z},
         "grant - $action - a URL-safe token behind the media URI");

    my @possible = map {
        sprintf '{"action":"%s","url":"%s","expires_in":%d,"expires_at":"%s",'
            . '"single_use":%s}', $action, $url, $life,
            strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_ + $life), $single
    } $before .. $after;

    ok((grep { $_ eq $answer->{body} } @possible), "grant - $action - body")
        or diag($answer->{body}, ' instead of ', $possible[0]);

    return $url;
}
