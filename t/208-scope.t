# Scope: a call of somebody else is answered exactly as one that is not there,
# to the byte, and costs as many commands.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;

records();

call(id => 'c_tenant', tenant_id => 't_2');
call(id => 'c_client', client_id => 'cl_2');
call(id => 'c_project', project_id => 'p_3');
call(id => 'c_all', tenant_id => 't_2', client_id => 'cl_2',
     project_id => 'p_3');
call(id => 'c_case', tenant_id => 'T_1');
call(id => 'c_longer', project_id => 'p_1x');
call(id => 'c_shorter', project_id => 'p_');
call(id => 'c_swapped', tenant_id => 'cl_1', client_id => 't_1');
call(id => 'c_blocked', tenant_id => 't_2', consent => 'denied');
call(id => 'c_unusable', raw => '{}');
redis('RPUSH', 'aidial:call:c_list', 'x');

# the answers that must not differ, beside that of a call that is not there

my @NOT_FOUND = (qw(c_tenant c_client c_project c_all c_case c_longer c_shorter
    c_swapped c_blocked c_unusable c_list), 'c%20x', 'x' x 129,
    'c_9*', '%7Bc_9%7D', 'c%c3%a9', '*', 'c_9%0d%0aX:1', '%2e%2ex', '-');

for my $endpoint (qw(status grant)) {
    my $unknown = ask($endpoint, 'c_none');

    is_problem($unknown, 404, 'recording_not_found',
               "scope - $endpoint, unknown call - 404 recording_not_found");

    for my $call (@NOT_FOUND) {
        my $answer = ask($endpoint, $call);
        my $name = length $call > 40 ? '129 characters' : $call;

        is($answer->{head}, $unknown->{head},
           "scope - $endpoint, $name - the headers of an unknown call");
        is($answer->{body}, $unknown->{body},
           "scope - $endpoint, $name - the body of an unknown call");
    }
}

# a call of the user's own that is blocked may be said

call(id => 'c_mine', consent => 'denied');
is(ask('status', 'c_mine')->{status}, 200, 'scope - own, blocked - 200');
is_blocked(ask('grant', 'c_mine'), [ 'consent_denied' ],
           'scope - own, blocked, grant - 403 recording_blocked');

# the list of projects

covers('first of two', 1, 'p_1', project_ids => [ 'p_1', 'p_2' ]);
covers('second of two', 1, 'p_2', project_ids => [ 'p_1', 'p_2' ]);
covers('star', 1, 'p_77', project_ids => [ '*' ]);
covers('star behind another one', 1, 'p_77', project_ids => [ 'p_1', '*' ]);
covers('star, another client', 0, 'p_1', project_ids => [ '*' ],
       client_id => 'cl_2');
covers('star, another tenant', 0, 'p_1', project_ids => [ '*' ],
       tenant_id => 't_2');
covers('absent', 0, 'p_1', project_ids => undef);
covers('empty', 0, 'p_1', project_ids => []);
covers('case', 0, 'p_1', project_ids => [ 'P_1' ]);
session();

# how much Redis was asked

my $known = commands(sub { ask('status', 'c_9') });

is_deeply($known, { get => 4 }, 'scope - status of an own call - four GETs');
is_deeply(commands(sub { ask('status', $_) }), $known,
          "scope - status of $_ - as many commands")
    for qw(c_none c_tenant c_project c_unusable);
is_deeply(commands(sub { ask('grant', 'c_tenant') }),
          commands(sub { ask('grant', 'c_none') }),
          'scope - grant for a foreign and an unknown call - as many commands');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub ask {
    my ($endpoint, $call) = @_;
    my @headers = ('Cookie: aidial_session=s_1', same_origin());
    my $uri = "/api/calls/$call/$endpoint";

    my $answer = $endpoint eq 'status'
        ? $client->get($uri, @headers)
        : $client->post($uri, '{"action": "playback"}', @headers);

    $answer->{head} =~ s/^Date: .*\r\n//m;

    return $answer;
}


sub covers {
    my ($title, $covered, $project, @session) = @_;

    session(@session);
    call(id => 'c_p', project_id => $project);
    is(ask('status', 'c_p')->{status}, $covered ? 200 : 404,
       "scope - projects: $title - " . ($covered ? 200 : 404));
}


sub commands {
    my ($action) = @_;

    redis('CONFIG', 'RESETSTAT');
    $action->();
    my %count = redis('INFO', 'commandstats')
        =~ /^cmdstat_(\w+):calls=(\d+)/mg;
    delete @count{qw(info config|resetstat config ping)};

    return \%count;
}
