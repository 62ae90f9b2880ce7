# The order of judgement: of two things wrong, the earlier one answers.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $nginx = Test::Aidial::Nginx->start;

# What can be wrong, in the order of docs/http-contract.md.  Each row breaks
# the request (headers, method, url) or the records, and says what then answers.

my @wrong = (
    [ 'method', 'method_not_allowed', sub { $_[0]{method} = 'PUT' } ],
    [ 'session', 'session_required', sub { $_[0]{cookie} = '' } ],
    [ 'site', 'cross_site_request',
      sub { push @{ $_[0]{headers} }, 'Sec-Fetch-Site: cross-site' } ],
    [ 'prefetch', 'prefetch_refused',
      sub { push @{ $_[0]{headers} }, 'Sec-Purpose: prefetch' } ],
    [ 'token', 'recording_not_found', sub { $_[0]{token}{key} = 'x' x 32 } ],
    [ 'scope', 'recording_not_found', sub { call(project_id => 'p_9') } ],
    [ 'life', 'grant_expired', sub { $_[0]{token}{expires_at} = time - 9 } ],
    [ 'policy', 'recording_blocked:consent_denied',
      sub { call(consent => 'denied') } ],
    [ 'redemption', 'grant_used', sub { $_[0]{token}{state} = 'closed' } ],
);


sub answer {
    my (@steps) = @_;
    my %request = (method => 'GET', cookie => 's_1', headers => [],
                   token => { action => 'download' });

    redis('FLUSHALL');
    records();

    # both are wrong in the call: one record

    if (grep({ $_ eq 'scope' } @steps) && grep({ $_ eq 'policy' } @steps)) {
        call(project_id => 'p_9', consent => 'denied');
        @steps = grep { $_ ne 'scope' && $_ ne 'policy' } @steps;
    }

    for my $step (@steps) {
        $_->[2]->(\%request) for grep { $_->[0] eq $step } @wrong;
    }

    my $url = media_url(grant(%{ $request{token} }));
    my $client = $nginx->client;

    $client->send_request($request{method}, $url, undef,
        "Cookie: aidial_session=$request{cookie}", @{ $request{headers} });

    my $answer = $client->response;
    $client->close;

    return $answer;
}


for my $i (0 .. $#wrong) {
    my ($first, $code) = @{ $wrong[$i] };

    is_answer(answer($first), $code, "media - wrong $first - $code");

    for my $j ($i + 1 .. $#wrong) {
        my $second = $wrong[$j][0];

        is_answer(answer($first, $second), $code,
            "media - wrong $first and $second - $code");
    }
}

is_answer(answer(map { $_->[0] } @wrong), 'method_not_allowed',
    'media - everything wrong - 405 method_not_allowed');
# a forged token costs Redis nothing, so that it answers before a session that
# only Redis knows to be dead

my $dead = sub { $_[0]{cookie} = 's_0' };

push @wrong, [ 'dead session', 'session_required', $dead ];
is_answer(answer('dead session', $_), 'session_required',
    "media - a dead session and wrong $_ - 401 session_required")
    for qw(scope life policy redemption site prefetch);
is_answer(answer('dead session', 'token'), 'recording_not_found',
    'media - a dead session and a forged token - 404 recording_not_found');
pop @wrong;

is_answer(answer(), '200', 'media - nothing wrong - 200',
    disposition => attachment('call-c_9.mp3'));

# whatever became of the one delivery, a GET of all of it is another

for my $state (qw(running ended closed)) {
    $wrong[-1][2] = sub { $_[0]{token}{state} = $state };

    is_answer(answer('redemption'), 'grant_used',
        "media - a download that is $state - 410 grant_used");
}

# ---- Redis silent: 503 where it is needed, and not before

redis_server()->down;

my $client = $nginx->client;

is_answer($client->get(media_url(token()), 'Cookie: aidial_session=s_1'),
    'service_unavailable', 'media - Redis is down - 503');
is_answer($client->get(media_url(token())), 'session_required',
    'media - Redis is down, no cookie - 401');
is_answer($client->post(media_url(token()), '{}',
                        'Cookie: aidial_session=s_1'),
    'method_not_allowed', 'media - Redis is down, POST - 405');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->log(qr/\[(?:alert|emerg)\]/) ], [],
    'nothing alarming in the error log');

done_testing();
