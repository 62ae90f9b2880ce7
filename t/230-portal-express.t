use strict;
use warnings;

# Sessions that express-session wrote to Redis by connect-redis.

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('express', cookie => 'connect.sid', visitors => 1,
    start => [ 'node', 'express.mjs' ],
    needs => [ 'node', '-e', 'import("express-session")' ]);

proves_sessions($portal, key => qr/\Asess:[\w-]{32}\z/);
ends_by_rotation($portal);
ok($portal->nginx->stop, 'express - nginx quits');
done_testing();
