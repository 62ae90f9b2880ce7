# What was withdrawn ends a running response: it is cut within the interval of
# "aidial_recording_recheck", the audit trail says why, and the next request
# gets the answer that is true now.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Cut;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(time);

my $RECHECK = 1;

large(8 << 20);
my $nginx = Test::Aidial::Nginx->start(workers => 2, http => large_http(),
    server => locations(large_media("aidial_recording_recheck ${RECHECK}s;",
                                    'limit_rate 200k;')));


# who: the session; act: what happens; then reasons of the entry and the
# answer to the next request

my @WITHDRAWN = (
    { name => 'signed out', act => sub { redis('DEL', 'aidial:session:s_1') },
      reasons => 'session_required', next => '401 session_required' },
    { name => 'session expired', within => 4,
      act => sub { session(expires_at => int(time) + 2) }, reasons => 'session_required',
      next => '401 session_required' },
    { name => 'session unusable', act => sub { session(raw => '{') },
      reasons => 'session_required', next => '401 session_required' },
    { name => 'session of somebody else',
      act => sub { session(user_id => 'u_2') },
      reasons => 'recording_not_found', next => '404 recording_not_found' },
    { name => 'all sessions revoked',
      act => sub { redis('SET', 'aidial:revoked-before:t_1:u_81', int time) },
      reasons => 'session_required', next => '401 session_required' },
    { name => 'revocation unusable',
      act => sub { redis('LPUSH', 'aidial:revoked-before:t_1:u_81', 1) },
      reasons => 'session_required', next => '401 session_required' },
    { name => 'consent withdrawn',
      act => sub { call(large_call(), consent => 'denied') },
      reasons => 'consent_denied',
      next => '403 recording_blocked consent_denied' },
    { name => 'compliance and media withdrawn',
      act => sub {
          call(large_call(status => 'removed'),
               playback_compliance => 'policy_blocked');
      },
      reasons => 'compliance_policy_blocked,media_removed',
      next => '403 recording_blocked compliance_policy_blocked,media_removed' },
    { name => 'the call is gone', act => sub { redis('DEL', 'aidial:call:c_9') },
      reasons => 'recording_not_found', next => '404 recording_not_found' },
    { name => 'project taken from the session',
      act => sub { session(project_ids => [ 'p_2' ]) },
      reasons => 'recording_not_found', next => '404 recording_not_found' },
    { name => 'project reassigned',
      act => sub { call(large_call(), project_id => 'p_2') },
      reasons => 'recording_not_found', next => '404 recording_not_found' },
    { name => 'role taken', act => sub { session(role => 'visitor') },
      reasons => 'role_restriction', next => '403 recording_blocked role_restriction' },
    { name => 'entitlement lost',
      act => sub { tenant(recording_download => 0) }, action => 'download',
      reasons => 'missing_entitlement',
      next => '403 recording_blocked missing_entitlement' },
    { name => 'staff playback switched off',
      session => { role => 'client_staff' },
      act => sub { tenant(staff_playback => 0) },
      reasons => 'staff_playback_disabled',
      next => '403 recording_blocked staff_playback_disabled' },
);

for my $case (@WITHDRAWN) {
    for my $action ($case->{action} // qw(playback download)) {
        next if $action eq 'download'
                && ($case->{session}{role} // '') eq 'client_staff';

        redis('FLUSHALL');
        records();
        session(%{ $case->{session} // {} });
        call(large_call());

        my $name = "media - $case->{name}, $action";
        my $url = '/large/' . grant(action => $action);
        my ($client, $answer) = running($nginx, $url, 10_000);

        $case->{act}->();

        my $begin = time;
        my $end = drain($client, $answer);
        my $took = time - $begin;

        is($end, 'reset', "$name - the connection is reset");
        cmp_ok($took, '<', $case->{within} // $RECHECK + 0.5,
               "$name - in time");

        my $entry = cut_entry();
        is($entry->{event}, 'media.cut', "$name - entered");
        is($entry->{action}, $action, "$name - the action");
        is($entry->{reasons}, $case->{reasons}, "$name - why");        cmp_ok($entry->{bytes}, '>=', got($client, $answer),
               "$name - no byte without its entry");
        cmp_ok($entry->{bytes}, '<=', got($client, $answer) + SLACK,
               "$name - nor many bytes more");
        is($entry->{status}, 200, "$name - the status");
        is($entry->{first_byte}, 0, "$name - from the first byte");

        is(verdict($nginx, $url), $case->{next},
           "$name - the next request - $case->{next}");
    }
}

in_order($nginx);
done_testing();
