use strict;
use warnings;

# Tokens as sessions, through all three endpoints.  What a token may look like
# is tested with core/ngx_aidial_jwt.c; here is what a session of it can do.

use lib 't/lib';
use Digest::SHA qw(hmac_sha256);
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use Test::More;
use Test::Aidial::Fault qw(middle override);
use Test::Aidial::Nginx;

my $SECRET = 'a secret of tokens, 32 bytes long';
my %CLAIM = (user_id => 'u_81', role => 'client_manager', tenant_id => 't_1',
             client_id => 'cl_1', project_ids => [ 'p_1' ], sid => 'token-1',
             exp => time + 600, iat => time - 60);

open my $file, '>', dir() . '/jwt.secrets' or die $!;
print $file "$SECRET\n";
close $file;

my $jwt = 'aidial_recording_session_format jwt alg=HS256 secret_file='
    . dir() . '/jwt.secrets;';
my $middle = middle();
my $nginx = Test::Aidial::Nginx->start(http => http_config(
        redis => 'unix:' . $middle->path, extra => $jwt),
    server => locations(<<'END'));
    location ~ ^/named/(.*)$ {
        aidial_recording_session_field created_at /began;
        aidial_recording status $1;
    }

    location ~ ^/mapped/(.*)$ {
        aidial_recording_session_field user /sub;
        aidial_recording_session_field tenant /org/id;
        aidial_recording_session_field expires_at /ends unit=ms;
        aidial_recording_role client_admin owner;
        aidial_recording status $1;
    }
END
my $client = $nginx->client;

records();

my $good = cookie();

is(status($good), 200, 'jwt - status - 200');
is(status(cookie(exp => time)), 401, 'jwt - expired - 401');
is(status(cookie(role => undef)), 401, 'jwt - no role - 401');
is(status(cookie(expires_at => time - 1)), 401,
   'jwt - the portal\'s own end - 401');
is(status(cookie(client_id => 'cl_2')), 404, 'jwt - other client - 404');
is(status($good . 'x'), 401, 'jwt - signature broken - 401');

# a token that is refused costs Redis nothing

my $before = () = $middle->log;
status($good . 'x');
is(scalar(grep { /GET/ } ($middle->log)[$before .. $middle->log - 1]), 0,
   'jwt - signature broken - Redis is not asked');

# a session record of that id is not the session

session(sid => 'token-1', role => 'client_staff');
is(role($good), undef, 'jwt - a record of that id changes nothing');

# the key that ends it, whatever is in it

for my $row ([ 'text', 'SET', 1 ], [ 'empty', 'SET', '' ],
             [ 'of another type', 'RPUSH', 1 ])
{
    my ($case, $command, $value) = @$row;

    redis($command, 'aidial:revoked:token-1', $value);
    is(status($good), 401, "jwt - revoked, $case - 401");
    redis('DEL', 'aidial:revoked:token-1');
}

is(status($good), 200, 'jwt - not revoked any more - 200');
is(status(cookie(sid => undef, jti => 'token-2')), 200, 'jwt - jti - 200');
redis('SET', 'aidial:revoked:token-2', 1);
is(status(cookie(sid => undef, jti => 'token-2')), 401,
   'jwt - jti, revoked - 401');
is(status(cookie(sid => undef)), 401, 'jwt - neither sid nor jti - 401');

# Redis away: nobody knows whether it was revoked

override("GET aidial:revoked:token-1" => "-LOADING x\r\n");
is(status($good), 503, 'jwt - Redis cannot say - 503');
override();
ok(wait_for(sub { status($good) == 200 }, 3), 'jwt - Redis is back - 200');

# revoked-before looks at iat, unless a claim is named for it

redis('SET', 'aidial:revoked-before:t_1:u_81', time - 30);
is(status($good), 401, 'jwt - iat before revoked-before - 401');
is(status(cookie(iat => time - 10)), 200, 'jwt - iat after it - 200');
is(status(cookie(iat => undef)), 401, 'jwt - no iat - 401');
is(status(cookie(iat => undef, created_at => time - 10)), 200,
   'jwt - created_at - 200');
is(status(cookie(created_at => time - 40, iat => time - 10)), 401,
   'jwt - created_at goes before iat - 401');
is(status(cookie(iat => time - 10), '/named/c_9'), 401,
   'jwt - a claim is named, and is not there - 401');
is(status(cookie(began => time - 10), '/named/c_9'), 200,
   'jwt - a claim is named - 200');
redis('DEL', 'aidial:revoked-before:t_1:u_81');

is(status(cookie(user_id => undef, sub => 'u_81', tenant_id => undef,
                 org => { id => 't_1' }, role => 'owner',
                 ends => (time + 60) * 1000), '/mapped/c_9'), 200,
   'jwt - claims of other names - 200');

# a grant and its link

my $answer = $client->post('/api/calls/c_9/grant',
    '{"action": "download", "confirm": true}', $good, same_origin());
my $url = decode_json($answer->{body})->{url};

is($answer->{status}, 201, 'jwt - grant - 201');
redis('SET', 'aidial:revoked:token-1', 1);
is($client->get($url, $good)->{status}, 401, 'jwt - media, revoked - 401');
redis('DEL', 'aidial:revoked:token-1');
is($client->get($url, cookie(user_id => 'u_2'))->{status}, 404,
   'jwt - media, somebody else - 404');
is($client->get($url, cookie(sid => 'token-3'))->{status}, 200,
   'jwt - media, another session of the user - 200');

my ($entry) = grep { $_->{event} eq 'grant.issued' } audit();
like($entry->{session}, qr/\A[0-9a-f]{32}\z/, 'jwt - audit - a digest');

ok($nginx->stop, 'jwt - nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'jwt - nothing alarming');
is_deeply([ $nginx->log(qr/\[(?!debug)\w+\] .*eyJ/) ], [],
          'jwt - no token in the log');
done_testing();


sub cookie {
    my %claim = (%CLAIM, @_);
    delete $claim{$_} for grep { !defined $claim{$_} } keys %claim;

    my $text = join '.', map { encode_base64url(json($_)) }
        { alg => 'HS256', typ => 'JWT' }, \%claim;

    return "Cookie: aidial_session=$text."
        . encode_base64url(hmac_sha256($text, $SECRET));
}


sub status {
    my ($cookie, $path) = @_;

    return $client->get($path // '/api/calls/c_9/status', $cookie)->{status};
}


# what the role keeps from

sub role {
    my ($cookie) = @_;
    my $answer = $client->get('/api/calls/c_9/status', $cookie);

    return (grep { $_ eq 'role_restriction' }
            @{ decode_json($answer->{body})->{download}{reasons} })[0];
}
