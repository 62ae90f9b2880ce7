# The policy, as the status endpoint says it: every role, every reason, their
# order.  The table is written from the contract.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;

my @ROLE = qw(client_admin client_manager client_staff somebody_else);

my %CONSENT = (granted => undef, denied => 'consent_denied',
               missing => 'consent_missing', unknown => 'consent_unknown');

my %COMPLIANCE = (permitted => undef, denied => 'compliance_denied',
                  missing_evidence => 'compliance_missing_evidence',
                  policy_blocked => 'compliance_policy_blocked');

my %MEDIA = (available => undef, not_generated => 'media_not_generated',
             unavailable => 'media_unavailable', removed => 'media_removed');


# each member of the call by itself, and all of them together

my @CALLS = (
    (map { [ $_, 'permitted', 'available' ] } sort keys %CONSENT),
    (map { [ 'granted', $_, 'available' ] } sort keys %COMPLIANCE),
    (map { [ 'granted', 'permitted', $_ ] } sort keys %MEDIA),
    [ 'denied', 'denied', 'removed' ],
    [ 'unknown', 'policy_blocked', 'unavailable' ],
    [ 'missing', 'missing_evidence', 'not_generated' ],
);

my %seen;


for my $role (@ROLE) {
    for my $staff (0, 1) {
        for my $download (0, 1) {
            session(role => $role);
            tenant(staff_playback => $staff, recording_download => $download);

            check($role, $staff, $download, @$_) for @CALLS;
        }
    }
}


is_deeply([ sort keys %seen ],
          [ sort qw(role_restriction staff_playback_disabled
                    missing_entitlement), grep { defined }
            values %CONSENT, values %COMPLIANCE, values %MEDIA ],
          'policy - every reason code was provoked');

grants();

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub check {
    my ($role, $staff, $download, $consent, $compliance, $media) = @_;
    my $name = "policy - $role, staff_playback $staff, recording_download "
        . "$download, $consent, $compliance, $media";

    call(consent => $consent, playback_compliance => $compliance,
         media => { status => $media });

    my $answer = $client->get('/api/calls/c_9/status',
                              'Cookie: aidial_session=s_1');
    my $body = eval { decode_json($answer->{body}) };
    my %expected = (
        playback => [ playback_reasons($role, $staff) ],
        download => [ download_reasons($role, $download) ],
    );

    for my $action (keys %expected) {
        my @reasons = (@{ $expected{$action} }, grep { defined }
            $CONSENT{$consent}, $COMPLIANCE{$compliance}, $MEDIA{$media});

        $seen{$_} = 1 for @{ $body->{$action}{reasons} };
        $expected{$action} = { allowed => @reasons ? JSON::PP::false
                                                   : JSON::PP::true,
                               reasons => \@reasons };
    }

    diag(explain($answer)) if !$body;
    is_deeply({ map { $_ => $body->{$_} } keys %expected }, \%expected, $name);
}


sub playback_reasons {
    my ($role, $staff) = @_;

    return 'role_restriction' if $role eq 'somebody_else';
    return 'staff_playback_disabled' if $role eq 'client_staff' && !$staff;
    return;
}


sub download_reasons {
    my ($role, $download) = @_;

    return 'role_restriction' if $role =~ /staff|else/;
    return 'missing_entitlement' if !$download;
    return;
}


# a grant is refused for the same reasons, in the same order

sub grants {
    session(role => 'client_staff');
    tenant(staff_playback => 0, recording_download => 0);
    call(consent => 'denied', playback_compliance => 'policy_blocked',
         media => { status => 'removed' });

    my @call = qw(consent_denied compliance_policy_blocked media_removed);

    is_blocked(grant_of('{"action": "playback"}'),
               [ 'staff_playback_disabled', @call ],
               'policy - playback grant, all reasons - 403 recording_blocked');
    is_blocked(grant_of('{"action": "download", "confirm": true}'),
               [ 'role_restriction', @call ],
               'policy - download grant, all reasons - 403 recording_blocked');

    session(role => 'client_admin');
    is_blocked(grant_of('{"action": "download", "confirm": true}'),
               [ 'missing_entitlement', @call ],
               'policy - download grant, admin - 403 recording_blocked');
}


sub grant_of {
    $client->post('/api/calls/c_9/grant', $_[0],
                  'Cookie: aidial_session=s_1', same_origin());
}
