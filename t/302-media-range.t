# Ranges: one range is answered by 206 or 416, anything else by the whole.

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

records();

my $url = media_url(grant());


sub case {
    my ($what, $word, @headers) = @_;

    is_answer($client->get($url, session(), @headers), $word,
        "media - $what - " . $word =~ s/:/ /r);
}


# ---- one range

case('first byte', '206:0-0', 'Range: bytes=0-0');
case('first half', '206:0-499', 'Range: bytes=0-499');
case('middle', '206:333-666', 'Range: bytes=333-666');
case('last byte', '206:999-999', 'Range: bytes=999-999');
case('open end', '206:500-999', 'Range: bytes=500-');
case('all of it', '206:0-999', 'Range: bytes=0-');
case('suffix', '206:900-999', 'Range: bytes=-100');
case('suffix of one', '206:999-999', 'Range: bytes=-1');
case('suffix longer than the file', '206:0-999', 'Range: bytes=-5000');
case('end behind the end', '206:990-999', 'Range: bytes=990-2000');
case('blanks inside', '206:10-19', 'Range: bytes= 10-19');

# ---- cannot be satisfied

case('behind the end', '416', 'Range: bytes=1000-');
case('far behind the end', '416', 'Range: bytes=5000-6000');
case('end before start', '416', 'Range: bytes=20-10');
case('no numbers', '416', 'Range: bytes=-');
case('letters', '416', 'Range: bytes=a-b');

# ---- not one range: ignored

case('two ranges', '200', 'Range: bytes=0-9,20-29');
case('two ranges with a blank', '200', 'Range: bytes=0-9, 20-29');
case('two ranges, one beyond the end', '200', 'Range: bytes=0-9,5000-');
case('overlapping ranges', '200', 'Range: bytes=0-999,0-999,0-999');
case('an empty second range', '200', 'Range: bytes=0-9,');
case('a comma in front', '200', 'Range: bytes=,0-9');
case('two Range headers', '200', 'Range: bytes=0-9', 'Range: bytes=20-29');
case('the same Range header twice', '200', ('Range: bytes=0-9') x 2);
case('another unit', '200', 'Range: seconds=0-9');
case('no unit', '200', 'Range: 0-9');
case('Request-Range', '200', 'Request-Range: bytes=0-9');

# ---- If-Range

case('If-Range is the tag', '206:10-19', 'Range: bytes=10-19',
    "If-Range: $etag");
case('If-Range is another tag', '200', 'Range: bytes=10-19',
    'If-Range: "other"');
case('If-Range is a weak tag', '200', 'Range: bytes=10-19',
    "If-Range: W/$etag");
case('If-Range is the date', '206:10-19', 'Range: bytes=10-19',
    "If-Range: $modified");
case('If-Range is another date', '200', 'Range: bytes=10-19',
    'If-Range: Tue, 14 Nov 2023 22:13:21 GMT');
case('If-Range without Range', '200', "If-Range: $etag");
case('If-Range and two ranges', '200', 'Range: bytes=1-2,4-5',
    "If-Range: $etag");

# ---- HEAD

is_answer($client->head($url, session(), 'Range: bytes=10-19'), '206:10-19',
    'media - HEAD of a range - 206 without a body', head => 1);
is_answer($client->head($url, session(), 'Range: bytes=1000-'), '416',
    'media - HEAD behind the end - 416', head => 1);
is_answer($client->head($url, session(), 'Range: bytes=1-2,3-4'), '200',
    'media - HEAD of two ranges - 200', head => 1);

# ---- a download may begin anywhere, once

my $download = media_url(grant(action => 'download'));

is_answer($client->get($download, session(), 'Range: bytes=100-199'),
    '206:100-199', 'media - a download of a range - 206',
    disposition => attachment('call-c_9.mp3'));
is_answer($client->get($download, session(), 'Range: bytes=200-299'),
    'grant_used', 'media - a second range of a download - 410');

# ---- a refused request with a range says nothing about the file

is_answer($client->get($url, 'Range: bytes=5000-'), 'session_required',
    'media - a range without a session - 401');
is_answer($client->get("${url}x", session(), 'Range: bytes=0-9'),
    'recording_not_found', 'media - a range with a forged token - 404');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
