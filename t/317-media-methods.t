# GET and HEAD, nothing else.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $nginx = Test::Aidial::Nginx->start;

records();

my $url = media_url(grant());
my $download = media_url(grant(action => 'download'));


sub ask {
    my ($method, $uri, $body, @headers) = @_;
    my $client = $nginx->client;

    $client->send_request($method, $uri, $body, @headers);

    return $client->response(head => $method eq 'HEAD');
}


for my $method (qw(POST PUT DELETE PATCH OPTIONS PROPFIND PROPPATCH MKCOL COPY
                   MOVE LOCK UNLOCK))
{
    for my $case ([ $url, 'a link' ], [ $download, 'a download link' ],
                  [ '/recordings/x', 'a forged link' ],
                  [ "$url?x", 'a query' ])
    {
        is_answer(ask($method, $case->[0], undef, session()),
            'method_not_allowed', "media - $method of $case->[1] - 405");
    }

    is_answer(ask($method, $url, undef), 'method_not_allowed',
        "media - $method without a session - 405");
}

for my $body ('{}', 'x' x 100000) {
    is_answer(ask('POST', $url, $body, session()), 'method_not_allowed',
        'media - POST with ' . length($body) . ' bytes - 405');
}

# nginx answers these itself: methods it does not know or does not allow

for my $method (qw(TRACE CONNECT)) {
    my $answer = ask($method, $url, undef, session());

    cmp_ok($answer->{status}, '>=', 400, "media - $method - refused");
    unlike($answer->{body}, qr/0123456789/, "media - $method - no byte");
}

for my $method (qw(FOO GETX BREW HEADER)) {
    is_answer(ask($method, $url, undef, session()), 'method_not_allowed',
        "media - $method - 405");
}

my $lower = ask('get', $url, undef, session());

ok(!$lower || $lower->{status} == 400 || $lower->{status} == 405,
    'media - get in lower case - refused');

is_answer(ask('POST', $url, '{}', session(), 'X-HTTP-Method-Override: GET'),
    'method_not_allowed', 'media - X-HTTP-Method-Override - 405');

# ---- nothing was spent by any of them

is_answer(ask('HEAD', $download, undef, session()), '200',
    'media - HEAD of the download - 200', head => 1,
    disposition => attachment('call-c_9.mp3'));
is_answer(ask('GET', $download, undef, session()), '200',
    'media - GET of the download - 200',
    disposition => attachment('call-c_9.mp3'));
is_answer(ask('GET', $url, undef, session()), '200', 'media - GET - 200');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
