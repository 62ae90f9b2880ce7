# Conditional requests: 304 and 412 are the origin's, their headers are ours.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;
my $etag = etag();
my $modified = 'Tue, 14 Nov 2023 22:13:20 GMT';
my $before = 'Tue, 14 Nov 2023 22:13:19 GMT';
my $later = 'Wed, 15 Nov 2023 22:13:20 GMT';

records();

my $url = media_url(grant());


sub case {
    my ($what, $word, @headers) = @_;
    my $answer = $client->get($url, session(), @headers);

    is_answer($answer, $word, "media - $what - " . $word =~ s/:/ /r);
    ok(!exists $answer->{headers}{'content-type'},
        "media - $what - no Content-Type") if $word eq '304';
}


# ---- If-None-Match

case('If-None-Match is the tag', '304', "If-None-Match: $etag");
case('If-None-Match is the weak tag', '304', "If-None-Match: W/$etag");
case('If-None-Match has the tag', '304', "If-None-Match: \"a\", $etag, \"b\"");
case('If-None-Match is any', '304', 'If-None-Match: *');
case('If-None-Match is another tag', '200', 'If-None-Match: "other"');
case('If-None-Match is empty', '200', 'If-None-Match:');
case('If-None-Match and a range', '304', "If-None-Match: $etag",
    'Range: bytes=0-9');
case('If-None-Match is another tag, and a range', '206:0-9',
    'If-None-Match: "other"', 'Range: bytes=0-9');

is($client->get($url, session(), "If-None-Match: $etag")->{headers}{etag},
    $etag, 'media - 304 - has the ETag');

# ---- If-Modified-Since

case('If-Modified-Since is the date', '304', "If-Modified-Since: $modified");
case('If-Modified-Since is an earlier date', '200',
    "If-Modified-Since: $before");
case('If-Modified-Since is no date', '200', 'If-Modified-Since: yesterday');
case('If-Modified-Since, and another tag', '200',
    "If-Modified-Since: $modified", 'If-None-Match: "other"');

# ---- If-Match, If-Unmodified-Since

case('If-Match is the tag', '200', "If-Match: $etag");
case('If-Match is any', '200', 'If-Match: *');
case('If-Match is another tag', '412', 'If-Match: "other"');
case('If-Match is the weak tag', '412', "If-Match: W/$etag");
case('If-Match is another tag, and a range', '412', 'If-Match: "other"',
    'Range: bytes=0-9');
case('If-Unmodified-Since is the date', '200',
    "If-Unmodified-Since: $modified");
case('If-Unmodified-Since is a later date', '200',
    "If-Unmodified-Since: $later");
case('If-Unmodified-Since is an earlier date', '412',
    "If-Unmodified-Since: $before");

# ---- HEAD

is_answer($client->head($url, session(), "If-None-Match: $etag"), '304',
    'media - HEAD, If-None-Match is the tag - 304', head => 1);
is_answer($client->head($url, session(), 'If-Match: "other"'), '412',
    'media - HEAD, If-Match is another tag - 412', head => 1);

# ---- a browser that kept the tag learns nothing after a withdrawal

call(consent => 'denied');
case('the tag, after consent was denied', 'recording_blocked:consent_denied',
    "If-None-Match: $etag");
call();
redis('DEL', 'aidial:session:s_1');
is_answer($client->get($url, 'Cookie: aidial_session=s_1',
                       "If-None-Match: $etag"),
    'session_required', 'media - the tag, without a session - 401');
is_answer($client->get($url, 'Cookie: aidial_session=s_1',
                       'If-Match: "other"'),
    'session_required', 'media - another tag, without a session - 401');

# ---- the answers carry their own headers for a download as well

my $download = media_url(grant(action => 'download'));

is_answer($client->get($download, session(), "If-None-Match: $etag"), '304',
    'media - a download, If-None-Match - 304',
    disposition => attachment('call-c_9.mp3'));

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
