use strict;
use warnings;

# Deliveries that end all the time do not keep the ledger from its other work:
# a playback is closed half a minute after its last response all the same.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

my $nginx = edge();

prepare();
is(ask($nginx, 'media')->{status}, 200, 'playback - served');

my $begin = time;
my ($closed, $downloads) = (0, 0);

while (!$closed && time - $begin < 45) {
    $downloads += ask($nginx, 'download')->{status} == 200;
    $closed = () = audit('playback.closed');
    sleep 0.3;
}

is($closed, 1, 'playback, downloads all the time - closed');
cmp_ok(time - $begin, '>', 29, 'playback, downloads all the time - not early');
cmp_ok($downloads, '>', 30, 'playback, downloads all the time - many');

in_order($nginx);
done_testing();
