# The conformance kit: what nginx.conf says, said as options; how it signs in
# to Redis; exit codes; many keys.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::INET;
use Test::More;
use Test::Aidial::Process qw(spawn wait_for);
use Test::Aidial::Redis;
use Test::Aidial::World qw(:DEFAULT redis_server);
use Test::Aidial::Portal;
use Test::Aidial::Conformance;

my $NOW = time;
my $SOCKET = 'unix:' . redis_server()->path;

# a portal with words, places and names of its own

my %record = (
    id => 81, user => json({ user => { id => 81 }, kind => 'owner',
        org => { t => 't_1', c => 'cl_1' }, p => ['*'],
        expiresAt => ($NOW + 3600) * 1000, createdAt => $NOW * 1000 }));
my @map = ('--field', 'user=/user/id', '--field', 'role=/kind',
           '--field', 'tenant=/org/t', '--field', 'client=/org/c',
           '--field', 'projects=/p', '--field', 'expires_at=/expiresAt,ms',
           '--field', 'created_at=/createdAt,ms',
           '--role', 'client_admin=admin,owner');

redis('SET', 'sess:s_1', $record{user});
my $run = conformance('--all', '--session-key', 'sess:{sid}', @map);
is_deeply($run->{key}{ 'sess:' . hidden('s_1') }{warnings}, [],
          'options - fields, words and key of a portal - nothing to say');
is($run->{code}, 0, 'options - fields, words and key - exit code');

$run = conformance('--session-key', 'sess:{sid}', @map,
                   '--role', 'client_admin=chief', '--field', 'role=/org/t');
like($run->{key}{ 'sess:' . hidden('s_1') }{warnings}[0],
     qr/^its role is "t_1", a word/, 'options - the last place counts');

redis('SET', 'sess:s_1', $record{user} =~ s/000\b//gr);
$run = conformance('--session-key', 'sess:{sid}', @map);
is_deeply([ map { s/ .*//r }
            @{ $run->{key}{ 'sess:' . hidden('s_1') }{warnings} } ],
          [ 'expires_at', 'expires_at', 'created_at' ],
          'options - unit=ms and seconds - said of both, and expired');

redis('FLUSHALL');
redis('SET', 'p[*]:session:' . 'ab' x 32 . ':v1', session_text());
redis('SET', 'p[*]:session:s_1:v1', session_text());
redis('SET', 'pq:session:s_1:v1', session_text());
$run = conformance('--all', '--prefix', 'p[*]:', '--session-key',
                   '{prefix}session:{sha256}:v1');
is(join(' ', sort keys %{ $run->{key} }),
   join(' ', sort 'p[*]:session:sha256:abababab:v1',
                  'p[*]:session:' . hidden('s_1:v1')),
   'options - {sha256}, text behind it, a prefix that is a pattern');

redis('FLUSHALL');
session(expires_at => $NOW - 10);
$run = conformance('--now', $NOW - 20);
is_deeply([ keys %{ $run->{key} } ], [], 'options - --now - not yet over');
is(conformance('--strict', '--now', $NOW - 20)->{code}, 0, 'strict - nothing');
is(conformance('--strict')->{code}, 1, 'strict - a warning counts');
is(conformance()->{code}, 0, 'not strict - a warning does not');

# what cannot be followed: said, and exit code 2

for my $case (
    [ [ '--field', 'name=/x', $SOCKET ], qr/--field "name=\/x": expected user/ ],
    [ [ '--field', 'user=x', $SOCKET ], qr/expected a JSON pointer/ ],
    [ [ '--field', 'user=/x~2', $SOCKET ], qr/expected a JSON pointer/ ],
    [ [ '--role', 'boss=x', $SOCKET ], qr/expected client_admin/ ],
    [ [ '--role', 'client_admin=a,,b', $SOCKET ], qr/words of 1 to 128 bytes/ ],
    [ [ '--role', 'client_admin=a', '--role', 'client_staff=a', $SOCKET ],
      qr/expected a word that means one role only/ ],
    [ [ '--session-key', 'sess', $SOCKET ], qr/expected a template with/ ],
    [ [ '--session-key', '{sid}:{sha256}', $SOCKET ], qr/names the session tw/ ],
    [ [ '--session-key', '{sha256}:{sid}', $SOCKET ], qr/names the session tw/ ],
    [ [ '--now', 'x', $SOCKET ], qr/expected Unix seconds/ ],
    [ [ '--nothing', $SOCKET ], qr/unrecognized option/ ],
    [ [], qr/^usage: / ], [ [ $SOCKET, $SOCKET ], qr/^usage: / ],
    [ [ 'http://x' ], qr/expected redis:/ ],
    [ [ 'redis://u:secret@x' ], qr/password in the URL/ ],
    [ [ 'rediss://x' ], qr/does not speak TLS/ ],
    [ [ 'sentinel://x/m' ], qr/name the primary/ ],
    [ [ 'redis://x:0' ], qr/a port of 1/ ],
    [ [ 'redis://:1' ], qr/a host/ ],
    [ [ 'redis://x/y' ], qr/a database of/ ],
    [ [ 'unix:x' ], qr/an absolute path/ ],
    [ [ 'unix:/none/redis.sock' ], qr/cannot connect: No such file/ ],
    [ [ "$SOCKET:99" ], qr/Redis: ERR DB index/ ],
    [ [ '--user', 'u', $SOCKET ], qr/--user needs/ ],
    [ [ '--password-file', '/none', $SOCKET ], qr{/none: No such file} ],
) {
    my ($words, $text) = @$case;
    my $said = conformance_at(@$words);

    is($said->{code}, 2, "refused - @$words - exit code");
    like($said->{err}, $text, "refused - @$words - why");
    unlike($said->{err}, qr/secret/, "refused - @$words - no password");
}

is(conformance_at('--help')->{code}, 0, 'help - exit code');
like(conformance_at('--help')->{out}, qr/^usage: /, 'help');

# an empty database is no success

redis('FLUSHALL');
$run = conformance_text();
is($run->{code}, 2, 'no record at all - exit code');
like($run->{out}, qr/^No record was found/m, 'no record at all');

# signing in, another database, TCP

redis('SELECT', 3);
records();
redis('ACL', 'SETUSER', 'kit', 'on', '>long secret', '%R~aidial:*', '-@all',
      '+select', '+scan', '+type', '+pttl', '+getrange');
redis('ACL', 'SETUSER', 'less', 'on', '>x', '~aidial:call:*', '-@all',
      '+select', '+scan', '+type', '+pttl', '+getrange', '+info');

write_file('password', "long secret\r\nmore\n");
my @kit = ('--json', '--user', 'kit', '--password-file', dir() . '/password',
           "$SOCKET:3");

$run = conformance_at(@kit);
is($run->{code}, 0, 'sign in - a user without INFO - exit code');
like($run->{out}, qr/it refuses INFO/, 'sign in - INFO is refused - said');

{
    local $ENV{REDISCLI_AUTH} = 'long secret';
    is(conformance_at('--user', 'kit', "$SOCKET:3")->{code}, 0,
       'sign in - REDISCLI_AUTH');

    $ENV{REDISCLI_AUTH} = 'x';
    $run = conformance_at('--user', 'kit', "$SOCKET:3");
    is($run->{code}, 2, 'sign in - wrong password - exit code');
    like($run->{err}, qr/WRONGPASS/, 'sign in - wrong password');

    $run = conformance_at('--user', 'less', "$SOCKET:3");
    is($run->{code}, 2, 'sign in - too few rights - exit code');
    like($run->{err}, qr/NOPERM/, 'sign in - too few rights');
    like($run->{out}, qr/^Not all keys were looked at/m,
         'sign in - too few rights - said in the sum');
}

my $port = free_port();
redis('CONFIG', 'SET', 'bind', '127.0.0.1');
redis('CONFIG', 'SET', 'port', $port);
is(conformance_at("redis://127.0.0.1:$port/3")->{code}, 0, 'TCP - exit code');

# many keys: each is looked at once, and Redis is only read

redis('SELECT', 0);
redis('EVAL', q{for i = 1, 3000 do
    redis.call('SET', 'aidial:call:' .. i, '{}') end return 1}, 0);
redis('CONFIG', 'RESETSTAT');
$run = conformance_text();
like($run->{out}, qr/^call +3000 +0 +3000 +0$/m, 'many keys - counted');
like($run->{out}, qr/^3000 of 3000 records do not conform/m, 'many keys - sum');

my %asked = redis('INFO', 'commandstats') =~ /^cmdstat_(\S+?):calls=(\d+)/mg;
delete $asked{$_} for 'config|resetstat', 'info';
is(join(' ', sort keys %asked), 'getrange pttl scan type',
   'many keys - commands that only read');
is($asked{getrange}, 3000, 'many keys - each is read once');

# interrupted: it says how far it came

redis('EVAL', q{for i = 1, 60000 do
    redis.call('SET', 'aidial:call:' .. i, '{}') end return 1}, 0);
my $log = dir() . '/interrupted';
my $process = spawn($log, kit(), $SOCKET);
wait_for { -s $log } or die 'nothing was said';
kill INT => $process->pid;
wait_for { !$process->running };
ok(!$process->running, 'interrupted - it leaves');
like(slurp($log), qr/^Not all keys were looked at/m, 'interrupted - said');

done_testing();


sub session_text {
    return json({ user_id => 'u', role => 'client_admin', tenant_id => 't',
                  client_id => 'c', project_ids => ['*'],
                  expires_at => $NOW + 60, created_at => $NOW });
}


sub write_file {
    my ($name, $text) = @_;

    open my $file, '>', dir() . "/$name" or die "$name: $!";
    print $file $text;
    close $file;
}


sub slurp {
    open my $file, '<', $_[0] or die "$_[0]: $!";
    local $/;
    return <$file>;
}


sub free_port {
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        ->sockport;
}
