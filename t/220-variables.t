# $aidial_recording_*: what an access log says of status and grant requests.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Nginx;

my @NAMES = qw(user role tenant client project call action grant decision
               reasons object content_type filename);

my $log = dir() . '/variables.log';
my $nginx = Test::Aidial::Nginx->start(server => locations(<<'END'),
    location = /elsewhere { return 200 "x"; }
END
    http => http_config(extra => 'log_format aidial escape=json \'{"uri":"$uri",'
        . join(',', map { "\"$_\":\"\$aidial_recording_$_\"" } @NAMES)
        . "}'; access_log $log aidial;"));
my $client = $nginx->client;

my %SESSION = (user => 'u_81', role => 'client_manager', tenant => 't_1',
               client => 'cl_1');
my %CALL = (project => 'p_1', content_type => 'audio/mpeg',
            filename => 'call-c_9.mp3');

records();

says('elsewhere', {}, sub { $client->get('/elsewhere') });
says('status, no session', { decision => 'session_required' },
     sub { $client->get('/api/calls/c_9/status') });
says('status, other method', { decision => 'method_not_allowed' },
     sub { ask('DELETE', 'c_9/status') });
says('status', { %SESSION, %CALL, call => 'c_9', decision => 'allowed' },
     sub { ask('GET', 'c_9/status') });
says('status, unknown call', { %SESSION, call => 'c_none',
                               decision => 'recording_not_found' },
     sub { ask('GET', 'c_none/status') });
says('status, malformed id', { %SESSION, decision => 'recording_not_found' },
     sub { ask('GET', 'c%20x/status') });

call(id => 'c_other', tenant_id => 't_2');
says('status, foreign call: nothing of its owner',
     { %SESSION, call => 'c_other', decision => 'recording_not_found' },
     sub { ask('GET', 'c_other/status') });

says('grant for a foreign call, not JSON: nothing of its owner',
     { %SESSION, call => 'c_other', decision => 'invalid_request' },
     sub { ask('POST', 'c_other/grant', '{') });

my $answer;
my %said = says('grant', { %SESSION, %CALL, call => 'c_9', decision =>
                           'allowed', action => 'playback', grant => qr/./ },
    sub { $answer = ask('POST', 'c_9/grant', '{"action":"playback"}') });

like($said{grant}, qr/\A[0-9a-f]{32}\z/, 'variables - grant - an id');
is(redis('EXISTS', "aidial:{t_1}:grant:$said{grant}"), 1,
   'variables - grant - the id it is registered under');
my ($token) = decode_json($answer->{body})->{url} =~ m{([^/]+)\z};
is(index($said{line}, $token), -1, 'variables - grant - the token is nowhere');

says('grant, not JSON', { %SESSION, %CALL, call => 'c_9',
                          decision => 'invalid_request' },
     sub { ask('POST', 'c_9/grant', '{') });

call(consent => 'denied', media => { status => 'removed' });
says('grant, blocked', { %SESSION, %CALL, call => 'c_9', action => 'download',
     decision => 'recording_blocked', reasons => 'consent_denied,media_removed' },
     sub { ask('POST', 'c_9/grant', '{"action":"download","confirm":true}') });
call();

session(role => 'janitor');
says('status, unknown role', { %SESSION, %CALL, role => '', call => 'c_9',
                               decision => 'allowed' },
     sub { ask('GET', 'c_9/status') });

# of a session that does not stand, nothing is said

session(expires_at => time - 1);
says('status, expired session', { call => 'c_9', decision =>
                                  'session_required' },
     sub { ask('GET', 'c_9/status') });

# what a record lacks is empty, but a file name is made

session();
call(media => { content_type => undef, filename => undef });
says('status, no content type', { %SESSION, project => 'p_1', call => 'c_9',
     decision => 'allowed', filename => 'call-c_9' },
     sub { ask('GET', 'c_9/status') });

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub ask {
    my ($method, $uri, $body) = @_;

    $client->send_request($method, "/api/calls/$uri", $body,
                          'Cookie: aidial_session=s_1', same_origin());

    return $client->response;
}


sub says {
    my ($title, $expected, $action) = @_;
    my $lines = lines();

    $action->();
    wait_for { lines() > $lines };

    open my $file, '<', $log or die "$log: $!";
    my $line = (<$file>)[-1];
    my %said = %{ decode_json($line) };
    my %expected = ((map { $_ => '' } @NAMES), %$expected,
                    uri => $said{uri});

    $expected{grant} = $said{grant}
        if ref $expected{grant} && $said{grant} =~ $expected{grant};

    is_deeply(\%said, \%expected, "variables - $title");

    return (%said, line => $line);
}


sub lines {
    open my $file, '<', $log or return 0;

    return scalar(() = <$file>);
}
