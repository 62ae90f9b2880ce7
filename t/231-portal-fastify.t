use strict;
use warnings;

# Sessions that @fastify/session wrote to Redis; their cookie has no "s:".

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('fastify', cookie => 'sessionId', visitors => 1,
    start => [ 'node', 'fastify.mjs' ],
    needs => [ 'node', '-e', 'import("@fastify/session")' ]);

proves_sessions($portal, key => qr/\Asess:[\w-]{32}\z/);
ends_by_rotation($portal);
ok($portal->nginx->stop, 'fastify - nginx quits');
done_testing();
