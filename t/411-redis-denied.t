use strict;
use warnings;

# Redis does not let the edge in: 503, one [crit] line that says what to look
# at and no secret, and an attempt every five seconds - a wrong password must
# not look like an attack.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(time);

my $SECRET = 'never-to-be-seen';
my $DENIED = qr/\[crit\].*Redis does not let us in/;

open my $file, '>', dir() . '/password' or die "password: $!";
print $file "$SECRET\n";
close $file;

my $middle = middle();
my $words = 'unix:' . $middle->path . ' password_file=' . dir() . '/password';
my $nginx = edge(redis => $words);
my @pids = $nginx->workers;

prepare();

# the suite's Redis has no password: AUTH is an error in itself

ok(wait_for(sub { $nginx->log($DENIED) }, 2), 'redis - AUTH refused - [crit]');

for my $what (qw(status grant media)) {
    my ($answer, $seconds) = timed { ask($nginx, $what) };

    is(refusal($answer), refused(), "redis - AUTH refused, $what - 503");
    cmp_ok($seconds, '<', 0.3, "redis - AUTH refused, $what - at once");
}

# the same for each way of saying no, in a new worker

for my $row ([ AUTH => 'WRONGPASS invalid username-password pair' ],
             [ AUTH => 'ERR invalid password' ],
             [ AUTH => 'ERR AUTH <password> called without any password' ],
             [ PING => 'NOAUTH Authentication required.' ],
             [ PING => 'NOPERM this user has no permissions' ])
{
    my ($command, $error) = @$row;
    my $before = $nginx->log($DENIED);

    override(AUTH => "+OK\r\n", $command => "-$error\r\n");
    $nginx->reload or die 'no reload';
    @pids = $nginx->workers;

    ok(wait_for(sub { $nginx->log($DENIED) > $before }, 2),
       "redis - $command: $error - [crit]");
    is(refusal(ask($nginx, 'media')), refused(),
       "redis - $command: $error - 503");
}

# let in at last: the next attempt is five seconds after the one before

my $from = $middle->log;
my $begin = time;
my $said = $nginx->log($DENIED);

select undef, undef, undef, 1.5;
is(scalar(grep { $_ eq '+' } ($middle->log)[$from .. $middle->log - 1]), 0,
   'redis - denied - not tried again for long');
is($nginx->log($DENIED), $said, 'redis - denied - said once');

override(AUTH => "+OK\r\n");
ok(serving($nginx, 'media', 5), 'redis - let in - served');
cmp_ok(time - $begin, '<', 5.5, 'redis - let in - after five seconds');

# the handshake's other errors are no denial

override(AUTH => "+OK\r\n", PING => "-LOADING Redis is loading\r\n");
$said = $nginx->log($DENIED);
$nginx->reload or die 'no reload';
ok(wait_for(sub { $nginx->log(qr/handshake was answered.*LOADING/) >= 3 }, 2),
   'redis - LOADING in the handshake - tried again soon');
is($nginx->log($DENIED), $said, 'redis - LOADING in the handshake - no [crit]');
override(AUTH => "+OK\r\n");
ok(serving($nginx, 'media', 2), 'redis - loaded - served');

is(scalar $nginx->log(qr/\Q$SECRET/), 0,
   'redis - denied - no secret in the log');

in_order($nginx, crit => 'Redis does not let us in');
done_testing();
