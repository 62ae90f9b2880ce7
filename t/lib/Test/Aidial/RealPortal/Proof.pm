package Test::Aidial::RealPortal::Proof;

# What has to be true of every portal's sessions, whoever wrote them.

use strict;
use warnings;

use Exporter 'import';
use Test::Aidial::Portal qw(call);
use Test::Aidial::RealPortal qw(keys_like);
use Test::Aidial::World qw(redis);
use Test::More;

our @EXPORT = qw(proves_sessions ends_by_rotation nobody_forges is_internal);

my $ALL = 'playback download';


# proves_sessions($portal, key => qr/of the session's key/, when the edge reads
# it in Redis; every => N, of the cookie's characters each Nth is changed):
# a user of each kind, forged cookies, and every way a session ends.  sealed =>
# 1: all of it is in the cookie, and no portal can take that back.

sub proves_sessions {
    my ($portal, %of) = @_;

    _who_is_who($portal, $of{key});
    nobody_forges($portal, $portal->sign_in('ada'), $of{every} // 1);
    _revoked_before($portal);
    $of{sealed} ? _outlives_signing_out($portal)
                : _signed_out($portal, $of{key});
}


sub _who_is_who {
    my ($portal, $key) = @_;
    my $name = $portal->{name};
    my $ada = $portal->sign_in('ada');

    is($portal->may(undef), 401, "$name - nobody - 401");
    is($portal->may($ada), $ALL, "$name - a manager - may do all");
    is($portal->play($ada), '0123456789' x 100, "$name - a manager - plays");
    _is_kept($portal, $key) if $key;

    my $ben = $portal->sign_in('ben');

    isnt($ben, $ada, "$name - another user - another cookie");
    is($portal->may($ben), 'playback download(role_restriction)',
       "$name - staff - may play and not download");
    is($portal->may($portal->sign_in('cyd')), 404,
       "$name - the same id in another tenant - 404");
    is($portal->may($portal->sign_in('dan')), 404,
       "$name - of another project - 404");

    call(id => 'c_p2', project_id => 'p_2');
    is($portal->may($ada, 'c_p2'), $ALL, "$name - the list's second - may");
    is($portal->may($ben, 'c_p2'), 404, "$name - not in the list - 404");
    is($portal->may($portal->visit), 401,
       "$name - a session of nobody - 401") if $portal->{visitors};
}


# its key has the form that the documentation says, and a life

sub _is_kept {
    my ($portal, $form) = @_;
    my @keys = grep { $_ =~ $form } keys_like('*');

    is(scalar @keys, 1, "$portal->{name} - one session - one key");
    cmp_ok(redis('PTTL', $keys[0] // ''), '>', 0,
           "$portal->{name} - the key - has a life");
}


# the cookie with one character changed, in turn: 401, or what the portal says
# itself where the edge asks it (Laravel's cookie has a tail that means nothing); a
# letter becomes another one

sub nobody_forges {
    my ($portal, $cookie, $every) = @_;
    my ($tried, @let_in) = (0);

    is($portal->may($cookie), $ALL, "$portal->{name} - as it was set - may");

    for my $at (grep { $_ % $every == 0 } 0 .. length($cookie) - 1) {
        my $was = substr $cookie, $at, 1;
        my $forged = $cookie;

        substr $forged, $at, 1, $was =~ tr/A-Za-z0-9/B-ZAb-za1-90/r;
        next if $forged eq $cookie;

        $tried++;
        push @let_in, $at if $portal->may($forged) ne $portal->judges($forged);
    }

    is("@let_in", '', "$portal->{name} - a character changed - refused");
    cmp_ok($tried, '>', 20, "$portal->{name} - a character changed - many");
}


# dead from the moment on, and alive when the moment is before its beginning:
# its time is read, in its unit

sub _revoked_before {
    my ($portal) = @_;
    my $name = $portal->{name};
    my $cookie = $portal->sign_in('ada');
    my $key = 'aidial:revoked-before:t_1:' . $portal->ada_id($cookie);

    redis('SET', $key, time - 60);
    is($portal->may($cookie), $ALL, "$name - revoked before it began - lives");
    redis('SET', $key, time + 1);
    is($portal->may($cookie), 401, "$name - revoked after it began - 401");
    redis('DEL', $key);
    is($portal->may($cookie), $ALL, "$name - no longer revoked - lives");
}


sub _signed_out {
    my ($portal, $form) = @_;
    my $name = $portal->{name};
    my $ben = $portal->sign_in('ben');
    my $ada = $portal->sign_in('ada');
    my $before = $form && _count($form);

    $portal->sign_out($ada);
    is($portal->may($ada), 401, "$name - signed out - 401");
    is($portal->play($ada), 401, "$name - signed out - no grant");
    like($portal->may($ben), qr/\Aplayback /, "$name - others - stay");

    is(_count($form), $before - 1, "$name - signed out - its key is gone")
        if $form;
}


sub _outlives_signing_out {
    my ($portal) = @_;
    my $name = $portal->{name};
    my $ada = $portal->sign_in('ada');

    $portal->sign_out($ada);
    is($portal->may($ada), $ALL, "$name - signed out - a copy lives on");
    redis('SET', 'aidial:revoked-before:t_1:u_81', time + 1);
    is($portal->may($ada), 401, "$name - signed out, and revoked - 401");
    is($portal->play($ada), 401, "$name - signed out, and revoked - no grant");
}


sub _count { scalar grep { $_ =~ $_[0] } keys_like('*') }


# who signs in once more has another session, and the old one is dead

sub ends_by_rotation {
    my ($portal) = @_;
    my $name = $portal->{name};
    my $old = $portal->sign_in('ben');
    my $new = $portal->sign_in('ada', $old);

    is($portal->may($old), 401, "$name - its id was changed - 401");
    is($portal->may($new), $ALL, "$name - its new id - lives");
}


# where the edge asks is nobody else's to ask

sub is_internal {
    my ($portal) = @_;
    my $answer = $portal->nginx->client->get('/internal/recording-session',
        $portal->header($portal->sign_in('ada')));

    is($answer->{status}, 404, "$portal->{name} - from outside - 404");
}


1;
