# Every media request is judged again, from the records as they are then.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;

records();

my %url = map { $_ => media_url(grant(action => $_)) } qw(playback download);


# the change is made after the grant was; then all is put right again

sub case {
    my ($what, $change, %word) = @_;

    $change->();

    for my $action (sort keys %word) {
        is_answer($client->get($url{$action}, 'Cookie: aidial_session=s_1'),
            $word{$action}, "media - $what, $action - $word{$action}");
    }

    redis('DEL', 'aidial:revoked-before:t_1:u_81');
    records();
}


sub both { (playback => $_[0], download => $_[0]) }

sub blocked { both('recording_blocked:' . join ',', @_) }


# ---- the call

my %consent = (denied => 'denied', missing => 'missing', unknown => 'unknown',
               GRANTED => 'unknown', 1 => 'unknown');

case("consent is $_", sub { call(consent => $_) },
    blocked("consent_$consent{$_}")) for sort keys %consent;
case('consent is absent', sub { call(consent => undef) },
    blocked('consent_missing'));
case('consent is null', sub { call(raw => '{"tenant_id":"t_1",'
    . '"client_id":"cl_1","project_id":"p_1","consent":null}') },
    blocked('consent_unknown', 'compliance_missing_evidence',
            'media_not_generated'));

my %compliance = (denied => 'denied', missing_evidence => 'missing_evidence',
                  policy_blocked => 'policy_blocked', ok => 'policy_blocked');

case("compliance is $_", sub { call(playback_compliance => $_) },
    blocked("compliance_$compliance{$_}")) for sort keys %compliance;
case('compliance is absent', sub { call(playback_compliance => undef) },
    blocked('compliance_missing_evidence'));

my %media = (not_generated => 'not_generated', unavailable => 'unavailable',
             removed => 'removed', Available => 'unavailable');

case("media is $_", sub { call(media => { status => $_ }) },
    blocked("media_$media{$_}")) for sort keys %media;
case('media status is absent', sub { call(media => { status => undef }) },
    blocked('media_not_generated'));
case('media is absent', sub { call(media => undef) },
    blocked('media_not_generated'));
case("the object is $_", sub { call(media => { object => $_ }) },
    blocked('media_unavailable'))
    for '/', 't_1/c_9.mp3', '/t_1/../t_2/c_9.mp3', '/a//b', '/a/./b', '/a?b',
        '/a#b', '/a\\b', "/a\tb", '/a/';
case('all of it', sub { call(consent => 'denied',
    playback_compliance => 'denied', media => { status => 'removed' }) },
    blocked(qw(consent_denied compliance_denied media_removed)));

# ---- the tenant

case('no entitlement', sub { tenant(recording_download => 0) },
    playback => '200', download => 'recording_blocked:missing_entitlement');
case('no tenant record', sub { redis('DEL', 'aidial:tenant:t_1') },
    playback => '200', download => 'recording_blocked:missing_entitlement');
case('an unusable tenant record', sub { tenant(raw => '[true]') },
    playback => '200', download => 'recording_blocked:missing_entitlement');
case('an entitlement of another type', sub {
    tenant(raw => '{"recording_download":"true"}') },
    playback => '200', download => 'recording_blocked:missing_entitlement');

# ---- the role

case('now staff', sub { session(role => 'client_staff') },
    playback => '200', download => 'recording_blocked:role_restriction');
case('now staff, whose playback is off', sub {
    session(role => 'client_staff'); tenant(staff_playback => 0) },
    playback => 'recording_blocked:staff_playback_disabled',
    download => 'recording_blocked:role_restriction');
case('a role of no name', sub { session(role => 'owner') },
    both('recording_blocked:role_restriction'));
case('staff, consent denied', sub {
    session(role => 'client_staff'); tenant(staff_playback => 0);
    call(consent => 'denied') },
    playback => 'recording_blocked:staff_playback_disabled,consent_denied',
    download => 'recording_blocked:role_restriction,consent_denied');

# ---- the session

case('session deleted', sub { redis('DEL', 'aidial:session:s_1') },
    both('session_required'));
case('session expired', sub { session(expires_at => time - 1) },
    both('session_required'));
case('session expires now', sub { session(expires_at => time) },
    both('session_required'));
case('session without a user', sub { session(user_id => undef) },
    both('session_required'));
case('session unusable', sub { session(raw => '{"user_id":') },
    both('session_required'));
case('session revoked', sub {
    redis('SET', 'aidial:revoked-before:t_1:u_81', time) },
    both('session_required'));
case('session revoked, unusable time', sub {
    redis('SET', 'aidial:revoked-before:t_1:u_81', 'soon') },
    both('session_required'));
case('session revoked, without created_at', sub {
    session(created_at => undef);
    redis('SET', 'aidial:revoked-before:t_1:u_81', 1) },
    both('session_required'));

# ---- after all that

case('an earlier revocation', sub {
    redis('SET', 'aidial:revoked-before:t_1:u_81', time - 3600) },
    playback => '200');
is_answer($client->get($url{download}, session()), '200',
    'media - the download was never spent - 200',
    disposition => attachment('call-c_9.mp3'));

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
