# The members of "media": the object's path, the content type, the file name
# and the numbers.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use JSON::PP;
use Encode 'encode_utf8';
use Test::More;
use Test::Aidial::Nginx;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

records();

# absolute, no empty or dot segments, nothing that means something in a URL

object($_, 'available') for '/a', '/t_1/2026/c_9.mp3', '/a b', '/%2e%2e/x',
    '/...', '/.a', '/a.', '/..a/b', '/é', '/a;b', '/a&b=c', '/a:b', '/~';
object($_, 'unavailable') for '', '/', 'a', 'a/b', '//a', '/a//b', '/a/', '/.',
    '/..', '/a/./b', '/a/../b', '/a/..', '/a/.', '/a\\b', '/a?b', '/a#b',
    "/a\nb", "/a\0b", "/a\x7fb", "/a\tb", ' /a', 'http://x/a', "/a\x1f",
    1, undef, [ '/a' ], {}, JSON::PP::true;

# what the status says of the rest

type('audio/mpeg', 'audio/mpeg');
type('audio/x-wav', 'audio/x-wav');
type('audio/vnd.wave', 'audio/vnd.wave');
type(undef, undef);
type($_, 'application/octet-stream') for 'audio/', 'audio', 'video/mp4',
    'text/html', 'audio/ogg; codecs=opus', 'audio/ogg ', ' audio/ogg',
    'audio/a/b', 'audio/"x"', '', 1, [ 'audio/mpeg' ], "audio/x\ny",
    'xaudio/mpeg', 'audio/é';

number(size_bytes => '0', 0);
number(size_bytes => '9007199254740991', 9007199254740991);
number(size_bytes => $_, undef)
    for '-1', '1.5', '"1"', 'null', '9007199254740992', 'true', '[]';
number(duration_seconds => '0', 0);
number(duration_seconds => '183.4', 183.4);
number(duration_seconds => '183', 183);
number(duration_seconds => '0.001', 0.001);
number(duration_seconds => $_, undef)
    for '-1', '"183"', 'null', 'true', '1e300', '{}';

# the file name, as a download says it

name('call-c_9.mp3', 'call-c_9.mp3');
name('Gespräch 1.mp3', 'Gespräch 1.mp3');
name('x' x 128, 'x' x 128);
name('é' x 128, 'é' x 128);
name($_, 'call-c_9.mp3') for 'x' x 129, 'é' x 129, 'a/b.mp3', 'a\\b.mp3', '',
    '.', '..', "a\nb", "a\x7f", "a\x{85}", "a\x{202e}3pm.exe", "a\x{200f}b",
    "a\x{2066}b", "a\x{061c}b", undef, 1, [ 'a' ];

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub status {
    my ($raw, %media) = @_;

    # records are octets

    call(raw => $raw // encode_utf8(json({
        tenant_id => 't_1', client_id => 'cl_1', project_id => 'p_1',
        consent => 'granted', playback_compliance => 'permitted',
        media => { status => 'available', object => '/a', %media } })));

    return eval { decode_json($client->get('/api/calls/c_9/status',
        'Cookie: aidial_session=s_1')->{body}) } // {};
}


sub object {
    my ($object, $expected) = @_;
    my $answer = status(undef, object => $object);

    is_deeply([ $answer->{media}{status}, $answer->{playback}{reasons} ],
              [ $expected, $expected eq 'available' ? []
                                                    : [ 'media_unavailable' ] ],
              'call media - object ' . json($object) . " - $expected")
        unless defined $object && $object eq "/a\0b";

    # jansson knows no NUL: then the whole record is unusable

    is($answer->{media}, undef, 'call media - object with NUL - unusable')
        if defined $object && $object eq "/a\0b";
}


sub type {
    my ($type, $expected) = @_;
    my %media = defined $type ? (content_type => $type) : ();

    is(status(undef, %media)->{media}{content_type}, $expected,
       'call media - content_type ' . json($type) . ' - '
       . ($expected // 'not shown'));
}


sub number {
    my ($member, $value, $expected) = @_;
    my $raw = '{"tenant_id":"t_1","client_id":"cl_1","project_id":"p_1",'
        . "\"media\":{\"$member\":$value}}";

    my $media = status($raw)->{media};
    is_deeply([ ref $media, $media->{$member} ], [ 'HASH', $expected ],
              "call media - $member $value - " . ($expected // 'not shown'));
}


sub name {
    my ($name, $expected) = @_;

    status(undef, filename => $name, content_type => 'audio/mpeg',
           object => '/t_1/2026/c_9.mp3');

    my $answer = $client->get(media_url(grant(action => 'download')),
                              'Cookie: aidial_session=s_1');
    my ($star) = ($answer->{headers}{'content-disposition'} // '')
        =~ /\Aattachment; filename="[ !#-\[\]-~]*"; filename\*=UTF-8''([^;"]*)\z/;

    is(($star // '') =~ s/%(..)/chr hex $1/ger, encode_utf8($expected),
       'call media - filename ' . json($name) . " - $expected");
}
