# Download: single use.  One GET redeems the grant; HEAD never does.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;
use Test::Aidial::Fault qw(settled);

my $nginx = Test::Aidial::Nginx->start(workers => 2);
my $client = $nginx->client;
my @plain = (disposition => attachment('call-c_9.mp3'));

records();


sub download { media_url(grant(action => 'download', @_)) }

sub ask { $client->get(@_, session()) }

sub peek { $client->head(@_, session()) }


# ---- single use

my $url = download();

is_answer(ask($url), '200', 'media - a download grant - 200', @plain);
is_answer(ask($url), 'grant_used', 'media - token used twice - 410 grant_used');
is_answer(ask($url), 'grant_used', 'media - a third time - 410 grant_used');
is_answer($client->head($url, session()), 'grant_used',
    'media - HEAD of a used grant - 410 grant_used', head => 1);
is_answer($client->get($url, session(), 'Range: bytes=10-'), 'grant_used',
    'media - a used grant with a Range - 410 grant_used');
is_answer($client->get($url, session(), 'If-None-Match: ' . etag()),
    'grant_used', 'media - a used grant, conditional - 410 grant_used');

# ---- the rest of it is the same use, once the first answer is over

my @rest = ('Range: bytes=500-', 'If-Range: ' . etag());

$url = download();
is_answer(ask($url), '200', 'media - a download, to be resumed - 200', @plain);
settled();
is_answer($client->get($url, session(), @rest), 'resumed:500',
    'media - resumed in its middle - 206');
settled();
is_answer($client->get($url, session(), $rest[0]), 'grant_used',
    'media - the same without If-Range - 410 grant_used');

# ---- HEAD never redeems

$url = download();

is_answer(peek($url), '200', "media - HEAD of a fresh grant, time $_ - 200",
    head => 1, @plain) for 1 .. 3;
is_answer(ask($url), '200', 'media - GET after HEADs - 200', @plain);
is_answer(peek($url), 'grant_used', 'media - HEAD after GET - 410', head => 1);

# ---- a refused request spends nothing

$url = download();
my $refused = $nginx->client;

is_answer($client->get($url), 'session_required',
    'media - no session - 401');
is_answer($client->get($url, session(), 'Sec-Fetch-Site: cross-site'),
    'cross_site_request', 'media - another site - 403');
is_answer($client->get($url, session(), 'Purpose: prefetch'),
    'prefetch_refused', 'media - a prefetch - 503');
is_answer(ask("$url?"), 'recording_not_found', 'media - a query - 404');
call(consent => 'denied');
is_answer(ask($url), 'recording_blocked:consent_denied',
    'media - consent is denied - 403');
call();
is_answer($refused->post($url, '{}', session()), 'method_not_allowed',
    'media - POST - 405');
is_answer(ask($url), '200', 'media - after six refusals - 200', @plain);

# ---- two grants are two uses; a playback grant is none

my @urls = (download(), download());

is_answer(ask($_), '200', 'media - a grant of its own - 200', @plain)
    for @urls;
is_answer(ask($_), 'grant_used', 'media - used, each of its own - 410')
    for @urls;

# ---- what was asked for is what is served

my $made = $client->post('/api/calls/c_9/grant',
    '{"action":"download","confirm":true}', session(), same_origin());

like($made->{body}, qr{"url":"(/recordings/[\w.-]+)".*"single_use":true},
    'grant - a download - single use');
($url) = $made->{body} =~ m{"url":"([^"]+)"};
is_answer(ask($url), '200', 'media - the link of the portal - 200', @plain);
is_answer(ask($url), 'grant_used', 'media - the link again - 410');

$made = $client->post('/api/calls/c_9/grant', '{"action":"playback"}',
    session(), same_origin());
($url) = $made->{body} =~ m{"url":"([^"]+)"};
is_answer(ask($url), '200', "media - the portal's playback link, $_ - 200")
    for 1, 2;

# ---- Content-Disposition, RFC 6266

my @made = ('call-c_9.mp3', 'call-c_9.mp3');

# the plain form may spell what it cannot say in more than one way, so that its
# expected value is a pattern; the extended form has one spelling

my @names = (
    [ 'a plain name', 'a b.mp3', 'a b.mp3', 'a%20b.mp3' ],
    [ 'quotes', 'say "hi".mp3',
      'say (?:[^"\\\\]|\\\\")hi(?:[^"\\\\]|\\\\").mp3',
      'say%20%22hi%22.mp3' ],
    [ 'UTF-8', "gr\xc3\xbc\xc3\x9fe.mp3", 'gr[ -!#-~]{2,4}e.mp3',
      'gr%C3%BC%C3%9Fe.mp3' ],
    [ 'a percent sign', '100%41.mp3', '100[^"]41.mp3', '100%2541.mp3' ],
    [ 'a semicolon', 'a;b=c.mp3', 'a;b=c.mp3', 'a%3Bb%3Dc.mp3' ],
    [ 'a path', '../etc/passwd', @made ],
    [ 'a backslash', 'a\\b.mp3', @made ],
    [ 'a line end', "a\r\nSet-Cookie: x=1", @made ],
    [ 'a bidi mark', "a\xe2\x80\xae3pm.exe", @made ],
    [ '129 characters', 'a' x 129, @made ],
    [ 'no name', undef, @made ],
);

for my $case (@names) {
    my ($what, $name, $plain, $extended) = @$case;

    call(media => { filename => $name });
    my $answer = ask(download());
    my $got = $answer->{headers}{'content-disposition'} // 'none';

    my $disposition = 'attachment; filename="' . $plain
                      . q{"; filename\*=UTF-8''} . quotemeta $extended;

    like($got, qr/\A$disposition\z/,
        "media - the name has $what - disposition");
    is_answer($answer, '200', "media - the name has $what - 200",
        disposition => $got);
}

# ---- twenty at once

call();
session();
$url = download();

my @clients = map { $nginx->client } 1 .. 20;
$_->send_request('GET', $url, undef, 'Cookie: aidial_session=s_1')
    for @clients;
my @answers = map { $_->response } @clients;
my ($won) = grep { $_->{status} == 200 } @answers;
my @lost = grep { $_->{status} != 200 } @answers;

is_answer($won, '200', 'media - one of twenty at once - 200', @plain);
is(scalar @lost, 19, 'media - nineteen of twenty are refused');
is_answer($_, 'grant_used', 'media - late for the grant - 410') for @lost;

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
