# The conformance kit: what lies beside a record, names of keys, Redis itself,
# options, and that it never prints the id of a session.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::World;
use Test::Aidial::Portal;
use Test::Aidial::Conformance;

my $NOW = time;
my $S = 'aidial:session:' . hidden('s_1');
my $BEFORE = 'aidial:revoked-before:t_1:u_81';

# beside each other

fresh($BEFORE => $NOW - 3600);
says($S, 'revoked-before of earlier');

fresh($BEFORE => $NOW - 1);
says($S, 'revoked-before', warning => "it is dead: created at or before $BEFORE");

fresh($BEFORE => $NOW - 3600);
session(created_at => undef);
says($S, 'no created_at and a revoked-before',
     warning => "it is dead: there is $BEFORE, and it has no created_at");

fresh($BEFORE => 'x');
says($S, 'revoked-before is no time',
     warning => "it is dead: $BEFORE is no time in seconds");
says($BEFORE, 'revoked-before is no time',
     fault => 'it is no time in seconds: every session of this user is dead');

fresh($BEFORE => $NOW . '000');
says($BEFORE, 'revoked-before in milliseconds',
     fault => 'it is no time in seconds (it looks like milliseconds): every '
              . 'session of this user is dead');

fresh($BEFORE => $NOW + 3600);
says($BEFORE, 'revoked-before in the future',
     warning => 'it lies in the future: sessions that are made until then are '
                . 'dead as well');

fresh();
redis('RPUSH', $BEFORE, 1);
says($BEFORE, 'revoked-before of the wrong type',
     fault => 'it is of the wrong type: a list, not a string');
says($S, 'revoked-before of the wrong type',
     warning => "it is dead: $BEFORE is no time in seconds");

fresh();
redis('DEL', 'aidial:tenant:t_1');
says('aidial:call:c_9', 'no tenant record', warning => 'there is no '
     . 'aidial:tenant:t_1: staff hear nothing and nobody downloads');

for my $key (qw(session:s_1 call:c_9 tenant:t_1)) {
    fresh();
    redis('DEL', "aidial:$key");
    redis('HSET', "aidial:$key", a => 1);
    says($key =~ /^session/ ? $S : "aidial:$key", "$key is a hash",
         fault => 'it is of the wrong type: a hash, not a string');
}

fresh();
session(expires_at => undef);
redis('EXPIRE', 'aidial:session:s_1', 100);
says($S, 'no expires_at, but the key has a time to live');

# names of keys

my $never = 'its key is never asked for: an identifier has 1 to 128 '
    . 'characters of A-Z a-z 0-9 _ . : -';

fresh('aidial:call:c 9' => redis('GET', 'aidial:call:c_9'));
says('aidial:call:c 9', 'a call id with a blank', fault => $never);

fresh('aidial:tenant:' => '{"staff_playback":true,"recording_download":true}');
says('aidial:tenant:', 'an empty tenant id', fault => $never);

fresh('aidial:session:s/1' => redis('GET', 'aidial:session:s_1'));
says('aidial:session:' . hidden('s/1'), 'a session id with a slash',
     fault => $never);

fresh('aidial:revoked-before:t_1' => $NOW - 9000);
says('aidial:revoked-before:t_1', 'revoked-before without a user',
     fault => 'its key is never asked for: behind revoked-before: stand a '
              . 'tenant, a colon and a user');

my $unclaimed = 'no kind of record has such a key: is it a mistyped session:, '
    . 'call:, tenant:, revoked-before: or revoked:?';

fresh('aidial:calls:c_1' => '{}', 'aidial:sesion:s_secret' => '{}',
      'aidial:a1b2c3d4:x' => 1, 'aidial:{t_1}:grants:x' => 1);
says("aidial:$_", 'a mistyped key', warning => $unclaimed)
    for 'calls:' . hidden('c_1'), 'sesion:' . hidden('s_secret'),
        hidden('a1b2c3d4:x'), hidden('{t_1}:grants:x');

fresh("aidial:{t_1}:grant:" . 'ab' x 16 => 1, 'aidial:{t_1}:rate:u_81' => 1,
      'aidial:{t_1}:audit' => 1, 'aidial:{t_1}:call:c_1' => 1,
      'aidial:{t_1}:tenant' => 1, 'aidial:{t_1}:fetch-call:c_1' => 1,
      'aidial:{t_1}:fetch-tenant' => 1, 'aidial:revoked:s_2' => 1,
      'elsewhere:x' => 1);
my $run = conformance();
is_deeply([ sort keys %{ $run->{key} } ], [], 'keys - the module\'s own');
is($run->{sum}{summary}{"the module's own"}{records}, 7, 'keys - counted');
is($run->{sum}{summary}{'of no kind'}{records}, 0, 'keys - none is of no kind');
is($run->{sum}{summary}{revoked}{records}, 1, 'keys - a revocation');

# no run of this file has said a session's id

fresh('aidial:sesion:s_secret' => '{}', 'aidial:session:s_2' => 'x',
      'aidial:revoked:s_3 ' => 1, 'aidial:session:s 4' => '{}');
for my $words ([], [ '--json' ]) {
    my $said = conformance_text('--all', @$words);
    unlike("$said->{out}$said->{err}", qr/s_1|s_secret|s_2|s_3|s 4/,
           "secrets - @$words - no session id");
    like($said->{out}, qr/\Q$S\E/, "secrets - @$words - its digest");
}

# Redis itself

fresh();
redis('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
$run = conformance();
is($run->{code}, 1, 'Redis - a policy that evicts - exit code');
is_deeply($run->{key}{Redis}{faults}, [ 'its maxmemory-policy is allkeys-lru: '
    . 'every answer of the module is 503 without eviction=allowed' ],
    'Redis - a policy that evicts');
$run = conformance('--eviction-allowed');
is($run->{code}, 0, 'Redis - eviction is allowed - exit code');
like($run->{key}{Redis}{warnings}[0], qr/may lose audit entries/,
     'Redis - eviction is allowed - a warning');
redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');

redis('REPLICAOF', '127.0.0.1', 1);
like(conformance()->{key}{Redis}{warnings}[0], qr/^it is no primary/,
     'Redis - a replica');
redis('REPLICAOF', 'NO', 'ONE');

done_testing();


# the clean world and these strings

sub fresh {
    my %text = @_;

    redis('FLUSHALL');
    records();
    redis('SET', $_, $text{$_}) for sort keys %text;
}


# says($key, $title): nothing; or one finding, and its whole text

sub says {
    my ($key, $title, $kind, $text) = @_;
    my $run = conformance();
    my $said = $run->{key}{$key} // { faults => [], warnings => [] };

    is_deeply([ map { "fault $_" } @{ $said->{faults} } ],
              [ $kind && $kind eq 'fault' ? "fault $text" : () ],
              "$title - $key - faults");
    is_deeply($said->{warnings},
              [ $kind && $kind eq 'warning' ? $text : () ],
              "$title - $key - warnings");
}
