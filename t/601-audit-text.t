# Text of a client in the audit trail: it cannot break a field, grow, or say
# that it is somebody else.

use strict;
use warnings;

use lib 't/lib';
use Encode ();
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $nginx = Test::Aidial::Nginx->start(http => large_header_buffers());
my @who = (session(), same_origin());

records();

sub large_header_buffers {
    return http_config(extra => 'large_client_header_buffers 4 32k;');
}


# the entry of a grant request with these headers, as a list of all its words

sub entry {
    my ($path, @headers) = @_;

    redis('DEL', 'aidial:{t_1}:audit');

    my $answer = $nginx->client->post("/api/calls/$path/grant",
        '{"action": "playback"}', @who, @headers);
    my ($entry) = @{ redis('XRANGE', 'aidial:{t_1}:audit', '-', '+') };

    return $answer, @{ $entry->[1] // [] };
}


# ---- user agents: what is no printable character is a "?"

my $word = "gr\xc3\xbc\xc3\x9fe";

for my $row ([ 'none', undef, '' ], [ 'an empty one', '', '' ],
             [ 'a plain one', 'Mozilla/5.0 (X11; "x" \\ {y})' ],
             [ 'UTF-8', $word ],
             [ 'field names', 'event media.cut user admin' ],
             [ 'JSON', '","event":"x' ], [ 'RESP', '*1$4PING' ],
             [ 'a tab and an escape', "a\tb\e[31mc", 'a?b?[31mc' ],
             [ 'all C0 controls that nginx lets in',
               join('', map { chr } 1 .. 8, 11, 12, 14 .. 31), '?' x 28 ],
             [ 'DEL', "a\x7fb", 'a?b' ],
             [ 'Latin-1', "gr\xfc\xdfe", 'gr??e' ],
             [ 'all high bytes', join('', map { chr } 128 .. 255), undef ],
             [ 'C1 controls', "a\xc2\x85b\xc2\x9bc", undef ],
             [ 'a surrogate', "a\xed\xa0\x80b", undef ],
             [ 'a long form', "a\xc0\xaf\xe0\x80\xafb", undef ],
             [ 'a bidi override', "a\xe2\x80\xaeb", undef ],
             [ 'line separators', "a\xe2\x80\xa8b\xe2\x80\xa9c", undef ],
             [ 'half a character at the end', "a\xe2\x82", undef ],
             [ 'a half one in the middle', "a\xe2\x82\xc3\xa4", undef ],
             [ 'beyond Unicode', "\xf4\x90\x80\x80\xf8\x88\x80\x80\x80",
               undef ],
             [ '256 bytes', 'x' x 256 ],
             [ '257 bytes', 'x' x 257, 'x' x 256 ],
             [ '10 KB', 'y' x 10_240, 'y' x 256 ],
             [ '10 KB of UTF-8', "\xc3\xa4" x 5_120, "\xc3\xa4" x 128 ],
             [ 'a character over the edge', 'x' x 255 . "\xc3\xa4", 'x' x 255 ])
{
    my ($name, $sent, $expected) = @$row;
    my ($answer, @entry) = entry('c_9',
        defined $sent ? "User-Agent: $sent" : ());
    my %entry = @entry;
    my $agent = $entry{user_agent} // 'none';

    is($answer->{status}, 201, "user agent, $name - 201");
    is(scalar @entry, 34, "user agent, $name - seventeen fields");
    is($agent, @$row < 3 ? $sent : $expected, "user agent, $name - entered")
        if @$row < 3 || defined $expected;
    cmp_ok(length $agent, '<=', 256, "user agent, $name - at most 256 bytes");
    unlike($agent, qr/[\x00-\x1f\x7f]/, "user agent, $name - no control");

    my $text = eval { Encode::decode('UTF-8', "$agent", Encode::FB_CROAK) };

    ok(defined $text, "user agent, $name - valid UTF-8");
    unlike($text // '', qr/[\x{80}-\x{9f}\x{2028}-\x{202e}\x{2066}-\x{2069}]/,
           "user agent, $name - nothing that turns a line");
}

# two lines of it: one of them, not both

my (undef, %twice) = entry('c_9', 'User-Agent: a', 'User-Agent: b');

like($twice{user_agent}, qr/\A[ab]\z/, 'user agent, two lines - one of them');

# ---- the call as it was asked for

for my $row ([ 'c_none', 'c_none' ], [ 'a%20b', 'a b' ],
             [ 'a%0d%0aevent%0d%0ax', 'a??event??x' ], [ '%01', '?' ],
             [ '%ff%fe', '??' ], [ 'gr%c3%bc', "gr\xc3\xbc" ],
             [ '%e2%80%ae', undef ], [ 'x' x 128, 'x' x 128 ],
             [ 'x' x 2_000, 'x' x 128 ], [ '%7bt_1%7d:audit', '{t_1}:audit' ],
             [ '*', '*' ], [ '%27%22%5c', q('"\\) ])
{
    my ($path, $expected) = @$row;
    my $name = length $path > 30 ? length($path) . ' bytes' : $path;
    my ($answer, @entry) = entry($path);
    my %entry = @entry;

    is($answer->{status}, 404, "call $name - 404");
    is("$entry{event} $entry{decision}", 'grant.refused recording_not_found',
       "call $name - entered");
    is($entry{call}, $expected, "call $name - as asked") if defined $expected;
    cmp_ok(length $entry{call}, '<=', 128, "call $name - at most 128 bytes");
    unlike($entry{call}, qr/[\x00-\x1f\x7f]/, "call $name - no control");
    is(scalar @entry, 34, "call $name - seventeen fields");
}

# ---- who asked is who nginx says it was

for my $header ('X-Forwarded-For: 10.1.2.3', 'Forwarded: for=10.1.2.3',
                'X-Real-IP: 10.1.2.3', 'X-Request-ID: mine',
                'Via: 1.1 10.1.2.3', 'Client-IP: 10.1.2.3')
{
    my (undef, %entry) = entry('c_9', $header);

    is($entry{remote_addr}, '127.0.0.1', "$header - remote_addr is nginx' own");
    like($entry{request_id}, qr/\A[0-9a-f]{32}\z/, "$header - request_id too");
    unlike(join(' ', values %entry), qr/10\.1\.2\.3|mine/,
           "$header - not believed");
}

# ---- unless the operator believes a proxy

$nginx->write_conf(server => locations('set_real_ip_from 127.0.0.1; '
                                       . 'real_ip_header X-Real-IP;'));
$nginx->reload or die 'no reload';
serving($nginx, 'status', 2) or die 'not served';

for my $address ('10.1.2.3', '2001:db8::1') {
    my (undef, %entry) = entry('c_9', "X-Real-IP: $address");

    is($entry{remote_addr}, $address, "realip, $address - entered");
}

# ---- an identifier as long as it may be

session(sid => 's_long', user_id => 'u' x 128, tenant_id => 't' x 128,
        client_id => 'c' x 128, project_ids => [ 'p' x 128 ]);
call(id => 'x' x 128, tenant_id => 't' x 128, client_id => 'c' x 128,
     project_id => 'p' x 128);
is($nginx->client->post('/api/calls/' . 'x' x 128 . '/grant',
       '{"action": "playback"}', 'Cookie: aidial_session=s_long',
       same_origin())->{status}, 201, 'identifiers of 128 characters - 201');

my ($long) = audit('grant.issued', 't' x 128);

is(join(' ', map { length } @$long{qw(user tenant client project call)}),
   '128 128 128 128 128', 'identifiers of 128 characters - entered whole');

in_order($nginx);
done_testing();
