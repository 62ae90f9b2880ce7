# What the media origin is told: which bytes, in which state, and no more.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Test::Aidial::Answer;

my $body = whole();
my @head = ("HTTP/1.1 200 OK", "Content-Length: 1000", 'ETag: "o-1"',
    'Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT', 'Accept-Ranges: bytes',
    'Date: Tue, 14 Nov 2023 22:13:21 GMT');
my @private = ('Set-Cookie: a=b', 'Set-Cookie: c=d', 'X-Any: 1', 'Server: o/1',
    'Location: http://origin/', 'Refresh: 1', 'Link: </x>', 'Vary: Cookie',
    'Cache-Control: public', 'Expires: Thu, 31 Dec 2037 23:55:55 GMT',
    'Content-Type: text/html; charset=utf-8', 'Content-Language: en',
    'Content-Disposition: attachment; filename=x', 'Age: 3', 'Via: x',
    'WWW-Authenticate: Basic', 'Strict-Transport-Security: max-age=1',
    'Access-Control-Allow-Origin: *', 'X-Accel-Expires: 9',
    'X-Accel-Charset: koi8-r', 'X-Powered-By: x', 'Pragma: cache',
    'P3P: x', 'Content-Location: /t_1', 'Content-MD5: x', 'Trailer: x');

my $origin = Test::Aidial::Origin->start(
    '/t_1/2026/c_9.mp3' => join("\r\n", @head, @private, '', $body));
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => 'upstream raw { server unix:'
        . $origin->path . '; }'),
    server => <<'END');
    location /recordings/ {
        aidial_recording media;
        proxy_pass http://raw/;
    }

    location /set/ {
        aidial_recording media;
        proxy_set_header Host store.example;
        proxy_set_header X-Edge $aidial_recording_call;
        proxy_set_header Authorization "Bearer edge";
        proxy_pass http://raw/;
    }

    location /named/ {
        aidial_recording media;
        proxy_pass_request_headers on;
        proxy_pass_request_body on;
        proxy_pass_header Set-Cookie;
        proxy_pass_header Server;
        proxy_pass_header X-Accel-Expires;
        proxy_set_header Cookie $http_cookie$cookie_aidial_session;
        proxy_pass http://raw/;
    }

    location /plain {
        return 200 plain;
    }
END

records();

my $token = grant();
my @client = ('Authorization: Bearer user', 'X-Test: secret', 'Origin: null',
    'Referer: http://localhost/calls/c_9', 'Accept: audio/*', 'TE: trailers',
    'Accept-Encoding: gzip', 'Accept-Language: en', 'X-Forwarded-For: 1.2.3.4',
    'Cookie: other=1', 'Sec-Fetch-Dest: audio', 'Upgrade: websocket',
    'Content-Type: text/plain', 'Forwarded: for=1', 'Expect-CT: x',
    'Cache-Control: no-cache', 'Pragma: no-cache', 'Via: 1.1 x',
    'User-Agent: browser/1');


sub told {
    my ($uri, @headers) = @_;

    $origin->requests;
    my $answer = $nginx->client->get($uri, session(), @headers);
    my @requests = $origin->requests;

    is(scalar @requests, 1, "media - the origin is asked once for $uri");

    return ($requests[0] // '', $answer);
}


my $plain = "GET /t_1/2026/c_9.mp3 HTTP/1.0\r\nHost: raw\r\n"
            . "Connection: close\r\n";
my ($request, $answer) = told("/recordings/$token", @client);

is($request, "${plain}User-Agent: browser/1\r\n\r\n",
    'media - nineteen headers of the client - one reaches the origin');
is_answer($answer, '200', "media - the origin's headers - six pass");
is($answer->{headers}{$_->[0]}, $_->[1], "media - $_->[0] - the origin's")
    for [ 'etag', '"o-1"' ], [ 'accept-ranges', 'bytes' ],
        [ 'last-modified', 'Tue, 14 Nov 2023 22:13:20 GMT' ];
isnt($answer->{headers}{server}, 'o/1', "media - Server - the edge's");

($request) = told("/recordings/$token", 'Range: bytes=1-2', 'If-Range: "o-1"',
    'If-None-Match: "a"', 'If-Match: "o-1"', 'If-Modified-Since: x',
    'If-Unmodified-Since: y');
is($request, $plain . "Range: bytes=1-2\r\nIf-Range: \"o-1\"\r\n"
    . "If-None-Match: \"a\"\r\nIf-Match: \"o-1\"\r\nIf-Modified-Since: x\r\n"
    . "If-Unmodified-Since: y\r\n\r\n",
    'media - Range and If-* - reach the origin');

($request) = told("/recordings/$token", 'Range: bytes=1-2,4-5');
is($request, "$plain\r\n", 'media - two ranges - none reaches the origin');

($request) = told("/set/$token", @client);
is($request, "GET /t_1/2026/c_9.mp3 HTTP/1.0\r\nHost: store.example\r\n"
    . "X-Edge: c_9\r\nAuthorization: Bearer edge\r\nConnection: close\r\n"
    . "User-Agent: browser/1\r\n\r\n",
    "media - proxy_set_header - the operator's words, not the client's");

($request, $answer) = told("/named/$token", @client);
is_answer($answer, '200', 'media - proxy_pass_header - changes nothing');
unlike($request, qr/Authorization|X-Test|Referer|\Q$token\E/,
    'media - proxy_pass_request_headers on - changes nothing');

# ---- a body goes nowhere, and the connection stays in step or ends

my $second = "GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n";
my %bodies = (
    'Content-Length' => [ "Content-Length: ${\ length $second}", $second ],
    'chunked' => [ 'Transfer-Encoding: chunked',
                   sprintf("%x\r\n%s\r\n0\r\n\r\n", length $second, $second) ],
    'Content-Length, late' => [ 'Content-Length: 100000', 'x' x 1000 ],
);

for my $method (qw(GET HEAD)) {
    for my $what (sort keys %bodies) {
        my ($header, $bytes) = @{ $bodies{$what} };
        my $client = $nginx->client;

        $origin->requests;
        $client->send_raw("$method /recordings/$token HTTP/1.1\r\n"
            . "Host: localhost\r\n" . session() . "\r\n$header\r\n\r\n$bytes");
        is_answer($client->response(head => $method eq 'HEAD'), '200',
            "media - $method with a body, $what - 200",
            head => $method eq 'HEAD');

        ($request) = $origin->requests;
        is($request, $plain =~ s/GET/$method/r . "\r\n",
            "media - $method with a body, $what - none for the origin");

        $client->send_raw($second);
        my $next = $client->response(timeout => 2);

        # nobody may answer the request that lay in the body

        ok(!$next, "media - $method with a body, $what - connection ends")
            or is($next->{body}, 'closed');
    }
}

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
