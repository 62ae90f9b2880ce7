# Every method, at each of the three endpoints.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start;

records();

my @METHODS = qw(GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND PROPPATCH
                 MKCOL COPY MOVE LOCK UNLOCK SEARCH PURGE BREW get);

my %ENDPOINT = (
    status => [ '/api/calls/c_9/status', 'GET, HEAD', GET => 200, HEAD => 200 ],
    grant => [ '/api/calls/c_9/grant', 'POST', POST => 201 ],
    media => [ media_url(grant()), 'GET, HEAD', GET => 200, HEAD => 200 ],
);

for my $endpoint (sort keys %ENDPOINT) {
    my ($uri, $allow, %fine) = @{ $ENDPOINT{$endpoint} };

    for my $method (@METHODS) {
        my $title = "methods - $endpoint, $method";
        my $answer = ask($method, $uri, 'Cookie: aidial_session=s_1');

        if ($fine{$method}) {
            is($answer->{status}, $fine{$method}, "$title - $fine{$method}");
            is($answer->{headers}{allow}, undef, "$title - no Allow");
            next;
        }

        # nginx knows no lower-case methods: its own 400

        if ($method eq 'get') {
            is($answer->{status}, 400, "$title - 400 of nginx");
            next;
        }

        refused($method, $answer, "$title - 405 method_not_allowed");
        is($answer->{headers}{allow}, $allow, "$title - Allow: $allow");

        # without a session it is the same: the method is judged first

        $answer = ask($method, $uri);
        refused($method, $answer, "$title, no session - 405");
    }
}

# nginx answers TRACE before anybody is asked

is(ask('TRACE', '/api/calls/c_9/status')->{status}, 405, 'methods - TRACE - 405');

# a body does not make a difference, and does not stay in the connection

my $client = $nginx->client;
is_problem($client->post('/api/calls/c_9/status', 'x' x 3000,
           'Cookie: aidial_session=s_1'), 405, 'method_not_allowed',
           'methods - status, POST with a body - 405 method_not_allowed');
is($client->get('/api/calls/c_9/status', 'Cookie: aidial_session=s_1')->{status},
   200, 'methods - a request behind it, same connection - 200');
$client->send_request('GET', '/api/calls/c_9/grant', '{"action": "playback"}');
is_problem($client->response, 405, 'method_not_allowed',
           'methods - grant, GET with a body - 405 method_not_allowed');
$client->send_request('GET', '/api/calls/c_9/status', 'x',
                      'Cookie: aidial_session=s_1');
is($client->response->{status}, 200, 'methods - status, GET with a body - 200');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub ask {
    my ($method, $uri, @headers) = @_;
    my $client = $nginx->client;

    $client->send_request($method, $uri,
        $method eq 'POST' ? '{"action": "playback"}' : undef, same_origin(),
        @headers);

    return $client->response(head => $method eq 'HEAD');
}


# HEAD has the headers alone

sub refused {
    my ($method, $answer, $title) = @_;

    return is_problem($answer, 405, 'method_not_allowed', $title)
        if $method ne 'HEAD';

    is_deeply([ $answer->{status}, @{ $answer->{headers} }{
                    qw(content-type cache-control x-content-type-options) } ],
              [ 405, 'application/problem+json', 'no-store', 'nosniff' ],
              $title);
}
