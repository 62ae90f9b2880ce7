use strict;
use warnings;

# Sessions that better-auth wrote to Redis; the signature in their cookie
# keeps its padding.

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my $portal = real_portal('better-auth', cookie => 'better-auth.session_token',
    start => [ 'node', 'better-auth.mjs' ],
    needs => [ 'node', '-e', 'import("better-auth")' ],
    user_id => \&made_up_id);

proves_sessions($portal, key => qr/\Aauth:\w{32}\z/);
ok($portal->nginx->stop, 'better-auth - nginx quits');
done_testing();


# better-auth makes up an id for whoever signs up; it stands in the record

sub made_up_id {
    my ($cookie) = @_;
    my ($token) = $cookie =~ /\A(\w+)\./;

    return decode_json(redis('GET', "auth:$token"))->{user}{id};
}
