use strict;
use warnings;

# Sessions that better-auth wrote to Redis; the signature in their cookie
# keeps its padding.

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('better-auth', cookie => 'better-auth.session_token',
    start => [ 'node', 'better-auth.mjs' ],
    needs => [ 'node', '-e', 'import("better-auth")' ]);

proves_sessions($portal, key => qr/\A\w{32}\z/);
ok($portal->nginx->stop, 'better-auth - nginx quits');
done_testing();
