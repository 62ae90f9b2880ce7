# revoked-before: sessions created at or before it are dead.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start(server => locations(<<'END'));
    location = /ms {
        aidial_recording status c_9;
        aidial_recording_session_field created_at /created_at unit=ms;
    }
END
my $client = $nginx->client;
my $KEY = 'aidial:revoked-before:t_1:u_81';
my $T = 1795320000;
my $uri = '/api/calls/c_9/status';

records();

stands('no record', undef, created_at => $T);
stands('no record, no created_at', undef);
stands('a second before it was created', $T - 1, created_at => $T);
stands('zero', 0, created_at => 1);
stands('leading zeros', '0' . ($T - 1), created_at => $T);
revoked('the second it was created', $T, created_at => $T);
revoked('after it was created', $T + 1, created_at => $T);
revoked('in the future', time + 3600, created_at => time);
revoked('no created_at', 0);
revoked('no created_at, one second ago', time - 1);
revoked('zero and created at zero', 0, created_at => 0);

# whatever is no time kills every session

revoked("\"$_\"", $_, created_at => $T)
    for '', 'x', '-1', '+1', ' 1', '1 ', "1\n", '1.0', '1e3', '0x1', 'null',
        '"1"', '{}', '[1]', "1\0", 99999999999999999999, '1' x 5000;

# and the operator is told which record it is

for my $bad ('x', '', '-1', 100000000000, '1' x 5000) {
    my $said = () = $nginx->log(qr/\[error\]/);

    given($bad, created_at => $T);
    my @lines = $nginx->log(qr/\[error\]/);
    is(scalar(grep { /the revoked-before record .* is unusable: / }
              @lines[$said .. $#lines]), 1,
       'session revoked - "' . substr($bad, 0, 12) . '" - one [error] line');
}

revoked('10^11, milliseconds', 100000000000, created_at => $T);
revoked('milliseconds of 2026', 1795320000000, created_at => $T);

for my $type ([ RPUSH => 1 ], [ HSET => 'a', 1 ], [ SADD => 1 ]) {
    redis('DEL', $KEY);
    redis($type->[0], $KEY, @$type[1 .. $#$type]);
    session(created_at => $T);
    is_problem(ask(), 401, 'session_required', "session revoked - Redis type "
               . "of $type->[0] - 401 session_required");
}

# it is the pair of tenant and user that is revoked

redis('DEL', $KEY);

for my $other ('t_2:u_81', 't_1:u_82', 't_1:u_8', 'u_81:t_1') {
    redis('SET', "aidial:revoked-before:$other", time + 60);
    session(created_at => $T);
    is(ask()->{status}, 200, "session revoked - of $other - 200");
}

# milliseconds are cut, so that a session of the same second is dead

$uri = '/ms';
revoked('the second it was created, in ms', $T, created_at => $T * 1000 + 999);
stands('the second before, in ms', $T - 1, created_at => $T * 1000);
redis('DEL', $KEY);

# a grant is refused as well, and before anything is said of the call

redis('SET', $KEY, time);
is_problem($client->post('/api/calls/c_none/grant', '{"action": "playback"}',
           'Cookie: aidial_session=s_1', same_origin()),
           401, 'session_required',
           'session revoked - grant for no such call - 401 session_required');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub ask { $client->get($uri, 'Cookie: aidial_session=s_1') }


sub given {
    my ($before, %field) = @_;

    session(created_at => undef, %field);
    redis('DEL', $KEY);
    redis('SET', $KEY, $before) if defined $before;

    return ask();
}


sub stands {
    my ($title, @given) = @_;

    is(given(@given)->{status}, 200, "session revoked - $title - 200");
}


sub revoked {
    my ($title, @given) = @_;

    $title = substr($title, 0, 30) =~ s/\n/\\n/r =~ s/\0/\\0/r;
    is_problem(given(@given), 401, 'session_required',
               "session revoked - $title - 401 session_required");
}
