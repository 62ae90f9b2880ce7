use strict;
use warnings;

# Sessions of Laravel, in Redis as PHP's serialize(): the edge asks Laravel.

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('laravel', cookie => 'laravel_session', visitors => 1,
    asked => 1, start => [ 'php', '-S', '127.0.0.1:@PORT@', 'laravel.php' ],
    needs => [ 'php', '-r', 'require "Illuminate/Cache/autoload.php";'
               . 'require "Illuminate/Session/autoload.php"; new Redis;' ]);

proves_sessions($portal);
is_internal($portal);
ok($portal->nginx->stop, 'laravel - nginx quits');
done_testing();
