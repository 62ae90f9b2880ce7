use strict;
use warnings;

# The rights that docs/redis-contract.md tells the operator to give are enough
# for every endpoint, and each of them is needed.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $PASSWORD = 'open-sesame';
my @ALL = qw(status grant media download);

my @rights = documented();
my @commands = map { /\A\+(\w+)\z/ } @rights;

cmp_ok(scalar @commands, '>', 5, 'redis - the document names the commands');

redis('ACL', 'SETUSER', 'edge', @rights);

open my $file, '>', dir() . '/password' or die "password: $!";
print $file "$PASSWORD\n";
close $file;

my $words = 'unix:' . redis_server()->path . ' user=edge password_file='
            . dir() . '/password';
my %rate = (grant_rate => 'rate=1000r/s burst=1000');
my $nginx = edge(redis => $words, %rate);

prepare();
redis('SCRIPT', 'FLUSH');
ok(serving($nginx, 'status', 2), 'redis - minimal rights - connected');

for my $flushed (0, 1) {
    for my $what (@ALL) {
        redis('SCRIPT', 'FLUSH') if $flushed;
        like(ask($nginx, $what)->{status}, qr/\A20[01]\z/,
             "redis - minimal rights, $what"
             . ($flushed ? ', script unknown' : '') . ' - served');
    }
}

# what the edge has no business with

like(trial('SET', 'aidial:session:s_1', '{}'), qr/NOPERM/,
     'redis - minimal rights - may not write a session');
like(trial('HSET', 'aidial:call:c_9', 'a', 'b'), qr/NOPERM/,
     'redis - minimal rights - may not write a call');
like(trial('XRANGE', 'aidial:{t_1}:audit', '-', '+'), qr/NOPERM/,
     'redis - minimal rights - may not read the audit trail');
like(trial('XTRIM', 'aidial:{t_1}:audit', 'MAXLEN', 0), qr/NOPERM/,
     'redis - minimal rights - may not trim the audit trail');
like(trial('DEL', 'aidial:{t_1}:audit'), qr/NOPERM/,
     'redis - minimal rights - may not delete the audit trail');
like(trial('GET', 'elsewhere'), qr/NOPERM/,
     'redis - minimal rights - may not read another key');
like(trial('FLUSHALL'), qr/NOPERM/, 'redis - minimal rights - may not flush');

# without any one of them something is refused

for my $command (@commands) {
    redis('ACL', 'SETUSER', 'edge', "-$command");
    afresh();

    my @refused = grep {
        redis('SCRIPT', 'FLUSH');
        refusal(ask($nginx, $_)) eq refused();
    } @ALL;

    ok(scalar @refused, "redis - no right to $command - refused: @refused");

    redis('ACL', 'SETUSER', 'edge', "+$command");
}

afresh();
ok(serving($nginx, $_, 2), "redis - rights given back, $_ - served") for @ALL;

# and without any one of the keys, or with half the right to it

for my $keys (grep { /~/ } @rights) {
    for my $less ($keys =~ /\A~/ ? ('', "%R$keys", "%W$keys") : '') {
        redis('ACL', 'SETUSER', 'edge', 'resetkeys', $less || (),
              grep { /~/ && $_ ne $keys } @rights);

        my @refused = grep { refusal(ask($nginx, $_)) eq refused() } @ALL;

        ok(scalar @refused, "redis - no right to $keys"
           . ($less && " but $less") . " - refused: @refused");
    }
}

redis('ACL', 'SETUSER', 'edge', 'resetkeys', grep { /~/ } @rights);
ok(serving($nginx, 'media', 2), 'redis - keys given back - served');

# a database other than 0 needs one right more, as the document says

redis('ACL', 'SETUSER', 'edge', '+select');
redis('COPY', $_, $_, 'DB', 4) for @{ redis('KEYS', 'aidial:*') };
$words =~ s/\.sock/.sock:4/;
$nginx->write_conf(http => http_config(redis => $words, %rate));
afresh();
ok(serving($nginx, 'media', 2), 'redis - database and SELECT - served');
redis('ACL', 'SETUSER', 'edge', '-select');
afresh();
is(refusal(ask($nginx, 'media')), refused(), 'redis - no SELECT - 503');

in_order($nginx, crit => 'NOPERM|does not let us in');
done_testing();


# the words behind "ACL SETUSER edge", which may go over two lines

sub documented {
    my ($root) = __FILE__ =~ m{\A(.*?)/?t/[^/]+\z};
    my $name = ($root || '.') . '/docs/redis-contract.md';

    open my $document, '<', $name or die "$name: $!";
    local $/;
    my ($rule) = <$document> =~ /^    ACL SETUSER edge (.*(?:\n      +.*)*)/m
        or die "$name names no rights";

    $rule =~ s/>PASSWORD/>$PASSWORD/;

    return split ' ', $rule;
}


# a worker that connects anew

sub afresh { $nginx->reload or die 'no reload' }


sub trial {
    my (@command) = @_;
    my $redis = bless { path => redis_server()->path }, 'Test::Aidial::Redis';

    $redis->command('AUTH', 'edge', $PASSWORD);

    return eval { $redis->command(@command) } // $@;
}
