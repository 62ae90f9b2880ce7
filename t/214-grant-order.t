# The order of judgement: of two things wrong, the first one answers.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start;

# what can be wrong with a grant request, in the order of the contract: each
# entry changes the request, and says the answer

my @GRANT = (
    [ 'method', sub { $_[0]{method} = 'PUT' }, 405, 'method_not_allowed' ],
    [ 'session', sub { $_[0]{cookie} = 's_none' }, 401, 'session_required' ],
    [ 'site', sub { $_[0]{site} = 'cross-site' }, 403, 'cross_site_request' ],
    [ 'content type', sub { $_[0]{type} = 'text/plain' },
      415, 'unsupported_media_type' ],
    [ 'size', sub { $_[0]{body} .= ' ' x 4096 }, 413, 'request_too_large' ],
    [ 'body', sub { $_[0]{body} = substr $_[0]{body}, 1 },
      400, 'invalid_request' ],
    [ 'scope', sub { call(tenant_id => 't_2') }, 404, 'recording_not_found' ],
    [ 'policy', sub { call(raw => redis('GET', 'aidial:call:c_9')
        =~ s/"granted"/"denied"/r) }, 403, 'recording_blocked' ],
);

for my $i (0 .. $#GRANT) {
    for my $k ($i .. $#GRANT) {
        my ($first, $second) = @GRANT[$i, $k];
        my %request = (method => 'POST', cookie => 's_1', type =>
            'application/json', site => 'same-origin',
            body => '{"action": "playback"}');

        records();
        $_->[1]->(\%request) for $first, $second;

        my $name = $i == $k ? $first->[0] : "$first->[0] before $second->[0]";
        is_problem(ask(\%request), @$first[2, 3],
                   "grant order - $name - @$first[2, 3]",
                   $first->[0] eq 'policy'
                       ? (reasons => [ 'consent_denied' ]) : ());
    }
}

# everything wrong, and then one thing less at a time

for my $i (0 .. $#GRANT) {
    my %request = (method => 'POST', cookie => 's_1', type =>
        'application/json', site => 'same-origin',
        body => '{"action": "playback"}');

    records();
    $_->[1]->(\%request) for @GRANT[$i .. $#GRANT];
    is_problem(ask(\%request), @{ $GRANT[$i] }[2, 3],
               "grant order - all wrong from $GRANT[$i][0] on - $GRANT[$i][3]",
               $i == $#GRANT ? (reasons => [ 'consent_denied' ]) : ());
}

# confirmation is a matter of the body, policy comes later

call(consent => 'denied');
is_problem(ask({ method => 'POST', cookie => 's_1', site => 'same-origin',
                 type => 'application/json', body => '{"action":"download"}' }),
           400, 'confirmation_required',
           'grant order - confirmation before policy - 400');

# status: method, session, scope; a revoked session before the scope

records();
is_problem(status('DELETE', 's_none', 'c_none'), 405, 'method_not_allowed',
           'status order - method before session - 405 method_not_allowed');
is_problem(status('GET', 's_none', 'c_none'), 401, 'session_required',
           'status order - session before scope - 401 session_required');
is_problem(status('GET', 's_none', 'c%20x'), 401, 'session_required',
           'status order - session before a malformed id - 401');
redis('SET', 'aidial:revoked-before:t_1:u_81', time);
is_problem(status('GET', 's_1', 'c_none'), 401, 'session_required',
           'status order - revocation before scope - 401 session_required');

# Redis that cannot answer: 503 at the step that needs it, not before

redis_server()->down;
is_problem(status('PUT', 's_1', 'c_9'), 405, 'method_not_allowed',
           'order - Redis gone, method - 405 method_not_allowed');
is_problem(status('GET', 'a b', 'c_9'), 401, 'session_required',
           'order - Redis gone, malformed cookie - 401 session_required');
is_problem(status('GET', 's_1', 'c_9'), 503, 'service_unavailable',
           'order - Redis gone - 503 service_unavailable');
is_problem(ask({ method => 'POST', cookie => 's_1', site => 'cross-site',
                 type => 'text/plain', body => '' }),
           503, 'service_unavailable',
           'order - Redis gone, grant from elsewhere - 503 service_unavailable');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub ask {
    my ($request) = @_;
    my $client = $nginx->client;

    $client->send_request($request->{method}, '/api/calls/c_9/grant',
        $request->{body}, "Cookie: aidial_session=$request->{cookie}",
        "Sec-Fetch-Site: $request->{site}", "Content-Type: $request->{type}");

    return $client->response;
}


sub status {
    my ($method, $sid, $call) = @_;
    my $client = $nginx->client;

    $client->send_request($method, "/api/calls/$call/status", undef,
                          "Cookie: aidial_session=$sid");

    return $client->response;
}
