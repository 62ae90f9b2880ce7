use strict;
use warnings;

# Sessions that iron-session sealed in the cookie: the edge asks the portal.

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('iron-session', cookie => 'portal', visitors => 1,
    asked => 1, start => [ 'node', 'iron-session.mjs' ],
    needs => [ 'node', '-e', 'import("iron-session")' ]);

proves_sessions($portal, sealed => 1);
is_internal($portal);
ok($portal->nginx->stop, 'iron-session - nginx quits');
done_testing();
