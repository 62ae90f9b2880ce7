# A download of which no byte of the body went out is given back: the grant is
# as good as before, and the trail says so.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Answer;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Time::HiRes qw(sleep);

my $VOID = 'started voided';
my $ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"a\"\r\n\r\n";

my $origin = Test::Aidial::Origin->start(
    '/never' => 'never', '/close' => 'close',
    '/half-head' => [ "HTTP/1.1 200 OK\r\nContent-Le", 'close' ],
    '/late' => [ ('') x 20, "${ANSWER}0123456789" ],
    '/head-only' => [ $ANSWER, 'close' ],
    '/empty' => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    '/accel' => "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /x\r\n"
                . "Content-Length: 1\r\n\r\nx",
    '/first' => [ "${ANSWER}0", 'close' ]);
my $nginx = Test::Aidial::Nginx->start(workers => 2, server =>
    locations(<<"END"));
    location /raw/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $origin->path ]}:/;
        proxy_read_timeout 1s;
        proxy_buffering off;
    }
    location /gone/ {
        aidial_recording media;
        proxy_pass http://unix:/nonexistent.sock:/;
    }
END

records();


# the grant is fresh again, and works

sub given_back {
    my ($name, $token, $status) = @_;

    is(events($token, 2), $VOID, "media - $name - $VOID");
    is(state_of($token), 'fresh', "media - $name - the grant is fresh");

    my $entry = last_entry('download.voided');

    is(join(' ', map { $_ // 'none' }
            @$entry{qw(status bytes first_byte last_byte)}), "$status 0  ",
       "media - $name - status $status, no byte entered");

    call();
    is_answer(ask_media($nginx, media_url($token)), '200',
              "media - $name, then GET - 200",
              disposition => attachment('call-c_9.mp3'));
    is(events($token, 4), "$VOID started completed",
       "media - $name, then GET - completed");
}


# ---- what nginx answers without a body

my @later = 'If-Modified-Since: ' . 'Tue, 14 Nov 2023 22:13:20 GMT';

for my $row ([ 304, 'If-None-Match: ' . etag() ], [ 304, @later ],
             [ 412, 'If-Match: "other"' ], [ 416, 'Range: bytes=1000-' ])
{
    my ($status, @headers) = @$row;
    my $token = download();

    is(ask_media($nginx, media_url($token), @headers)->{status}, $status,
       "media - a download, @headers - $status");
    given_back("$status", $token, $status);
}

# ---- what the origin fails with

for my $row ([ 'it answers 500', '/fail/500' ], [ 'it answers 404', '/none' ],
             [ 'it answers 204', '/fail/204' ],
             [ 'it redirects', '/fail/302' ], [ 'it closes', '/fail/close' ],
             [ 'it sends half a head', '/half-head', 'raw' ],
             [ 'it is silent', '/never', 'raw' ],
             [ 'it redirects internally', '/accel', 'raw' ],
             [ 'it is not there', '/any', 'gone' ])
{
    my ($name, $object, $path) = @$row;
    my $token = download();

    call(media => { object => $object });
    is(refusal(ask_media($nginx, '/' . ($path // 'recordings') . "/$token")),
       '502 media_unavailable - -', "media - the origin, $name - 502");
    given_back("the origin, $name", $token, 502);
}

# ---- a head without a body, an object without one

my $token = download();

call(media => { object => '/head-only' });

my $answer = ask_media($nginx, "/raw/$token");

ok($answer->{cut} && $answer->{body} eq '',
   'media - the origin closes behind its head - no byte');
given_back('the origin closes behind its head', $token, 200);

$token = download();
call(media => { object => '/empty' });
is(ask_media($nginx, "/raw/$token")->{body}, '', 'media - empty - 200');
given_back('an empty object', $token, 200);

# ---- one byte is a byte

$token = download();
call(media => { object => '/first' });
$answer = ask_media($nginx, "/raw/$token");
is($answer->{body}, '0', 'media - the origin closes behind a byte - a byte');
is(events($token, 2), 'started aborted', 'media - a byte - not given back');
call();
is(refusal(ask_media($nginx, media_url($token))), '410 grant_used - -',
   'media - a byte, GET again - 410 grant_used');

# ---- the client leaves before the first byte

for my $how (qw(close abort)) {
    $token = download();
    call(media => { object => '/late' });

    my $client = $nginx->client;

    $client->send_request('GET', "/raw/$token", undef, session());
    wait_for { state_of($token) eq 'running' } or die 'not redeemed';
    $client->$how;
    given_back("the client leaves, $how", $token, 499);
}

# ---- HEAD, refusals: not even begun

$token = download();
$nginx->client->head(media_url($token), session());
call(consent => 'denied');
ask_media($nginx, media_url($token));
call();
is(events($token, 0), '', 'media - HEAD, a refusal - not begun');

# ---- many times, and then once

sub void {
    my ($times, $of) = @_;

    for my $n (1 .. $times) {
        ask_media($nginx, media_url($of), 'If-Match: "other"');
        events($of, 2 * $n);            # given back behind its response
    }
}

$token = download();
void(20, $token);
is(events($token, 40), join(' ', ($VOID) x 20), 'media - voided twenty times');
is(ask_media($nginx, media_url($token))->{status}, 200,
   'media - voided twenty times, then GET - 200');
is(refusal(ask_media($nginx, media_url($token))), '410 grant_used - -',
   'media - voided twenty times, then used - 410 grant_used');

# ---- but not without end: each leaves two entries

$token = download();
void(32, $token);
is(refusal(ask_media($nginx, media_url($token))), '410 grant_used - -',
   'media - voided 32 times - 410 grant_used');
is(events($token, 64), join(' ', ($VOID) x 32),
   'media - voided 32 times - no entry more');

# ---- but not beyond its life

$token = download(expires_at => time + 1);
void(1, $token);
sleep 1.2;
is(refusal(ask_media($nginx, media_url($token))), '410 grant_expired - -',
   'media - voided, its life is over - 410 grant_expired');

in_order($nginx, crit => 'connect\(\) to unix:/nonexistent');
done_testing();
