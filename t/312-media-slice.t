# slice: parts of the object, fetched one by one, judged once.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $dir = dir();
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra =>
        "proxy_cache_path $dir/slices keys_zone=slices:1m;"),
    server => <<"END");
    location /recordings/ {
        aidial_recording media;
        slice 100;
        proxy_set_header Range \$slice_range;
        proxy_pass http://origin/;
    }

    location /cached/ {
        aidial_recording media;
        slice 100;
        proxy_cache slices;
        proxy_cache_key \$aidial_recording_object\$slice_range;
        proxy_cache_valid 200 206 1h;
        proxy_set_header Range \$slice_range;
        proxy_pass http://origin/;
    }
END
my $client = $nginx->client;

records();
session(sid => 's_2', user_id => 'u_82');


sub case {
    my ($what, $prefix, $word, @headers) = @_;

    is_answer($client->get("/$prefix/" . grant(), session(), @headers), $word,
        "media - slice, $what, /$prefix/ - " . $word =~ s/:/ /r);
}


for my $prefix (qw(recordings cached cached)) {
    case('whole', $prefix, '200');
    case('first part', $prefix, '206:0-99', 'Range: bytes=0-99');
    case('across parts', $prefix, '206:150-349', 'Range: bytes=150-349');
    case('last byte', $prefix, '206:999-999', 'Range: bytes=999-');
    case('open end', $prefix, '206:555-999', 'Range: bytes=555-');
    case('beyond the end', $prefix, '416', 'Range: bytes=1000-');
    case('two ranges', $prefix, '200', 'Range: bytes=0-9,200-209');

    call(media => { object => '/t_1/none.mp3' });
    case('no such object', $prefix, 'media_unavailable');
    call(media => { object => '/fail/500' });
    case('the origin fails', $prefix, 'media_unavailable');
    call();

    my $url = "/$prefix/" . grant(action => 'download');

    is_answer($client->get($url, session()), '200',
        "media - slice, a download, /$prefix/ - 200",
        disposition => attachment('call-c_9.mp3'));
    is_answer($client->get($url, session()), 'grant_used',
        "media - slice, a download again, /$prefix/ - 410");
}

# ---- what is in the cache is still guarded

is_answer($client->get('/cached/' . grant(), 'Cookie: aidial_session=s_2'),
    'recording_not_found', 'media - slice, cached, another user - 404');
call(consent => 'denied');
case('cached, consent denied', 'cached', 'recording_blocked:consent_denied');
is_answer($client->get('/cached/' . grant()), 'session_required',
    'media - slice, cached, no session - 401');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
