# A zone that is full: what cannot be accounted for is not served, nothing is
# spent, and what was accounted for is entered.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep);

my $FULL = qr/\[crit\].*"aidial_recording_zone" is full, media requests/;

my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => http_config(zone => 'aidial:64k'));
my $media = media_bytes();

records();

# ---- what has been entered leaves its room to others

for my $headers ([], [ 'If-None-Match: ' . etag() ], [ 'Range: bytes=5-' ]) {
    my $status = $headers->[0] ? $headers->[0] =~ /None/ ? 304 : 206 : 200;
    my %count;

    $count{ask_media($nginx, media_url(download()), @$headers)->{status}}++
        for 1 .. 200;
    is(join(' ', %count), "$status 200",
       "zone - 64k, two hundred downloads, one by one - $status");
}

# ---- playbacks until there is no room for another one

my (@played, $refused, $last);

for (1 .. 300) {
    my $token = grant();
    my $answer = ask_media($nginx, media_url($token), 'Range: bytes=0-9');

    if ($answer->{status} == 206) {
        push @played, $token;
        next;
    }

    ($refused, $last) = ($answer, $token);
    last;
}

cmp_ok(scalar @played, '>', 5, 'zone - 64k - some are played');
is(refusal($refused), refused(), 'zone - full - 503');
is(index($refused->{body}, substr $media, 0, 16), -1,
   'zone - full - not a byte of media');
is(state_of($last), 'fresh', 'zone - full - the grant has not begun');
is(scalar audit('playback.started'), scalar @played,
   'zone - full - not entered as started');

# ---- a download is not spent either

my $token = download();

is(refusal(ask_media($nginx, media_url($token))), refused(),
   'zone - full, a download - 503');
is(state_of($token), 'fresh', 'zone - full, a download - not spent');
is($nginx->client->head(media_url($token), session())->{status}, 200,
   'zone - full, HEAD - 200, it needs no room');

# ---- what has an account goes on, in whichever worker; grants are given

my $again = ask_media($nginx, media_url($played[0]), 'Range: bytes=500-509');

ok($again->{status} == 206 || $again->{status} == 503,
   'zone - full, one that plays - served, or there is no room');
is(ask($nginx, 'grant')->{status}, 201, 'zone - full, a grant - 201');
is(ask($nginx, 'status')->{status}, 200, 'zone - full, a status - 200');

# ---- refusals that find no room for their count do no harm

for my $n (1 .. 50) {
    session(sid => "s_n$n", user_id => "u_n$n");

    my $gone = grant(user => "u_n$n", expires_at => time - 1);
    my $answer = $nginx->client->get(media_url($gone),
                                     "Cookie: aidial_session=s_n$n");

    $answer->{status} == 410 or die $answer->{status};
}

pass('zone - full, many are refused - 410');

# ---- said, and not with every request

ask_media($nginx, media_url($last)) for 1 .. 50;

my $said = () = $nginx->log($FULL);

cmp_ok($said, '>=', 1, 'zone - full - said');
cmp_ok($said, '<=', 20, 'zone - full - not with every request');
is(scalar $nginx->log(qr/ngx_slab_alloc\(\) failed/), 0,
   'zone - full - nginx does not say it as well');

# ---- a reload keeps what is in it; another size begins anew, and nothing of
# ---- the old one is lost

$nginx->reload or die 'no reload';
serving($nginx, 'status', 2) or die 'not served';
is(scalar audit('playback.closed'), 0, 'zone - reload - nothing is closed');
$nginx->write_conf(http => http_config(zone => 'aidial:1m'));
$nginx->reload(15) or die 'no reload';
is(scalar audit('playback.closed'), scalar @played,
   'zone - another size - the old one is entered');
ok(wait_for(sub { ask_media($nginx, media_url($token))->{status} == 200 }, 3),
   'zone - larger, the download - 200');
is(ask_media($nginx, media_url($last))->{status}, 200,
   'zone - larger, the playback - 200');

in_order($nginx, crit => 'zone" is full');

my %closed = map { $_->{grant} => $_ } audit('playback.closed');
my @missing = grep { !$closed{ (split /:/, grant_key($_))[-1] } }
              @played, $last;

is(scalar @missing, 0, 'zone - each that was played is closed');
is(events($token, 2), 'started completed', 'zone - the download is entered');
done_testing();
