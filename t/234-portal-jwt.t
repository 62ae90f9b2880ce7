use strict;
use warnings;

# Tokens that jose and jsonwebtoken signed, by every algorithm.

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::RealPortal;
use Test::Aidial::RealPortal::Proof;

my @ISSUERS = (
    [ 'jose', 'EdDSA', 'pem' ], [ 'jose', 'EdDSA', 'jwks' ],
    [ 'jose', 'ES256', 'pem' ], [ 'jose', 'RS256', 'jwks' ],
    [ 'jose', 'HS256' ],
    [ 'jsonwebtoken', 'ES256', 'jwks' ], [ 'jsonwebtoken', 'RS256', 'pem' ],
    [ 'jsonwebtoken', 'HS256' ],
);

for my $issuer (@ISSUERS) {
    my ($library, $alg, $form) = @$issuer;
    my $portal = real_portal('jwt', cookie => 'portal_token',
        start => [ 'node', 'jwt.mjs' ],
        needs => [ 'node', '-e', 'import("jose"); import("jsonwebtoken")' ],
        env => { LIBRARY => $library, ALG => $alg, KEY_FORM => $form // '',
                 KEY_FILE => Test::Aidial::World::dir() . '/portal-jwt.keys' },
        lines => sub {
            s/alg=EdDSA/alg=$alg/;
            s/key_file=/secret_file=/ if $alg eq 'HS256';
        });

    note(join ' ', @$issuer);
    proves_sessions($portal, every => 7);
    ok($portal->nginx->stop, "jwt - $library $alg - nginx quits");
}

done_testing();
