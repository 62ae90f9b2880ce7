# Signed session cookies, as Express writes them.  The signatures are made
# here, by Perl, from the description of the format; what is forged is refused
# before Redis is asked anything.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(hmac_sha256_base64);
use Test::More;
use Test::Aidial::FakeRedis;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my ($NEW, $OLD) = ('keyboard cat', 'an older secret');

open my $file, '>', dir() . '/secrets' or die $!;
print $file "$NEW\n$OLD\n";
close $file;

# a Redis that knows every session, and says what it was asked

session();
my $record = redis('GET', 'aidial:session:s_1');
my $redis = Test::Aidial::FakeRedis->start(dir(),
    '*' => "+OK\r\n", PING => "+PONG\r\n",
    GET => sub {
        return "\$-1\r\n" if $_[1] !~ /\Aaidial:session:/;
        return '$' . length($record) . "\r\n$record\r\n";
    });

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(redis => 'unix:' . $redis->path,
        extra => 'aidial_recording_session_format signed secret_file='
            . dir() . '/secrets; large_client_header_buffers 4 32k;'));
my $client = $nginx->client;


# a vector of the npm package cookie-signature, which Express uses: "hello"
# signed with "tobiiscool"

is(mac('hello', 'tobiiscool'), 'DGDUkGlIkCzPz+C0B064FNgHdEjox7ch8tOBGslZ5QI',
   'session signed - our signatures are those of cookie-signature');

# sids whose signature has the characters that are percent-encoded

my ($slash) = grep { mac($_, $NEW) =~ m{/} } map { "s_$_" } 1 .. 99;
my ($plus) = grep { mac($_, $NEW) =~ m{\+} } map { "s_$_" } 1 .. 99;

opens('newest secret', encode('s:' . signed('s_1', $NEW)));
opens('older secret', encode('s:' . signed('s_1', $OLD)));
opens('nothing percent-encoded', 's:' . signed('s_1', $NEW));
opens('slash in the signature', encode('s:' . signed($slash, $NEW)));
opens('plus in the signature', encode('s:' . signed($plus, $NEW)));
opens('plus as it is', 's:' . signed($plus, $NEW));
opens('escapes in lower case', lc_escapes('s:' . signed($slash, $NEW)));
opens('every character escaped', all_escaped('s:' . signed('s_1', $NEW)));
opens('dots in the sid', encode('s:' . signed('a.b.c', $NEW)));
opens('sid of 128 characters', encode('s:' . signed('x' x 128, $NEW)));

my $good = signed('s_1', $NEW);

refused('unsigned', 's_1');
refused('prefix, unsigned', 's%3As_1');
refused('no prefix', encode($good));
refused('prefix in upper case', 'S%3A' . encode($good));
refused('prefix twice', 's%3As%3A' . encode($good));
refused('empty signature', 's%3As_1.');
refused('padded signature', encode("s:$good="));
refused('padding not escaped', "s:$good=");
refused('another secret', encode('s:' . signed('s_1', 'guess')));
refused('empty secret', encode('s:' . signed('s_1', '')));
refused('both secrets together',
        encode('s:' . signed('s_1', "$NEW\n$OLD")));
refused('prefix inside of what was signed',
        encode('s:s_1.' . mac('s:s_1', $NEW)));
refused('signature of another sid', encode('s:s_2.' . mac('s_1', $NEW)));
refused('URL-safe base64', encode("s:$slash." . (mac($slash, $NEW) =~ tr{+/}{-_}r)));
refused('last character of the same bits', encode('s:' . sibling($good)));
refused('one character less', encode('s:' . substr $good, 0, -1));
refused('one character more', encode("s:${good}A"));
refused('blank behind', encode("s:$good") . '%20');
refused('text behind', encode("s:$good.x"));
refused('escaped twice', encode(encode("s:$good")));
refused('plus turned into a blank',
        's%3A' . (signed($plus, $NEW) =~ s/\+/%20/gr));
refused('escape cut short', encode("s:$good") . '%4');
refused('escape that is none', 's%3' . "G$good");
refused('quoted', '"' . encode("s:$good") . '"');
refused('no sid', encode('s:' . signed('', $NEW)));
refused('sid with a blank', encode('s:' . signed('a b', $NEW)));
refused('sid with NUL', encode('s:' . signed("s_1\0", $NEW)));
refused('sid of 129 characters', encode('s:' . signed('x' x 129, $NEW)));
refused('8 KiB', encode('s:' . signed('x' x 8192, $NEW)));

# every character of the signature changed, one at a time

my $mac = mac('s_1', $NEW);
my @changed = grep {
    my $forged = $mac;
    substr($forged, $_, 1) = substr($forged, $_, 1) eq 'A' ? 'B' : 'A';
    ask(encode("s:s_1.$forged"))->{status} != 401;
} 0 .. length($mac) - 1;

is_deeply(\@changed, [],
          'session signed - any character changed - 401 session_required');

is(scalar(grep { /^GET / } $redis->log), $nginx->{asked},
   'session signed - forged cookies cost no command');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
is(scalar(() = $nginx->log(qr/\Q$NEW\E|\Q$OLD\E/)), 0,
   'session signed - no secret in the log');
done_testing();


sub mac { hmac_sha256_base64(@_) }

sub signed { $_[0] . '.' . mac(@_) }

sub encode { $_[0] =~ s/([^A-Za-z0-9_.!~*'()-])/sprintf '%%%02X', ord $1/ger }

sub lc_escapes { encode(@_) =~ s/(%..)/lc $1/ger }

sub all_escaped { $_[0] =~ s/(.)/sprintf '%%%02x', ord $1/ger }


# the last of 43 characters carries four bits: this one carries the same

sub sibling {
    my ($text) = @_;
    my $alphabet = join '', 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '+', '/';

    return substr($text, 0, -1)
        . substr $alphabet, index($alphabet, substr $text, -1) ^ 1, 1;
}


sub ask { $client->get('/api/calls/c_9/status', "Cookie: aidial_session=$_[0]") }


# a session that stands, and no such call: four GETs

sub opens {
    my ($title, $value) = @_;

    is(ask($value)->{status}, 404, "session signed - $title - let in");
    $nginx->{asked} += 4;
}


sub refused {
    my ($title, $value) = @_;

    is_problem(ask($value), 401, 'session_required',
               "session signed - $title - 401 session_required");
}
