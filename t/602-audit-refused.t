# Refused media requests in the audit trail: each code once, a thousand of them
# in one entry, and nothing about whose recording it is.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my @edges = map { Test::Aidial::Nginx->start(workers => 2) } 1, 2;
my $nginx = $edges[0];

records();
call(id => 'c_far', tenant_id => 't_2', client_id => 'cl_far',
     project_id => 'p_far');


# a user of its own for each, since there is one entry a user and minute

my $user = 0;

sub somebody {
    $user++;

    return session(sid => "s_r$user", user_id => "u_r$user", @_);
}


sub entries_of {
    my ($name, $tenant) = @_;

    return grep { $_->{user} eq $name } audit('media.refused', $tenant);
}


# get($who, $uri, ...): is refused with this code, and entered so

sub is_refused {
    my ($name, $code, $answer, %expected) = @_;
    my $mine = "u_r$user";

    like(refusal($answer), qr/\A\d{3} $code /, "media - $name - $code");
    ok(wait_for(sub { entries_of($mine, $expected{tenant}) }, 2),
       "media - $name - entered");

    my ($entry) = entries_of($mine, $expected{tenant});
    my %all = (event => 'media.refused', decision => $code, reasons => '',
               tenant => 't_1', client => 'cl_1', count => 1, %expected);

    is($entry->{$_} // 'none', $all{$_}, "media - $name - $_")
        for sort keys %all;
}


sub own { grant(user => "u_r$user", @_) }

sub id_of { grant_key($_[0]) =~ /([^:]+)\z/; $1 }

sub get {
    my ($who, $token, @headers) = @_;

    return $nginx->client->get(media_url($token), $who, @headers);
}


# ---- each code

my $who = somebody();
my $token = own();
my %mine = (call => 'c_9', action => 'playback', grant => id_of($token),
            project => 'p_1');

is_refused('another site', 'cross_site_request',
           get($who, $token, 'Sec-Fetch-Site: cross-site'), %mine);

for my $row ([ 'a prefetch', 'prefetch_refused', 'Purpose: prefetch' ],
             [ 'as a page', 'playback_only', 'Sec-Fetch-Dest: document' ])
{
    my ($name, $code, $header) = @$row;

    $who = somebody();
    $token = own();
    is_refused($name, $code, get($who, $token, $header), %mine,
               grant => id_of($token));
}

$who = somebody();
$token = own(expires_at => time - 1);
is_refused('past its life', 'grant_expired', get($who, $token), %mine,
           grant => id_of($token));

$who = somebody();
$token = own(action => 'download');
get($who, $token);
is_refused('used', 'grant_used', get($who, $token), %mine,
           action => 'download', grant => id_of($token));

$who = somebody();
$token = own();
call(consent => 'missing', media => { status => 'removed' });
is_refused('blocked', 'recording_blocked', get($who, $token), %mine,
           grant => id_of($token), reasons => 'consent_missing,media_removed');
call();

# ---- of somebody else: which link it was, and nothing but what was asked

$who = somebody();
$token = grant();
is_refused('the grant of another user', 'recording_not_found',
           get($who, $token), grant => id_of($token), project => '');

$who = somebody();
$token = grant(tenant => 't_2', user => 'u_owner', call => 'c_far',
               client => 'cl_far', project => 'p_far');
is_refused('the grant of another tenant', 'recording_not_found',
           get($who, $token), grant => id_of($token), project => '');

$who = somebody();
$token = own(call => 'c_far');
is_refused('a call that went to another tenant', 'recording_not_found',
           get($who, $token), call => 'c_far', grant => id_of($token),
           project => '');

unlike(join(' ', map { values %$_ } audit()),
       qr/u_owner|cl_far|p_far|t_2/, 'media - nothing about an owner');
is(redis('EXISTS', 'aidial:{t_2}:audit'), 0,
   'media - nothing in the trail of the owner');

# ---- who is not known has no trail

my $before = () = audit('media.refused');

$nginx->client->get(media_url(grant()));
$nginx->client->get(media_url(grant()), 'Cookie: aidial_session=none');
$nginx->client->post(media_url(grant()), '{}', session());
get($who, own());

# a forged token costs Redis nothing, so that nobody knows whose session it is

$who = somebody();
get($who, $_) for 'nonsense', own() . '?x', own() =~ s/..\z/AA/r;
is(() = audit('media.refused'), $before,
   'media - nobody, a method, a forged token, a second one - no entry');

# ---- a thousand over two edges are one entry

$who = somebody();
$token = own(expires_at => time - 1);

for my $round (1 .. 10) {
    my @clients = map { $edges[$_ % 2]->client } 1 .. 4;

    for my $client (@clients) {
        $client->send_request('GET', media_url($token), undef, $who)
            for 1 .. 25;
    }

    for my $client (@clients) {
        my @status = map { ($client->response // {})->{status} // 0 } 1 .. 25;

        "@status" eq join(' ', (410) x 25) or die "@status";
    }
}

is(scalar entries_of("u_r$user"), 1, 'media - a thousand refused - one entry');
cmp_ok((entries_of("u_r$user"))[0]{count}, '<', 100,
       'media - a thousand refused - the entry has the first ones');

# one user of many: each has its own

for my $n (1 .. 20) {
    $who = somebody();
    $token = own(expires_at => time - 1);
    get($who, $token) for 1 .. 3;
    ok(wait_for(sub { 1 == entries_of("u_r$user") }, 2),
       "media - refused, user $n - one entry");
}

# the same user id of another tenant is another user

session(sid => 's_t2', user_id => "u_r$user", tenant_id => 't_2');
get('Cookie: aidial_session=s_t2', grant());
ok(wait_for(sub { 1 == entries_of("u_r$user", 't_2') }, 2),
   'media - refused, the same id of another tenant - an entry of its own');

in_order($_) for @edges;
done_testing();
