# Every fault and every warning of the conformance kit, provoked once each, in
# its own words.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::World;
use Test::Aidial::Portal;
use Test::Aidial::Conformance;

my $NOW = time;
my %shown = (session => 'session:' . hidden('s_1'), call => 'call:c_9',
             tenant => 'tenant:t_1',
             revoked => 'revoked-before:t_1:u_81');

clean();
my $run = conformance('--all');

is($run->{code}, 0, 'clean world - exit code');
is_deeply([ map { @{ $_->{faults} }, @{ $_->{warnings} } }
            values %{ $run->{key} } ], [], 'clean world - nothing to say');
is(join(' ', sort keys %{ $run->{key} }),
   join(' ', sort map { "aidial:$shown{$_}" } qw(call session tenant)),
   'clean world - all three are listed');

# what makes a record unusable

my $deep = '{"a":' . '[' x 16 . ']' x 16 . '}';

for my $kind (qw(session call tenant)) {
    fault($kind, raw => '', qr/^it is empty/);
    fault($kind, raw => "{\"a\":\n x}",
          qr/^it is not JSON \(near line 2, column 2\)/);
    fault($kind, raw => '[]', qr/^it is not an object/);
    fault($kind, raw => '{"a": 1, "a": 2}', qr/^it repeats a member \(near/);
    fault($kind, raw => $deep, qr/^it nests too deep/);
    fault($kind, raw => '{}' . ' ' x 65535, qr/^it is too large/);
    fault($kind, raw => "{\"a\": \"\xff\"}", qr/^it is not UTF-8/);
    fault($kind, raw => "{\"a\": \"\0\"}", qr/^it has a NUL character/);
    fault($kind, raw => '{} {}', qr/^it has text behind the object/);
    fault($kind, raw => '{"a": 1e400}', qr/^it has a number out of range/);
}

fault(session => user_id => undef,
      qr{^it has no usable user: what stands at "/user_id" is absent$});
fault(session => user_id => '', qr{"/user_id" is an empty string$});
fault(session => user_id => 'a b',
      qr{"/user_id" has characters beside A-Z a-z 0-9 _ \. : -$});
fault(session => tenant_id => 'x' x 129,
      qr{^it has no usable tenant: .* is over 128 characters long$});
fault(session => client_id => [],
      qr{^it has no usable client: .* is an array$});
fault(session => user_id => -1, qr{is a number below 0 or over 2\^53 - 1$});
fault(session => user_id => 1.5,
      qr{is a number with a fraction or an exponent$});
fault(session => role => 7,
      qr{^it has no usable role: what stands at "/role" is the number 7$});
fault(session => project_ids => 'p_1',
      qr{^its projects are not usable: .* is "p_1"$});
fault(session => project_ids => [ 'p_1', {} ],
      qr{"/project_ids" has an element 1 that is an object$});
fault(session => expires_at => $NOW * 1000,
      qr{^its expires_at is not usable: .* milliseconds: say unit=ms$});
fault(session => created_at => "$NOW",
      qr{^its created_at is not usable: .* is "\d+"$});

fault(call => tenant_id => undef,
      qr{^it has no usable tenant_id: it is absent$});
fault(call => client_id => '', qr{^it has no usable client_id: it is an emp});
fault(call => project_id => {}, qr{^it has no usable project_id: it is an ob});

# what is read otherwise than it was meant

warned(session => role => 'boss',
       qr{^its role is "boss", a word that no role has: it may do nothing$});
warned(session => project_ids => [],
       qr{^its list of projects is empty: every call is out of scope$});
warned(session => project_ids => undef, qr{^its list of projects is absent});
warned(session => expires_at => $NOW - 1, qr{^expires_at is in the past});
warned(session => expires_at => undef,
       qr{^it has no expires_at and its key has no time to live});
warned(session => created_at => $NOW + 3600,
       qr{^created_at is in the future});

for my $member ([ consent => 'missing', 'unknown' ],
                [ playback_compliance => qw(missing_evidence policy_blocked) ])
{
    my ($name, $absent, $other) = @$member;

    warned(call => $name => undef, qr{^$name is absent: counts as $absent$});
    warned(call => $name => 'grantd',
           qr{^$name is "grantd": counts as $other$});
    warned(call => $name => \1, qr{^$name is true: counts as $other$});
}

warned(call => media => undef, qr{^media is absent: counts as not_generated$});
warned(call => media => 'x', qr{^media is no object: counts as unavailable$});

media(status => undef, qr{^media\.status is absent: counts as not_generated$});
media(status => 'ready', qr{^media\.status is "ready": counts as unavailabl});

my %object = (
    '' => 'is an empty string', 'x' x 1025 => 'is over 1024 bytes long',
    't/x' => 'does not begin with a "/": it is no absolute path',
    '/t/' => 'ends in a "/": it is no file',
    '/t//x' => 'has an empty segment ("//")',
    '/t/../x' => 'has a "." or ".." segment', '/./x' => 'has a "." or ".." s',
    '/t\\x' => 'has a backslash', "/t\n" => 'has a control character',
    "/t\xc2\x85" => 'has a control character',
    '/t?x' => 'has a "?" or "#"', '/t#x' => 'has a "?" or "#"',
);

media(object => $_, qr{^media\.object \Q$object{$_}\E.*counts as unavailabl})
    for sort keys %object;
media(object => undef, qr{^media\.object is absent: .* as unavailable$});
media(object => 7, qr{^media\.object is the number 7: .* as unavailable$});

media(content_type => undef,
      qr{^media\.content_type is absent: served as application/octet-stream});
media(content_type => 'audio/ogg; codecs=opus',
      qr{^media\.content_type is "audio/ogg; codecs=opus", not audio/<token>});
media(filename => '../x', qr{^media\.filename is "\.\./x", .* by "call-c_9\.});
media(size_bytes => -5,
      qr{^media\.size_bytes is the number -5: left out of the status$});
media(duration_seconds => 'long',
      qr{^media\.duration_seconds is "long": left out of the status$});

for my $name (qw(staff_playback recording_download)) {
    warned(tenant => $name => undef, qr{^$name is absent: counts as false$});
    warned(tenant => $name => 'yes', qr{^$name is "yes": counts as false$});
}

done_testing();


sub clean {
    redis('FLUSHALL');
    records();
}


sub write_one {
    my ($kind, @field) = @_;

    clean();
    { session => \&session, call => \&call, tenant => \&tenant }
        ->{$kind}->(@field);

    my $run = conformance();

    return ($run, $run->{key}{"aidial:$shown{$kind}"});
}


sub fault {
    my ($kind, $name, $value, $text) = @_;
    my ($run, $said) = write_one($kind, $name, $value);

    is($run->{code}, 1, "fault - $kind - $text - exit code");
    is(scalar @{ $said->{faults} // [] }, 1, "fault - $kind - $text - one");
    like($said->{faults}[0] // '', $text, "fault - $kind - $text");
}


# one warning and no other

sub warned {
    my ($kind, $name, $value, $text) = @_;
    my ($run, $said) = write_one($kind, $name, $value);

    is($run->{code}, 0, "warning - $kind - $text - exit code");
    is(scalar @{ $said->{warnings} // [] }, 1, "warning - $kind - $text - one")
        or diag explain $said;
    like($said->{warnings}[0] // '', $text, "warning - $kind - $text");
}


sub media {
    my ($name, $value, $text) = @_;

    warned(call => media => { $name => $value }, $text);
}
