# The same answers over HTTP/2.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

plan skip_all => 'curl without HTTP/2' if `curl --version` !~ /\bHTTP2\b/;

my $socket = dir() . '/h2.sock';
my $nginx = Test::Aidial::Nginx->start(
    server => locations("listen unix:$socket http2;"));

records();


# curl's words, in a list: no shell sees them

sub curl {
    my (@words) = @_;

    open my $out, '-|', 'curl', '-s', '-i', '--max-time', 5,
        '--http2-prior-knowledge', '--unix-socket', $socket, @words
        or die "curl: $!";
    local $/;
    my $text = <$out> // '';
    close $out;

    my %answer = (body => '', headers => {});

    $text =~ s/\A(.*?\r\n)\r\n//s or return undef;
    $answer{head} = $1;
    $answer{body} = $text;
    ($answer{status}) = $answer{head} =~ m{\AHTTP/2 (\d+)};
    $answer{headers}{$1} = exists $answer{headers}{$1}
        ? "$answer{headers}{$1}, $2" : $2
        while $answer{head} =~ /^([^:\r\n]+): *([^\r\n]*)\r$/mg;

    return \%answer;
}


sub case {
    my ($what, $word, $uri, $words, %option) = @_;

    is_answer(curl('--path-as-is', '-H', 'Cookie: aidial_session=s_1', @$words,
                   "http://localhost$uri"),
        $word, "HTTP/2 - $what - " . $word =~ s/:/ /r, %option);
}


my $url = media_url(grant());
my $download = media_url(grant(action => 'download'));
my @saved = (disposition => attachment('call-c_9.mp3'));

case('playback', '200', $url, []);
case('playback again', '200', $url, []);
case('HEAD', '200', $url, [ '-I' ], head => 1);
case('a range', '206:10-19', $url, [ '-H', 'Range: bytes=10-19' ]);
case('beyond the end', '416', $url, [ '-H', 'Range: bytes=1000-' ]);
case('two ranges', '200', $url, [ '-H', 'Range: bytes=0-1,5-6' ]);
case('the tag', '304', $url, [ '-H', 'If-None-Match: ' . etag() ]);
case('another tag', '412', $url, [ '-H', 'If-Match: "x"' ]);
case('HEAD of a download', '200', $download, [ '-I' ], head => 1, @saved);
case('a download', '200', $download, [], @saved);
case('a download again', 'grant_used', $download, []);
case('HEAD of a used download', 'grant_used', $download, [ '-I' ], head => 1);

# ---- cookies may come in pieces

case('cookies in pieces', '200', $url, [ '-H', 'Cookie: a=b' ]);
is_answer(curl("http://localhost$url"), 'session_required',
    'HTTP/2 - no session - 401');
case('two sessions', 'session_required', $url,
    [ '-H', 'Cookie: aidial_session=s_2' ]);

# ---- refusals

case('another site', 'cross_site_request', $url,
    [ '-H', 'Sec-Fetch-Site: cross-site' ]);
case('a prefetch', 'prefetch_refused', $url,
    [ '-H', 'Sec-Purpose: prefetch' ]);
case('as a page', 'playback_only', $url, [ '-H', 'Sec-Fetch-Dest: iframe' ]);
case('forged', 'recording_not_found', "${url}A", []);
case('a query', 'recording_not_found', "$url?", []);
case('a dot', 'recording_not_found', $url =~ s{s/}{s/./}r, []);
case('two slashes', 'recording_not_found', $url =~ s{s/}{s//}r, []);
case('another method', 'method_not_allowed', $url, [ '-X', 'DELETE' ]);
case('expired', 'grant_expired', media_url(grant(expires_at => time - 1)),
    []);
call(consent => 'denied');
case('blocked', 'recording_blocked:consent_denied', $url, []);
call(media => { object => '/fail/500' });
case('the origin fails', 'media_unavailable', $url, []);
call();

# ---- what reaches the origin (bodies are in 308: curl takes an answer that
# comes before its body was sent for a broken stream)

call(media => { object => '/echo' });
my $echo = curl('-H', 'Cookie: aidial_session=s_1', '-H', 'X-Test: secret',
    '-H', 'Authorization: Bearer x', '-H', 'Accept: audio/*',
    '-A', 'browser/2', "http://localhost$url");
unlike($echo->{body}, qr/secret|Bearer|aidial_session|audio/,
    "HTTP/2 - the client's headers - stay here");
like($echo->{body}, qr/user-agent: browser\/2\n/,
    'HTTP/2 - User-Agent - reaches the origin');
call();

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
