use strict;
use warnings;

# A zone that is full keeps no worker from starting: nginx would not start it
# again.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

# requests that wait for an origin keep their records in the zone

my $silent = Test::Aidial::Origin->start('*' => 'never');
my $origin = $silent->path;
my @waiting;

my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => http_config(zone => 'aidial:32k'), server => locations(<<"END"));
    location /never/ {
        aidial_recording media;
        proxy_pass http://unix:$origin:/;
    }
END

prepare();
ok(full(), 'zone - full');
cmp_ok(scalar @waiting, '>', 20, 'zone - full - of requests that wait');

# the old workers stay for those who wait

my $old = () = $nginx->workers;

$nginx->signal('HUP');
ok(wait_for(sub { $nginx->workers == 2 * $old }, 3),
   'zone - full, reload - new workers');
ok(serving($nginx, 'status', 2), 'zone - full, reload - served');
$_->close for splice @waiting;
ok(wait_for(sub { $nginx->workers == $old }, 3),
   'zone - full, reload - the old ones leave');
ok(full(), 'zone - full again');

for my $round (1 .. 3) {
    my ($victim) = $nginx->workers;

    kill KILL => $victim;
    ok(wait_for(sub {
           my @now = $nginx->workers;
           @now == 2 && !grep { $_ == $victim } @now;
       }, 3), 'zone - full, a worker is killed - replaced');
    ok(serving($nginx, 'status', 2), 'zone - full, a worker is killed - served');
}

is(join('', $nginx->log(qr/cannot be respawned/)), '',
   'zone - full - no worker is given up');

in_order($nginx, killed => 1, crit => 'is full');
done_testing();


# playbacks, each of a grant of its own, until there is no room for them; then
# more of one that has begun, until there is no room at all

sub full {
    my $begun = grant();

    begins($begun);

    for (1 .. 200) { last if !begins(grant()) }
    for (1 .. 400) { return 1 if !begins($begun) }

    return 0;
}


# it waits; or it was refused, and says so at once

sub begins {
    my ($token) = @_;
    my $client = $nginx->client;
    my $before = $nginx->log(qr/http upstream connect:/);

    $client->send_request('GET', "/never/$token", undef, session());
    wait_for {
        $client->readable || $nginx->log(qr/http upstream connect:/) > $before
    } 2;

    return 0 if $client->readable;

    push @waiting, $client;
    return 1;
}
