use strict;
use warnings;

# Sessions of Rails, in Redis as Marshal: the edge asks Rails.

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('rails', cookie => '_portal_session', visitors => 1,
    asked => 1, start => [ 'puma', '-q', '-b', 'tcp://127.0.0.1:@PORT@', 'rails.ru' ],
    needs => [ 'ruby', '-e',
               'require "puma"; require "rails"; require "redis-actionpack"' ]);

proves_sessions($portal);
is_internal($portal);
ok($portal->nginx->stop, 'rails - nginx quits');
done_testing();
