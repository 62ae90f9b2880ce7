# Requests that share a connection: each gets its own answer, in order, and
# nobody reads a body as a request.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $nginx = Test::Aidial::Nginx->start(
    server => locations('location = /plain { return 200 plain; }'));

records();

my $url = media_url(grant());
my $plain = "GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n";


sub request {
    my ($method, $uri, $headers, $body) = @_;

    return join("\r\n", "$method $uri HTTP/1.1", 'Host: localhost', @$headers,
                '', '') . ($body // '');
}


sub with_length {
    my ($method, $uri, $headers, $body) = @_;

    return request($method, $uri,
        [ @$headers, 'Content-Length: ' . length $body ], $body);
}


sub chunked {
    my ($method, $uri, $headers, $body) = @_;

    return request($method, $uri,
        [ @$headers, 'Transfer-Encoding: chunked' ],
        sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body));
}


# ---- many at once

my $client = $nginx->client;
my $download = media_url(grant(action => 'download'));
my @saved = (disposition => attachment('call-c_9.mp3'));
my @asked = (
    [ 'GET', $url, '200' ], [ 'GET', "${url}x", 'recording_not_found' ],
    [ 'HEAD', $url, '200' ], [ 'GET', $download, '200', @saved ],
    [ 'GET', $download, 'grant_used' ], [ 'HEAD', $download, 'grant_used' ],
    [ 'DELETE', $url, 'method_not_allowed' ], [ 'GET', $url, '200' ],
);

$client->send_raw(join '', map { request(@$_[0, 1], [ session() ]) } @asked);

for my $i (0 .. $#asked) {
    my ($method, undef, $word, @option) = @{ $asked[$i] };
    my $head = $method eq 'HEAD';

    is_answer($client->response(head => $head), $word,
        "pipelined - number $i, $method - $word", head => $head, @option);
}

# ---- a pipelined request behind a media request that waits for Redis

for my $i (1 .. 20) {
    $client = $nginx->client;
    $client->send_raw(request('GET', $url, [ session() ]) . $plain);
    my ($first, $second) = ($client->response, $client->response);

    ok($first && $first->{body} eq whole() && $second
           && $second->{body} eq 'plain',
        "pipelined - recording, then another location, time $i");
}

# ---- refusals with bodies: the body is no request

my @refusals = (
    [ 'POST', $url, [ session() ], 'method_not_allowed' ],
    [ 'PUT', "${url}x", [ session() ], 'method_not_allowed' ],
    [ 'GET', $url, [], 'session_required' ],
    [ 'GET', "${url}x", [ session() ], 'recording_not_found' ],
    [ 'GET', "$url?x", [ session() ], 'recording_not_found' ],
    [ 'GET', $url, [ session(), 'Sec-Fetch-Site: cross-site' ],
      'cross_site_request' ],
    [ 'GET', $download, [ session() ], 'grant_used' ],
);

for my $case (@refusals) {
    my ($method, $uri, $headers, $word) = @$case;

    for my $form ([ 'Content-Length', \&with_length ],
                  [ 'chunked', \&chunked ])
    {
        for my $body ($plain, $plain x 400) {
            my $what = "$method, $word, $form->[0], " . length $body;

            $client = $nginx->client;
            $client->send_raw($form->[1]->($method, $uri, $headers, $body)
                              . request('GET', $url, [ session() ]));

            is_answer($client->response, $word, "body - $what - $word");

            # in step, or over; never an answer to what was in the body

            my $next = $client->response(timeout => 1);

            ok(!$next || $next->{body} eq whole(), "body - $what - in step");
        }
    }
}

# ---- a body announced twice, or not at all: nginx's own 400

for my $headers ([ 'Content-Length: 5', 'Content-Length: 6' ],
                 [ 'Content-Length: 5', 'Transfer-Encoding: chunked' ],
                 [ 'Content-Length: -1' ], [ 'Content-Length: x' ],
                 [ 'Transfer-Encoding: x' ])
{
    $client = $nginx->client;
    $client->send_raw(request('GET', $url, [ session(), @$headers ],
                              "0\r\n\r\n"));
    my $answer = $client->response(timeout => 1);

    ok($answer && $answer->{status} =~ /\A(?:400|501)\z/,
        "body - @$headers - refused by nginx");
    unlike($answer->{body}, qr/0123456789/, "body - @$headers - no byte");
}

# ---- a connection that was refused a recording may be given one

$client = $nginx->client;
is_answer($client->get($url), 'session_required',
    'keep-alive - no session - 401');
is_answer($client->get($url, session()), '200',
    'keep-alive - then with a session - 200');
is_answer($client->get($url), 'session_required',
    'keep-alive - and without again - 401');
is_answer($client->get($url, session(), 'Range: bytes=5-9'), '206:5-9',
    'keep-alive - then a range - 206');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
