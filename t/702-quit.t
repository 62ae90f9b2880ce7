use strict;
use warnings;

# A worker that is told to quit answers the requests that wait for Redis, and
# leaves; nothing else of the module keeps it, in whatever state its
# connection is, and no socket is left open.  What was played it enters before.

use lib 't/lib';
use IO::Socket::UNIX;
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $middle = middle();

# A request in flight, answered by Redis.  The origin is the same nginx: so
# what needs it is a worker that a reload told to quit.

for my $row ([ status => 'GET aidial:tenant:t_1', 200, 'QUIT' ],
             [ status => 'GET aidial:session:s_1', 200, 'HUP' ],
             [ grant => 'EVALSHA', 201, 'QUIT' ],
             [ media => 'HMGET', 200, 'HUP' ],
             [ download => 'EVALSHA', 200, 'HUP' ])
{
    my ($what, $command, $status, $signal) = @$row;
    my $nginx = begin('timeout=5s');

    hold($command);
    my $from = $middle->log;
    my $client = start_asking($nginx, $what);
    asked($command, $from);
    quits($nginx, $signal);
    release();

    is(($client->response // { status => 'no answer' })->{status}, $status,
       "quit - $what waits at $command - answered");
    $client->close;
    leaves($nginx, "quit - $what waited at $command", 1);
}

# a request in flight, never answered: refused at its deadline

my $nginx = begin('timeout=500ms');

override(GET => 'never');

my $client = in_flight($nginx, 'status');

quits($nginx);
is(refusal($client->response), refused(), 'quit - Redis hangs - 503');
leaves($nginx, 'quit - Redis hangs', 1);

# nothing in flight: at once, whatever the connection is doing

$nginx = begin('timeout=9s connect_timeout=9s');
leaves($nginx, 'quit - idle', 0.8);

$middle->script('*' => 'never');
$nginx = start_edge('timeout=9s connect_timeout=9s');
leaves($nginx, 'quit - in the handshake', 0.8);
$middle->stop;

$nginx = start_edge('timeout=9s connect_timeout=9s');
leaves($nginx, 'quit - Redis is away', 0.8);

# a request that waits for the first connection is one that waits

$middle->script('*' => 'never');
$nginx = start_edge('timeout=500ms connect_timeout=9s');
$client = in_flight($nginx, 'status');
quits($nginx);
is(refusal($client->response), refused(),
   'quit - waits for a connection - 503');
leaves($nginx, 'quit - waits for a connection', 1);

# a client that left keeps nobody

$middle = middle();
$nginx = begin('timeout=9s');
override(GET => 'never');
$client = in_flight($nginx, 'status');

my $before = access_lines($nginx, 499);

$client->abort;
answered_as($nginx, 499, $before);
leaves($nginx, 'quit - the client left', 0.8);

# shutdown times out, in flight and in the handshake

for my $state (qw(flight handshake)) {
    override();
    $middle->script('*' => 'never') if $state eq 'handshake';
    $nginx = start_edge('timeout=9s connect_timeout=9s',
                        main => 'worker_shutdown_timeout 300ms;');

    if ($state eq 'flight') {
        serving($nginx, 'status', 2) or die 'not served';
        override(GET => 'never');
    }

    $client = in_flight($nginx, 'status');
    leaves($nginx, "quit - shutdown times out in $state", 1.2);
}

# TERM asks nobody

$middle = middle();
$nginx = begin('timeout=9s');
override(GET => 'never');
$client = in_flight($nginx, 'status');
$nginx->signal('TERM');
ok(wait_for(sub { !$nginx->running }, 1), 'term - in flight - leaves at once');
in_order($nginx);

done_testing();


sub start_edge {
    my ($words, %option) = @_;

    return edge(redis => 'unix:' . $middle->path . " $words", %option);
}


sub begin {
    override();

    my $nginx = start_edge(@_);

    prepare();
    serving($nginx, 'status', 2) or die 'not served';

    return $nginx;
}


sub asked {
    my ($command, $from) = @_;

    wait_for {
        my @lines = $middle->log;
        grep { index($_, $command) == 0 } @lines[$from .. $#lines];
    } or die "$command was not asked";
}


# the workers have been told: they do not listen any more

sub quits {
    my ($nginx, $signal) = @_;

    $nginx->signal($signal // 'QUIT');
    wait_for { $nginx->log(qr/gracefully shutting down/) } or die 'no quit';
}


sub leaves {
    my ($nginx, $case, $seconds) = @_;

    $nginx->signal('QUIT') if $nginx->running;
    ok(wait_for(sub { !$nginx->running }, $seconds), "$case - leaves in time");
    is(join('', $nginx->log(qr/\[(?:alert|crit|emerg)\]|on signal/)), '',
       "$case - nothing alarming");
    $nginx->stop;
}
