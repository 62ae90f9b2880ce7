# proxy_cache keyed by the object: the cache keeps bytes, never a permission.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Test::Aidial::Answer;

my $etag = etag();
my $origin = Test::Aidial::Origin->start('/t_1/2026/c_9.mp3' => join "\r\n",
    'HTTP/1.1 200 OK', 'Content-Length: 1000', "ETag: $etag",
    'Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT', 'Accept-Ranges: bytes',
    'Cache-Control: public, max-age=1', 'X-Origin: 1', '', whole());
my $dir = dir();
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => "
        upstream raw { server unix:" . $origin->path . "; }
        proxy_cache_path $dir/cache keys_zone=media:1m;
        proxy_cache_path $dir/stale keys_zone=stale:1m;
        proxy_cache_key \$aidial_recording_object;"),
    server => <<'END');
    location /recordings/ {
        aidial_recording media;
        proxy_cache media;
        proxy_ignore_headers Cache-Control;
        proxy_cache_valid 200 1h;
        proxy_cache_valid any 1h;
        add_header X-Cache $upstream_cache_status;
        proxy_pass http://raw/;
    }

    location /stale/ {
        aidial_recording media;
        proxy_cache stale;
        proxy_cache_use_stale updating error timeout http_500;
        proxy_cache_background_update on;
        add_header X-Cache $upstream_cache_status;
        proxy_pass http://raw/;
    }
END
my $client = $nginx->client;

records();
session(sid => 's_2', user_id => 'u_82');
session(sid => 's_3', user_id => 'u_83', project_ids => [ 'p_2' ]);


sub case {
    my ($what, $url, $headers, $word, $cache) = @_;
    my $answer = $client->get($url, @$headers);

    is_answer($answer, $word, "media - cache, $what - " . $word =~ s/:/ /r,
        also => [ 'X-Cache' ]);
    is($answer->{headers}{'x-cache'}, $cache,
        "media - cache, $what - " . ($cache // 'no X-Cache'));
}


my ($first, $second, $third) = map { "Cookie: aidial_session=s_$_" } 1 .. 3;
my $mine = media_url(grant());
my $other = media_url(grant(user => 'u_82'));

# ---- a range that misses is cut from the whole

case('a range', $mine, [ $first, 'Range: bytes=100-199' ], '206:100-199',
    'MISS');

my @asked = $origin->requests;

is(scalar @asked, 1, 'media - cache, the origin was asked once');
unlike($asked[0], qr/^(?:Range|Cookie|If-)/mi,
    'media - cache, the origin was asked for the whole');

# ---- hits

case('again', $mine, [ $first ], '200', 'HIT');
case('another user', $other, [ $second ], '200', 'HIT');
case('a range of a hit', $mine, [ $first, 'Range: bytes=0-9' ], '206:0-9',
    'HIT');
case('beyond the end', $mine, [ $first, 'Range: bytes=1000-' ], '416', undef);
case('two ranges', $mine, [ $first, 'Range: bytes=0-9,20-29' ], '200', 'HIT');
case('the tag', $mine, [ $first, "If-None-Match: $etag" ], '304', 'HIT');
is_answer($client->head($mine, $first), '200', 'media - cache, HEAD - 200',
    head => 1, also => [ 'X-Cache' ]);
is_answer($client->get(media_url(grant(action => 'download')), $first), '200',
    'media - cache, a download - 200', also => [ 'X-Cache' ],
    disposition => attachment('call-c_9.mp3'));
is(scalar $origin->requests, 0, 'media - cache, the origin was not asked');

# ---- the cache is no way around a judgement

case("another user's link", $other, [ $first ], 'recording_not_found');
case('no scope', media_url(grant(user => 'u_83')), [ $third ],
    'recording_not_found');
case('no session', $mine, [], 'session_required');
case('a forged token', "${mine}A", [ $first ], 'recording_not_found');
case('an old link', media_url(grant(expires_at => time - 1)), [ $first ],
    'grant_expired');
call(consent => 'denied');
case('consent denied', $mine, [ $first ],
    'recording_blocked:consent_denied');
case('consent denied, the tag', $mine, [ $first, "If-None-Match: $etag" ],
    'recording_blocked:consent_denied');
call(media => { status => 'removed' });
case('media removed', $mine, [ $first ], 'recording_blocked:media_removed');

# ---- a refusal is not kept, a failure is not served as one

call();
case('after the refusals', $mine, [ $first ], '200', 'HIT');
call(media => { object => '/none' });
is_answer($client->get($mine, $first), 'media_unavailable',
    'media - cache, the origin fails - 502', also => [ 'X-Cache' ])
    for 1, 2;
call();

# ---- background update

my $stale = '/stale/' . grant();

case('to be stale', $stale, [ $first ], '200', 'MISS');
$origin->requests;
select undef, undef, undef, 2.1;
case('stale, a range', $stale, [ $first, 'Range: bytes=5-9' ], '206:5-9',
    'STALE');
my @update;
wait_for { push @update, $origin->requests; scalar @update };
is(scalar @update, 1, 'media - cache, the update asks once');
unlike($update[0] // '', qr/^(?:Cookie|Authorization)/mi,
    'media - cache, the update has no cookie');
like($update[0] // '', qr{\AGET /t_1/2026/c_9\.mp3 },
    'media - cache, the update asks for the object');
unlike($update[0] // '', qr/^Range/mi,
    'media - cache, the update asks for the whole');
ok(wait_for(sub {
    my $answer = $nginx->client->get($stale, $first);
    ($answer->{headers}{'x-cache'} // '') eq 'HIT';
}, 1), 'media - cache, updated - HIT');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
