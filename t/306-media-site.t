# Who embeds the link: other sites, prefetches and pages.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;

records();

my $playback = media_url(grant());


sub case {
    my ($word, @headers) = @_;

    is_answer($client->get($playback, session(), @headers), $word,
        "media - @headers - $word");
}


sub download {
    my (@headers) = @_;

    is_answer($client->get(media_url(grant(action => 'download')), session(),
                           @headers),
        '200', "media - a download, @headers - 200",
        disposition => attachment('call-c_9.mp3'));
}


# ---- Sec-Fetch-Site

case('200', 'Sec-Fetch-Site: same-origin');
case('200', 'Sec-Fetch-Site: none');
case('cross_site_request', 'Sec-Fetch-Site: cross-site');
case('cross_site_request', 'Sec-Fetch-Site: same-site');
case('cross_site_request', 'sec-fetch-site: cross-site');
case('cross_site_request', 'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Site: cross-site');
case('cross_site_request', 'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Site: same-origin');
case('cross_site_request', 'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: audio', 'Range: bytes=0-');

is_answer($client->head($playback, session(), 'Sec-Fetch-Site: cross-site'),
    'cross_site_request', 'media - HEAD of another site - 403', head => 1);

# Origin says nothing here: a media element in CORS mode sends it

case('200', 'Origin: http://localhost');
case('200', 'Origin: null');

# ---- prefetch and prerender

case('prefetch_refused', $_) for
    'Sec-Purpose: prefetch', 'Sec-Purpose: prefetch;prerender',
    'Sec-Purpose: prefetch;anonymous-client-ip', 'Sec-Purpose: Prefetch',
    'Sec-Purpose: prerender', 'Purpose: prefetch', 'purpose: prefetch',
    'Purpose: prerender', 'X-Moz: prefetch', 'X-moz: prefetch';

case('prefetch_refused', 'Sec-Purpose:', 'Purpose: prefetch');
case('prefetch_refused', 'Purpose: other', 'Purpose: prefetch');
case('200', 'Purpose: other');
case('200', 'X-Moz: microsummary');

is_answer($client->head($playback, session(), 'Purpose: prefetch'),
    'prefetch_refused', 'media - HEAD as a prefetch - 503', head => 1);

# ---- a playback link as a page

case('playback_only', "Sec-Fetch-Dest: $_")
    for qw(document iframe frame embed object);
case('playback_only', 'Sec-Fetch-Dest: Document');
case('playback_only', 'Sec-Fetch-Dest: document', 'Sec-Fetch-Site: none');
case('playback_only', 'Sec-Fetch-Dest: audio', 'Sec-Fetch-Dest: document');
case('200', "Sec-Fetch-Dest: $_") for qw(audio video empty track);

is_answer($client->head($playback, session(), 'Sec-Fetch-Dest: document'),
    'playback_only', 'media - HEAD of a playback link as a page - 403',
    head => 1);

# ---- a download link as a page: that is how a browser saves

download("Sec-Fetch-Dest: $_")
    for qw(document iframe frame embed object empty);
download('Sec-Fetch-Dest: document', 'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: navigate', 'Sec-Fetch-User: ?1');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
