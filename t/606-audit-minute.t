# What the audit trail does by the clock: bounded events once a minute, with
# their count; a playback is closed when nothing ran for thirty seconds.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep time);

my $bytes = large(4 << 20);
my @edges = map {
    Test::Aidial::Nginx->start(workers => 2,
        http => large_http(grant_rate => 'rate=1r/m'),
        server => locations(large_media() . <<"END"));
    location /slow/ {
        aidial_recording media;
        limit_rate 64k;
        proxy_pass http://large/;
    }
END
} 1, 2;

records();
session(sid => "s_$_", user_id => "u_$_") for qw(many once limited);
call(id => 'c_8', consent => 'denied');


sub as { "Cookie: aidial_session=s_$_[0]" }

sub refuse {
    my ($who, $edge, %grant) = @_;

    return $edges[$edge]->client->get(
        media_url(grant(user => "u_$who", %grant)), as($who));
}

sub ask_grant {
    my ($who, $edge) = @_;

    return $edges[$edge]->client->post('/api/calls/c_9/grant',
        '{"action": "playback"}', as($who), same_origin());
}

sub entries_of {
    my ($event, $who) = @_;

    return grep { $_->{user} eq "u_$who" } audit($event);
}

sub total {
    my $sum = 0;

    $sum += $_->{count} for @_;

    return $sum;
}


# ---- the first of each is entered at once

my $begin = time;

refuse('many', 0, expires_at => time - 1);
ok(wait_for(sub { entries_of('media.refused', 'many') }, 1),
   'media.refused - the first one - entered at once');
refuse('once', 0, expires_at => time - 1);
is(join(' ', map { ask_grant('limited', $_ % 2)->{status} } 1 .. 11),
   join(' ', 201, (429) x 10), 'grant - one, then ten over the rate');
is(scalar entries_of('grant.limited', 'limited'), 1,
   'grant.limited - the first of ten - entered at once');

# then other ones, of another call and for another reason, on both edges

is(join(' ', map { refuse('many', $_ % 2, call => 'c_8')->{status} } 1 .. 12),
   join(' ', (403) x 12), 'media - twelve refused');

# ---- a playback that is over, and one that goes on

my $over = grant();
my $running = grant();

$edges[0]->client->get(media_url($over), session());
$edges[0]->client->get(media_url($over), session(), 'Range: bytes=0-9');
call(large_call());

my ($client, $part) = part($edges[0], "/slow/$running", 1000);

call();

my $ended = time;

sub closed {
    my ($token) = @_;
    my ($id) = grant_key($token) =~ /([^:]+)\z/;

    return grep { $_->{grant} eq $id } audit('playback.closed');
}

# the client that goes on has to read

sub pass_until {
    my ($seconds, $from) = @_;

    while (time < $from + $seconds) {
        $client->read_bytes(10_000, 0.2);
        sleep 0.05;
    }
}

pass_until(29, $ended);
is(scalar closed($over), 0, 'playback - 29 seconds later - not closed');
pass_until(33, $ended);

my ($closed) = closed($over);

is($closed->{bytes}, 1010, 'playback - 33 seconds later - closed');
cmp_ok($closed->{duration_ms}, '<', 5000,
       'playback - closed - its duration ends with its last response');
is(scalar closed($running), 0, 'playback - one that runs - not closed');

# ---- a minute after the first ones

pass_until(59, $begin);
is(scalar entries_of('media.refused', 'many'), 1,
   'media.refused - 59 seconds later - one entry');
is(scalar entries_of('grant.limited', 'limited'), 1,
   'grant.limited - 59 seconds later - one entry');
pass_until(64, $begin);

my @refused = entries_of('media.refused', 'many');

is(scalar @refused, 2, 'media.refused - a minute later - one more');
is($refused[0]{count}, 1, 'media.refused - the first entry - counts one');
cmp_ok(total(@refused), '>=', 7,
       'media.refused - a minute later - what one edge had counted');
cmp_ok(total(@refused), '<=', 13, 'media.refused - and no more than came');

my @limited = entries_of('grant.limited', 'limited');

is(scalar @limited, 2,
   'grant.limited - a minute later, nobody asked - one more');
is(total(@limited), 10, 'grant.limited - a minute later - each is counted');
is(join(' ', @{ $limited[1] }{qw(decision grant call)}),
   'rate_limited  c_9', 'grant.limited - a minute later - its fields');
is(scalar entries_of('media.refused', 'once'), 1,
   'media.refused - a minute later, nothing more came - no entry');

# ---- two minutes after: the rest, and then nothing

pass_until(126, $begin);
@refused = entries_of('media.refused', 'many');
is(total(@refused), 13, 'media.refused - two minutes later - each is counted');

# they count requests for c_8: they must not say that these were for c_9

is($_->{call} . ' ' . $_->{decision}, 'c_8 recording_blocked',
   "media.refused - $_->{count} of them - says what it counts")
    for @refused[1 .. $#refused];
cmp_ok(scalar @refused, '<=', 3, 'media.refused - at most one a minute');
is(scalar entries_of('grant.limited', 'limited'), 2,
   'grant.limited - two minutes later, nothing more came - no entry');

$client->abort;
in_order($_) for @edges;
is(scalar closed($running), 1, 'playback - one that ran - closed by the quit');
is(scalar closed($over), 1, 'playback - closed - not once more');
done_testing();
