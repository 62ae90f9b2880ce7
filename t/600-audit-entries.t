# Each event of the audit trail: its fields, in their order, with their values.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256_hex);
use Sys::Hostname qw(hostname);
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::Local qw(timegm);

my @BASE = qw(event user role tenant client project call action decision
              reasons grant session remote_addr request_id user_agent edge
              time);
my @END = qw(status bytes first_byte last_byte duration_ms);
my %MORE = (
    'grant.limited' => [ 'count' ], 'media.refused' => [ 'count' ],
    'download.started' => [ 'attempt' ], 'download.resumed' => [ 'attempt' ],
    'playback.closed' => [ @END, 'ranges' ],
    map { ("download.$_" => [ @END, 'attempt' ]) } qw(completed aborted voided),
);
my $DIGEST = substr hmac_sha256_hex("aidial-recording-session-v1\0s_1",
                                    key_text()), 0, 32;

my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => http_config(grant_rate => 'rate=1r/m burst=4',
        extra => 'log_format id "$request_id $status";'),
    server => locations('access_log ' . dir() . '/ids id;'));
my $client = $nginx->client;
my @who = (session(), same_origin(), 'User-Agent: a browser');

records();


# the entries of a kind as lists, so that the order of the fields shows

sub raw {
    my ($event) = @_;

    return grep { $_->[1][1] eq $event }
           @{ redis('XRANGE', 'aidial:{t_1}:audit', '-', '+') };
}


# the newest one of a kind is this; returned as a hash

sub is_entry {
    my ($event, $count, %expected) = @_;

    wait_for { (() = raw($event)) >= $count };

    my @all = raw($event);
    my ($id, $list) = @{ $all[-1] // [ '', [] ] };
    my @names = map { $list->[2 * $_] } 0 .. @$list / 2 - 1;
    my %entry = @$list;

    is(scalar @all, $count, "$event - $count of it");
    is("@names", join(' ', @BASE, @{ $MORE{$event} // [] }),
       "$event - its fields in their order");

    my %base = (event => $event, user => 'u_81', role => 'client_manager',
                tenant => 't_1', client => 'cl_1', project => 'p_1',
                call => 'c_9', reasons => '', session => $DIGEST,
                remote_addr => '127.0.0.1', user_agent => 'a browser',
                edge => hostname(), %expected);

    is($entry{$_} // 'none', $base{$_}, "$event - $_") for sort keys %base;
    like($entry{request_id} // '', qr/\A[0-9a-f]{32}\z/,
         "$event - request_id");
    is_time($event, $id, $entry{time});

    return \%entry;
}


# Redis' clock: the id of the entry has it as well

sub is_time {
    my ($event, $id, $text) = @_;
    my ($ms) = $id =~ /\A(\d+)-/;
    my ($y, $m, $d, $h, $i, $s, $f) = ($text // '') =~
        /\A(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z\z/;

    return ok(0, "$event - time") if !defined $f;

    my $at = timegm($s, $i, $h, $d, $m - 1, $y) * 1000 + $f;

    ok(abs($at - $ms) <= 50, "$event - time is Redis' own")
        or diag "$text for $ms";
}


sub issue {
    my ($body, $call) = @_;

    return $client->post('/api/calls/' . ($call // 'c_9') . '/grant', $body,
                         @who);
}


sub url_of { $_[0]{body} =~ /"url":"([^"]+)"/; $1 }

sub id_of {
    my ($url) = @_;

    grant_key($url =~ s{.*/}{}r) =~ /([^:]+)\z/;

    return $1;
}


# ---- grants

my $playback = url_of(issue('{"action": "playback"}'));
my %mine = (grant => id_of($playback), action => 'playback',
            decision => 'allowed');

is_entry('grant.issued', 1, %mine);

my $download = url_of(issue('{"action": "download", "confirm": true}'));

is_entry('grant.issued', 2, action => 'download', decision => 'allowed',
         grant => id_of($download));
call(consent => 'denied', playback_compliance => 'denied');
issue('{"action": "playback"}');
is_entry('grant.refused', 1, action => 'playback', grant => '',
         decision => 'recording_blocked',
         reasons => 'consent_denied,compliance_denied');
call(id => 'c_far', client_id => 'cl_2', project_id => 'p_9');
issue('{"action": "playback"}', 'c_far');
is_entry('grant.refused', 2, action => 'playback', grant => '', project => '',
         decision => 'recording_not_found', call => 'c_far');
issue('{"action": "download", "confirm": true}', 'c_none');
is_entry('grant.refused', 3, action => 'download', grant => '', project => '',
         decision => 'recording_not_found', call => 'c_none');
call();
is(issue('{"action": "playback"}')->{status}, 429, 'grant - over the rate');
is_entry('grant.limited', 1, action => 'playback', grant => '',
         decision => 'rate_limited', count => 1);

# ---- a playback

$client->get($playback, @who);
is_entry('playback.started', 1, %mine);
$client->get($playback, @who, 'Range: bytes=100-199');
$client->head($playback, @who);
is(scalar raw('playback.started'), 1, 'playback.started - once');

# ---- a download: whole, cut, given back

my %down = (action => 'download', decision => 'allowed',
            grant => id_of($download));

$client->get($download, @who);

my $started = is_entry('download.started', 1, %down);

is_entry('download.completed', 1, %down, attempt => $started->{attempt},
         status => 200, bytes => 1000, first_byte => 0, last_byte => 999);
like($started->{attempt}, qr/\A[0-9a-f]{32}\z/, 'download - its attempt');

$client->get($download, @who, 'Range: bytes=900-', 'If-Range: ' . etag());

my $resumed = is_entry('download.resumed', 1, %down);

isnt($resumed->{attempt}, $started->{attempt}, 'resumed - another attempt');
is_entry('download.completed', 2, %down, attempt => $resumed->{attempt},
         status => 206, bytes => 100, first_byte => 900, last_byte => 999);

my $token = download();

%down = (%down, grant => id_of(media_url($token)));
$client->get(media_url($token), @who, 'If-None-Match: ' . etag());

my $voided = is_entry('download.voided', 1, %down, status => 304, bytes => 0,
                      first_byte => '', last_byte => '');

is($voided->{attempt}, is_entry('download.started', 2, %down)->{attempt},
   'voided - the attempt that was started');
like($voided->{duration_ms}, qr/\A\d{1,4}\z/, 'voided - its duration');

# ---- a refusal

$client->get($download, @who);
is_entry('media.refused', 1, action => 'download', grant => id_of($download),
         decision => 'grant_used', count => 1);

# ---- one session is one digest, and never its id

session(sid => 's_2');
$client->get($playback, 'Cookie: aidial_session=s_2', @who[1, 2]);

my %digest = map { $_->{session} => 1 } audit();

is_deeply([ keys %digest ], [ $DIGEST ], 'session - one session, one digest');
unlike(join(' ', map { values %$_ } audit()), qr/\bs_[12]\b/,
       'session - its id is nowhere');
is(redis('KEYS', 'aidial:{t_2}*')->[0], undef, 'no other tenant has an entry');

# ---- the request id is that of the access log

open my $ids, '<', dir() . '/ids' or die $!;
my %logged = map { (split)[0] => 1 } <$ids>;

is(scalar(grep { !$logged{ $_->{request_id} } } audit()), 0,
   'request_id - as in the access log');

in_order($nginx);
is_entry('playback.closed', 1, %mine, status => 200, bytes => 2100,
         first_byte => 0, last_byte => 999, ranges => '0-999');
done_testing();
