use strict;
use warnings;

# A new password: the file is read again at a reload, and workers that run do
# not need it until they reconnect.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my @OLD = ('the first of them');
my @NEW = ('another one entirely');

redis('ACL', 'SETUSER', 'edge', 'on', ">$OLD[0]", '~*', '&*', '+@all');
password(@OLD);

my $nginx = edge(workers => 2, redis => 'unix:' . redis_server()->path
                                        . ' user=edge password_file='
                                        . dir() . '/password');

prepare();
ok(serving($nginx, 'media', 2), 'redis - password - served');

# both are good for a while, as operators do it

redis('ACL', 'SETUSER', 'edge', ">$NEW[0]");
password(@NEW);
$nginx->reload or die 'no reload';
redis('ACL', 'SETUSER', 'edge', "<$OLD[0]");
redis('CLIENT', 'KILL', 'USER', 'edge');
ok(serving($nginx, $_, 2), "redis - password rotated, $_ - served")
    for qw(status grant media);

# changed in Redis only: what stands goes on, what is new is not let in

redis('ACL', 'SETUSER', 'edge', ">$OLD[0]", "<$NEW[0]");
is(ask($nginx, 'status')->{status}, 200,
   'redis - password changed in Redis only - served');
redis('CLIENT', 'KILL', 'USER', 'edge');
ok(wait_for(sub { refusal(ask($nginx, 'status')) eq refused() }, 3),
   'redis - password changed in Redis only, reconnects - 503');

# the reload does not wait for the five seconds of the old workers

password(@OLD);
$nginx->reload or die 'no reload';
ok(serving($nginx, 'status', 2), 'redis - password known again - served');

# a reload with a bad file keeps what there is

password('');
$nginx->signal('HUP');
ok(wait_for(sub { $nginx->log(qr/\[emerg\].*expected a readable file/) }, 2),
   'redis - empty password file - [emerg]');
ok(serving($nginx, 'status', 1), 'redis - empty password file - served still');

my $said = join '', $nginx->log;

is(index($said, $_), -1, 'redis - passwords - in no line of the log')
    for @OLD, @NEW;

ok($nginx->stop, 'nginx quits in time');
is(join('', $nginx->log(qr/\[alert\]|exited on signal/)), '',
   'nothing alarming in the log');
done_testing();


sub password {
    my ($word) = @_;

    open my $file, '>', dir() . '/password' or die "password: $!";
    print $file "$word\n";
    close $file;
}
