# The call record: what makes it unusable, and what its members come to.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;
my $said = 0;

records();

# unusable: not found, and one [error] line says which record and why

for my $member (qw(tenant_id client_id project_id)) {
    my $why = "it has no usable $member";

    unusable("no $member", $why, $member => undef);
    unusable("$member $_", $why, raw => changed($member, $_))
        for 'null', 'true', '""', '"a b"', '"*"', '{}', '["t_1"]', '-1', '1.5',
            '9007199254740992', '"' . 'x' x 129 . '"';
}

unusable('empty', 'it is empty', raw => '');
unusable('not JSON', 'it is not JSON', raw => '<call/>');
unusable('an array', 'it is not an object', raw => '[]');
unusable('null', 'it is not an object', raw => 'null');
unusable('cut', 'it is not JSON', raw => with('"x":1') =~ s/\}\z//r);
unusable('text behind', 'it has text behind the object', raw => with('"x":1') . '1');
unusable('a member twice', 'it repeats a member', raw => with('"consent":"denied"'));
unusable('a member of media twice', 'it repeats a member',
         raw => with('"x":{"status":"removed","status":"available"}'));
unusable('nesting of 17', 'it nests too deep',
         raw => with('"x":' . '[' x 16 . ']' x 16));
unusable('not UTF-8', 'it is not UTF-8', raw => with("\"x\":\"\xc3\""));
unusable('NUL', 'it has a NUL character', raw => with("\"x\":\"\0\""));
unusable('64 KiB and a byte', 'it is of the wrong type or over 64 KiB',
         raw => padded(65537));

for my $type ([ RPUSH => 'x' ], [ HSET => 'tenant_id', 't_1' ]) {
    redis('DEL', 'aidial:call:c_9');
    redis($type->[0], 'aidial:call:c_9', @$type[1 .. $#$type]);
    says("Redis type of $type->[0]", 'it is of the wrong type or over 64 KiB');
    redis('DEL', 'aidial:call:c_9');
}

# usable at the very bounds

is(status(raw => padded(65536))->{consent}, 'granted',
   'call record - 64 KiB - 200');
is(status(raw => with('"x":' . '[' x 15 . ']' x 15))->{consent}, 'granted',
   'call record - nesting of 16 - 200');

# the three words: as they are, absent, and anything else

word(consent => 'missing', 'unknown', qw(granted denied missing unknown));
word(playback_compliance => 'missing_evidence', 'policy_blocked',
     qw(permitted denied missing_evidence policy_blocked));
media_word('not_generated', 'unavailable',
           qw(available not_generated unavailable removed));

is(status(media => undef)->{media}{status}, 'not_generated',
   'call record - no media - not_generated');
is(status(raw => changed('media', $_))->{media}{status}, 'unavailable',
   "call record - media $_ - unavailable")
    for 'null', '"available"', '[]', '1', 'true';

# the identifier as an integer

session(tenant_id => '7');
is(status(raw => changed('tenant_id', 7))->{consent}, 'granted',
   'call record - tenant_id 7 - in scope of tenant "7"');
session();

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub example {
    return { tenant_id => 't_1', client_id => 'cl_1', project_id => 'p_1',
             consent => 'granted', playback_compliance => 'permitted' };
}


sub with { json(example()) =~ s/\}\z/,$_[0]}/r }


sub changed {
    my ($member, $value) = @_;

    return json({ %{ example() }, $member => '@@' }) =~ s/"\@\@"/$value/r;
}


sub padded {
    my ($size) = @_;
    my $text = with('"x":"@"');

    return $text =~ s/@/'x' x ($size - length($text) + 1)/er;
}


sub ask { $client->get('/api/calls/c_9/status', 'Cookie: aidial_session=s_1') }


sub status {
    call(@_);
    return eval { decode_json(ask()->{body}) } // {};
}


sub word {
    my ($member, $absent, $other, @words) = @_;

    is(status($member => $_)->{$member}, $_, "call record - $member $_ - as it is")
        for @words;
    is(status($member => undef)->{$member}, $absent,
       "call record - no $member - $absent");
    is(status(raw => changed($member, $_))->{$member}, $other,
       "call record - $member $_ - $other")
        for '"Granted"', '"PERMITTED"', '""', 'null', 'true', '1', '[]', '{}',
            '"granted "', '["granted"]', '"permitted\u00e9"';
}


sub media_word {
    my ($absent, $other, @words) = @_;

    is(status(media => { status => $_ })->{media}{status}, $_,
       "call record - media.status $_ - as it is") for @words;
    is(status(media => { status => undef })->{media}{status}, $absent,
       "call record - no media.status - $absent");
    is(status(media => { status => $_ })->{media}{status}, $other,
       'call record - media.status ' . json($_) . " - $other")
        for 'Available', '', 'available ', 1, [ 'available' ], {}, 'deleted';
}


sub unusable {
    my ($title, $why, @field) = @_;

    call(@field);
    says($title, $why);
}


sub says {
    my ($title, $why) = @_;

    is_problem(ask(), 404, 'recording_not_found',
               "call record - $title - 404 recording_not_found");

    my @lines = $nginx->log(qr/\[error\]/);
    is_deeply([ map { /aidial: (.*? unusable: [^,]*)/ } @lines[$said .. $#lines] ],
              [ "the call record \"c_9\" is unusable: $why" ],
              "call record - $title - one [error] line says which and why");
    $said = @lines;
}
