use strict;
use warnings;

# Sessions that Django wrote to Redis by django-redis, as JSON.

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('django', cookie => 'sessionid', visitors => 1,
    start => [ '/usr/bin/python3', 'django_portal.py' ], user_id => 1,
    needs => [ '/usr/bin/python3', '-c', 'import django, django_redis' ]);

proves_sessions($portal,
    key => qr/\A:1:django\.contrib\.sessions\.cache[a-z0-9]{32}\z/);
ends_by_rotation($portal);
ok($portal->nginx->stop, 'django - nginx quits');
done_testing();
