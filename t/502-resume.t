# A resume: the rest of a download that was cut is the same use.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;

my $USED = '410 grant_used - -';
my $SIZE = 6 << 20;

my $bytes = large($SIZE);
my $root = dir() . '/large';
my $server = locations(large_media() . <<"END") . listen_http2();
    location /alias/ { aidial_recording media; alias $root/; }
    location /unbuffered/ {
        aidial_recording media;
        proxy_pass http://large/;
        proxy_buffering off;
    }
    location /slice/ {
        aidial_recording media;
        slice 1m;
        proxy_set_header Range \$slice_range;
        proxy_pass http://large/;
    }
    location /slow/ {
        aidial_recording media;
        limit_rate 8m;
        proxy_pass http://large/;
    }
END
my $nginx = Test::Aidial::Nginx->start(workers => 2, http => large_http(),
                                       server => $server);
my $other = Test::Aidial::Nginx->start(http => large_http(),
                                       server => locations(large_media()));

records();
call(large_call());


# ---- as a browser does: cut after k bytes, the rest by itself

for my $where (qw(large alias unbuffered slice slow)) {
    my $token = download();
    my $url = "/$where/$token";
    my ($client, $answer) = part($nginx, $url, 3_000_000);

    $client->abort;
    is($answer->{headers}{etag}, large_etag(),
       "media - /$where/, a download - a strong ETag");
    is(events($token, 2), 'started aborted', "media - /$where/, cut - entered");

    my ($cut) = grep { token_of($_, $token) } audit('download.aborted');

    ok($cut->{bytes} >= got($client, $answer)
       && $cut->{bytes} <= got($client, $answer) + SLACK,
       "media - /$where/, cut - bytes entered")
        or diag("$cut->{bytes} for ", got($client, $answer));
    is("$cut->{status} $cut->{first_byte}-$cut->{last_byte}",
       '200 0-' . ($cut->{bytes} - 1), "media - /$where/, cut - range entered");

    my $rest = resume($nginx, $url, 3_000_000);

    is($rest->{status}, 206, "media - /$where/, the rest - 206");
    is($rest->{headers}{'content-range'},
       'bytes 3000000-' . ($SIZE - 1) . "/$SIZE",
       "media - /$where/, the rest - Content-Range");
    ok($answer->{body} . $rest->{body} eq $bytes,
       "media - /$where/, both together - the object");
    is(events($token, 4), 'started aborted resumed completed',
       "media - /$where/, both - four entries");

    my @all = grep { token_of($_, $token) } audit();
    my %attempt = map { $_->{attempt} => 1 }
                  grep { $_->{event} =~ /download/ } @all;
    my ($end) = grep { $_->{event} eq 'download.completed' } @all;

    is(scalar keys %attempt, 2, "media - /$where/, both - two attempts");
    is(join(' ', @$end{qw(status bytes first_byte last_byte)}),
       '206 ' . ($SIZE - 3_000_000) . ' 3000000 ' . ($SIZE - 1),
       "media - /$where/, the rest - range entered");
}

# ---- on another edge, and again on the first one, and what is left again

my $token = download();
my $url = "/large/$token";
my ($client, $answer) = part($nginx, $url, 2_000_000);
my $text = $answer->{body};

$client->abort;
events($token, 2);

for my $turn (1, 2) {
    my $edge = $turn == 1 ? $other : $nginx;
    my $at = length $text;
    my ($again, $part) = part($edge, $url, 1_000_000, "Range: bytes=$at-",
                              'If-Range: ' . large_etag());

    is($part->{status}, 206, "media - resumed on another edge, $turn - 206");
    $text .= $part->{body};
    $again->abort;
    events($token, 2 + 2 * $turn);
}

$text .= resume($other, $url, length $text)->{body};
ok($text eq $bytes, 'media - in four parts over two edges - the object');
is(events($token, 8),
   'started aborted resumed aborted resumed aborted resumed completed',
   'media - in four parts - eight entries');

# ---- the last byte, and what was completed once more from near its end

$token = download();
is(ask_media($nginx, "/large/$token")->{status}, 200, 'media - whole - 200');
events($token, 2);

my $last = resume($nginx, "/large/$token", $SIZE - 1);

is($last->{status}, 206, 'media - the last byte of a whole download - 206');
is($last->{body}, substr($bytes, -1), 'media - the last byte - is the last');

# ---- the first answer was a part from 0

$token = download();
$answer = ask_media($nginx, "/large/$token", 'Range: bytes=0-999');
is("$answer->{status} $answer->{headers}{'content-range'}",
   "206 bytes 0-999/$SIZE", 'media - the first answer is a part - 206');
events($token, 2);
ok(resume($nginx, "/large/$token", 1000)->{body} eq substr($bytes, 1000),
   'media - the first answer was a part from 0 - resumed');

# ---- another worker, after a reload

$token = download();
($client, $answer) = part($nginx, "/large/$token", 1_000_000);
$client->abort;
events($token, 2);
$nginx->reload or die 'no reload';
$client = $nginx->client;
$client->send_request('GET', "/large/$token", undef, session(),
    'Range: bytes=1000000-', 'If-Range: ' . large_etag());
ok($answer->{body} . $client->response->{body} eq $bytes,
   'media - resumed after a reload - the object');

# ---- HTTP/2: what the client lets in, then a reset

$token = download();

my $h2 = Test::Aidial::Http2->new(socket_path());
my $stream = $h2->request('GET', "/large/$token", undef, session());

is($h2->wait($stream, 1), undef, 'media - HTTP/2, the window is full - waits');
$answer = $h2->{streams}{$stream};
is(length $answer->{body}, 65_535, 'media - HTTP/2 - a window full of bytes');
is(refusal(resume($nginx, "/large/$token", 65_535)),
   '503 delivery_running 1 1', 'media - HTTP/2, it waits - 503');
$h2->reset($stream);
is(events($token, 2), 'started aborted', 'media - HTTP/2, reset - entered');

my $cut = (audit('download.aborted'))[-1];

cmp_ok($cut->{bytes}, '>=', 65_535, 'media - HTTP/2, reset - bytes entered');
cmp_ok($cut->{bytes}, '<=', 65_535 + 16_384, 'media - HTTP/2 - and not more');

# the rest over HTTP/2 as well, a window at a time

my $at = 65_535;

for my $turn (1, 2) {
    $stream = $h2->request('GET', "/large/$token", undef, session(),
        "Range: bytes=$at-", 'If-Range: ' . large_etag());
    $h2->wait($stream, 0.5);

    my $more = $h2->{streams}{$stream};

    is("$more->{status} " . length $more->{body}, '206 65535',
       "media - HTTP/2, resumed over it, $turn - 206");
    $h2->reset($stream);
    events($token, 2 + 2 * $turn);
    $answer->{body} .= $more->{body};
    $at += 65_535;
}

ok($answer->{body} . resume($nginx, "/large/$token", $at)->{body} eq $bytes,
   'media - HTTP/2, then the rest - the object');

in_order($_) for $nginx, $other;
done_testing();


sub listen_http2 { 'listen unix:' . socket_path() . ' http2;' }


sub token_of {
    my ($entry, $of) = @_;

    return grant_key($of) =~ /:$entry->{grant}\z/;
}
