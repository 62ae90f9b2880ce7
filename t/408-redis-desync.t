use strict;
use warnings;

# Replies that stand in the wrong place.  A connection whose replies are out of
# step with its commands would hand one user's session to another; so one
# reply too many, wherever and however it comes, ends the connection, and no
# request is answered from it with what belongs to somebody else.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path . ' timeout=1s');

# A may play and download, B belongs to another tenant, C is not signed in

prepare();
session(sid => 's_2', user_id => 'u_2', tenant_id => 't_2', client_id => 'cl_2',
        project_ids => [ 'p_9' ]);
call(id => 'c_2', tenant_id => 't_2', client_id => 'cl_2', project_id => 'p_9',
     consent => 'denied');
tenant(id => 't_2');

my %record = map { $_ => redis('GET', "aidial:$_") }
    qw(session:s_1 session:s_2 call:c_9 call:c_2 tenant:t_1);

my %stray = (
    'nil' => "\$-1\r\n",
    'the session of A' => bulk($record{'session:s_1'}),
    'the session of B' => bulk($record{'session:s_2'}),
    'the call of A' => bulk($record{'call:c_9'}),
    'the call of B' => bulk($record{'call:c_2'}),
    'a fresh grant' => "*2\r\n" . bulk('fresh') . bulk('playback'),
);

# before the reply to that command, in the same piece or in one of its own

my $tried = 0;

for my $stray (sort keys %stray) {
    for my $sid (qw(s_1 s_2 s_0)) {
        for my $pieces (0, 1) {
            shifted($stray, $sid, $pieces);
        }
    }
}

# the client is gone, its replies still come: they are not the next one's

override('GET aidial:session:s_1' => { reply => bulk($record{'session:s_1'}),
                                       delay => 0.2 });

for my $who (qw(s_2 s_0)) {
    my $gone = in_flight($nginx, 'status');
    my $from = $middle->log;

    $gone->abort;
    is(view($nginx->client, $who, 'c_9'), $who eq 's_0' ? '401' : '404',
       "redis - the client before left, $who - its own answer");
    is(view($nginx->client, $who, 'c_2'), $who eq 's_0' ? '401' : '200 c_2',
       "redis - the client before left, $who - again");
    is(scalar(grep { $_ eq '+' } ($middle->log)[$from .. $middle->log - 1]), 0,
       "redis - the client before left, $who - over the same connection");
}

override();
ok(serving($nginx, $_, 2), "redis - in step, $_ - served")
    for qw(status grant media);

in_order($nginx);
done_testing();


# Two requests are in flight at once: that of A, whose replies are shifted,
# and one behind it that the shift would reach.

sub shifted {
    my ($stray, $sid, $pieces) = @_;
    my $case = "$stray in front" . ($pieces ? ', in pieces' : '') . ", $sid";
    my $bytes = $stray{$stray};

    $nginx->reload or die 'no reload' if $tried++ % 2 == 0;
    serving($nginx, 'status', 2) or die 'not served';

    override('GET aidial:session:s_1' => {
        reply => $bytes . bulk($record{'session:s_1'}), delay => 0.02,
        $pieces ? (chunk => length $bytes, pause => 0.01) : () });

    my $first = start_asking($nginx, 'status');
    my @clients = map { $nginx->client } 1, 2;

    ask_status($clients[0], $sid, 'c_9');
    ask_status($clients[1], $sid, 'c_2');

    like(shown($first), qr/\A(?:503|401|404)\z/,
         "redis - $case, the request it hits - refused");

    # what each of them may see when all is well; a refusal is always right

    my $own = $sid eq 's_1' ? 'c_9' : $sid eq 's_2' ? 'c_2' : 'none';

    like(shown($_), qr/\A(?:503|401|404|200 $own)\z/,
         "redis - $case, the request behind it - nobody else's")
        for @clients;

    override();
    ok(serving($nginx, 'status', 2), "redis - $case - served again");
}


sub ask_status {
    my ($client, $sid, $call) = @_;

    $client->send_request('GET', "/api/calls/$call/status", undef,
                          "Cookie: aidial_session=$sid");
}


# status and, where there is one, the call whose record was shown, whatever
# id the answer carries: a record out of place may be the same user's own

sub shown {
    my ($client) = @_;
    my $answer = $client->response or return 'no answer';

    return $answer->{status} if $answer->{status} != 200;

    my ($consent) = $answer->{body} =~ /"consent":"(\w+)"/;

    return $consent eq 'granted' ? '200 c_9' : '200 c_2';
}


sub view {
    my ($client, $sid, $call) = @_;

    ask_status($client, $sid, $call);

    return shown($client);
}
