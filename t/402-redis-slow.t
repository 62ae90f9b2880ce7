use strict;
use warnings;

# Redis is slow: stopped, or it accepts and never answers.  A request ends at
# its deadline, and a reply that comes after it is nobody's.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $LIMIT = 0.5;    # timeout=200ms, and 300 ms for a busy machine

my $redis = redis_server();
my $nginx = edge(redis => 'unix:' . $redis->path
                          . ' timeout=200ms connect_timeout=200ms');
my @pids = $nginx->workers;

prepare();
records_of_another();
ok(serving($nginx, 'media'), 'redis - awake - served');

# stopped: the first request waits for its deadline, the next ones for that
# or for a handshake; none waits longer

kill STOP => $redis->pid;

for my $what (qw(status grant media), ('status') x 4) {
    late("stopped, $what", $what);
}

# hand out the late replies of the stopped one; two users ask at once

kill CONT => $redis->pid;
ok(serving($nginx, 'status', 1.5), 'redis - goes on - served again');
own_answers('goes on');

# a reply that is late by little, over and over: dropped with its connection

my $middle = middle();

$nginx->write_conf(http => http_config(redis => 'unix:' . $middle->path
    . ' timeout=200ms connect_timeout=200ms'));
ok($nginx->reload, 'redis - another one - reloaded');
@pids = $nginx->workers;
ok(serving($nginx, 'media', 1.5), 'redis - another one - served');

my $session = redis('GET', 'aidial:session:s_1');

override('GET aidial:session:s_1' => { reply => bulk($session),
                                       delay => 0.35 });
late('late reply', 'status') for 1 .. 3;
override();
ok(serving($nginx, 'status', 1.5), 'redis - late reply, then quick - served');
own_answers('late replies');

# one command of several is never answered

my @never = (
    [ status => 'GET aidial:call:c_9' ],
    [ status => 'GET aidial:tenant:t_1' ],
    [ grant => 'EVALSHA' ],
    [ media => 'HMGET' ],
);

for my $row (@never) {
    my ($what, $command) = @$row;

    override($command => 'never');
    late("$command never answered, $what", $what);
    override();
    ok(serving($nginx, $what, 1.5), "redis - $command answered - $what served");
}

override(EVALSHA => 'never');
my $url = download_url();
late('EVALSHA never answered, download', $url);
override();
ok(serving($nginx, $url, 1.5),
   'redis - not redeemed - the grant is still good');

# one that accepts and is silent: no request waits for the handshake

$middle->script('*' => 'never');
wait_for { $nginx->log(qr/no answer to the handshake/) };
late('silent from the start', $_) for qw(status grant media);
$middle->script('PING' => "+PONG\r\n", '*' => "\$-1\r\n");
is(wait_for(sub { ask($nginx, 'status')->{status} == 401 }, 2), 1,
   'redis - speaks at last - an answer');

in_order($nginx, pids => \@pids);
done_testing();


sub late {
    my ($case, $what) = @_;
    my ($answer, $seconds) = timed { ask($nginx, $what) };

    is(refusal($answer), refused(), "redis - $case - 503");
    cmp_ok($seconds, '<', $LIMIT, "redis - $case - in time");
}


sub records_of_another {
    session(sid => 's_2', user_id => 'u_2', tenant_id => 't_2',
            client_id => 'cl_2', project_ids => [ 'p_9' ]);
    call(id => 'c_2', tenant_id => 't_2', client_id => 'cl_2',
         project_id => 'p_9');
    tenant(id => 't_2');
}


# two users in turn on one worker's connection: each gets their own

sub own_answers {
    my ($case) = @_;
    my (@client, @wrong) = ($nginx->client, $nginx->client);

    for my $n (1 .. 20) {
        my ($sid, $own, $other) = $n % 2 ? qw(s_1 c_9 c_2) : qw(s_2 c_2 c_9);

        $client[0]->send_request('GET', "/api/calls/$own/status", undef,
                                 "Cookie: aidial_session=$sid");
        $client[1]->send_request('GET', "/api/calls/$other/status", undef,
                                 "Cookie: aidial_session=$sid");

        my ($first, $second) = map { $_->response } @client;

        push @wrong, "$first->{status} $second->{status} $first->{body}"
            if $first->{status} != 200 || $second->{status} != 404
               || $first->{body} !~ /"call_id":"$own"/;
    }

    is(join("\n", @wrong), '', "redis - $case - each user gets their own");
}
