# The URI of a grant has one spelling; any other is no recording.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $merged = locations();
my $nginx = Test::Aidial::Nginx->start(server => $merged);
my $raw = Test::Aidial::Nginx->start(server => "merge_slashes off;\n$merged");

records();

my $token = grant();
my ($first, $rest) = $token =~ /\A(.)(.*)\z/;
my ($payload, $mac) = split /\./, $token;
my $escaped = sprintf('%%%02x', ord $first) . $rest;
my $body = whole();

my %uri = (
    'two slashes' => "/recordings//$token",
    'two slashes in front' => "//recordings/$token",
    'three slashes' => "///recordings///$token",
    'a dot' => "/recordings/./$token",
    'a dot in front' => "/./recordings/$token",
    'two dots' => "/recordings/x/../$token",
    'from elsewhere' => "/x/../recordings/$token",
    'an escaped dot' => "/recordings/%2e/$token",
    'escaped dots' => "/recordings/x/%2e%2e/$token",
    'an escaped slash' => "/recordings/%2f$token",
    'an escaped slash for the last' => "/recordings%2f$token",
    'an escaped slash behind' => "/recordings/$token%2f",
    'an escaped character' => "/recordings/$escaped",
    'an escaped dot inside' => "/recordings/$payload%2e$mac",
    'all escaped' => '/recordings/'
        . join('', map { sprintf '%%%02x', ord } split //, $token),
    'an escaped prefix' => "/%72ecordings/$token",
    'a trailing slash' => "/recordings/$token/",
    'a second segment' => "/recordings/$token/a.mp3",
    'the token behind another segment' => "/recordings/a/$token",
    'a prefix in the other case' => "/RECORDINGS/$token",
    'no slash' => "/recordings$token",
    'the prefix alone' => '/recordings/',
    'the prefix without its slash' => '/recordings',
    'a query' => "/recordings/$token?a=b",
    'an empty query' => "/recordings/$token?",
    'an escaped query' => "/recordings/$token%3f",
    'a path parameter' => "/recordings/$token;a=b",
    'an escaped blank' => "/recordings/$token%20",
    'a plus' => "/recordings/$token+",
    'a backslash' => "/recordings\\$token",
    'an escaped NUL' => "/recordings/$token%00",
    'an escaped line end' => "/recordings/$token%0d%0a",
    'UTF-8' => "/recordings/$token%c3%bc",
    'bytes over 127' => "/recordings/$token\xfc",
    'an object instead of a token' => '/recordings/t_1/2026/c_9.mp3',
    'an object above' => '/recordings/../t_1/2026/c_9.mp3',
    'above the root' => "/../recordings/$token",
    'a NUL' => "/recordings/$token\0",
    'a bad escape' => "/recordings/$token%zz",
    '8 KiB' => '/recordings/' . 'A' x 8192,
    '8 KiB behind a token' => "/recordings/$token" . 'A' x 8192,
    '8 KiB of slashes' => '/' x 8192 . "recordings/$token",
    '7 KiB' => '/recordings/' . 'A' x 7000,
);
my %nginx = map { $_ => 1 } 400, 414, 301;


# 404 of ours or nginx's own for a place of no module, or 400 and 414 of
# nginx; never a byte and never a way to the token

sub refused {
    my ($edge, $what, $uri, @option) = @_;
    my $client = $edge->client;

    $client->send_raw("GET $uri HTTP/1.1\r\nHost: localhost\r\n"
                      . session() . "\r\n\r\n");

    my $answer = $client->response;
    my $text = $answer ? $answer->{head} . $answer->{body} : '';

    ok($answer && ($answer->{status} == 404 || $nginx{ $answer->{status} }),
        "media - $what@option - refused")
        or diag($answer && $answer->{status});
    unlike($text, qr/0123456789|\Q$mac\E/, "media - $what@option - no byte");
}


for my $what (sort keys %uri) {
    refused($nginx, $what, $uri{$what});
    refused($raw, $what, $uri{$what}, ', merge_slashes off');
}

# ---- in the media location it is our 404, the same for all

my $same = $nginx->client->get('/recordings/x', session());

for my $what ('a dot', 'two slashes', 'two dots', 'an escaped character',
              'an escaped prefix', 'a trailing slash', 'a query',
              'an empty query', 'an escaped slash', '7 KiB', 'UTF-8',
              'an object instead of a token', 'from elsewhere')
{
    my $answer = $nginx->client->get($uri{$what}, session());

    is_answer($answer, 'recording_not_found', "media - $what - 404");
    is($answer->{head} =~ s/^Date: .*\n//mr, $same->{head}
        =~ s/^Date: .*\n//mr, "media - $what - the same answer");
}

# ---- the absolute form is the same URI

for my $uri ("http://localhost/recordings/$token",
             "http://other.example/recordings/$token")
{
    my $answer = $nginx->client->get($uri, session());

    ok($answer->{status} == 404 || $answer->{body} eq $body,
        'media - the absolute form - the recording or 404');
}

is_answer($nginx->client->get("http://localhost/recordings/${token}?x",
                              session()),
    'recording_not_found', 'media - the absolute form and a query - 404');

# ---- HTTP/1.0 and HTTP/0.9

my $client = $nginx->client;

$client->send_raw("GET /recordings/$token HTTP/1.0\r\n" . session()
                  . "\r\n\r\n");
is_answer($client->response, '200', 'media - HTTP/1.0 - 200');

$client = $nginx->client;
$client->send_raw("GET /recordings/$token\r\n");
my $old = $client->read_bytes(1, 1) // '';
unlike($old . ($client->{in} // ''), qr/0123456789/,
    'media - HTTP/0.9 - no byte');

is_answer($_->client->get("/recordings/$token", session()), '200',
    'media - the one spelling - 200') for $nginx, $raw;

for my $edge ($nginx, $raw) {
    ok($edge->stop, 'nginx quits in time');
    is_deeply([ $edge->alerts ], [], 'nothing alarming in the error log');
}

done_testing();
