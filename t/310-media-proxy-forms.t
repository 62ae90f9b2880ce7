# Every form of proxy_pass asks the origin for the object, escaped once, and
# for nothing else.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Test::Aidial::Answer;

my $origin = Test::Aidial::Origin->start('*' =>
    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" . whole());
my $path = $origin->path;

# the location, what it has, and what then stands in front of the object

my @forms = (
    [ 'with-uri', 'proxy_pass http://raw/;', '' ],
    [ 'store', 'proxy_pass http://raw/store/;', '/store' ],
    [ 'without-uri', 'proxy_pass http://raw;', '/without-uri' ],
    [ 'object', 'proxy_pass http://raw$aidial_recording_object;', '' ],
    [ 'below', 'proxy_pass http://raw/s3$aidial_recording_object;', '/s3' ],
    [ 'variable', 'set $up raw; proxy_pass http://$up;', '/variable' ],
    [ 'both', 'set $up raw; proxy_pass http://$up$aidial_recording_object;',
      '' ],
    [ 'unix', "proxy_pass http://unix:$path:/;", '' ],
    [ 'unix-object', "proxy_pass http://unix:$path:\$aidial_recording_object;",
      '' ],
    [ 'nested', 'location /nested/ { proxy_pass http://raw/; }', '' ],
    [ 'http-1.1', 'proxy_http_version 1.1; proxy_pass http://raw/;', '' ],
    [ 'unbuffered', 'proxy_buffering off; proxy_pass http://raw/;', '' ],
);
my @objects = (
    '/t_1/2026/c_9.mp3', '/a', '/t 1/a  b.mp3', '/a%41b', '/%2e%2e/%2F',
    "/gr\xc3\xbc\xc3\x9fe.mp3", '/a+b', "/a;b'c", '/a&b=c', '/a:b@c,d', '/~x',
    '/a"b<c>', '/100%', '/...', '/.a', '/a..b', '/[x]', '/$a', '/' . 'x' x 900,
);

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => "upstream raw { server unix:$path; }"),
    server => join '', map { "location /$_->[0]/ { aidial_recording media; "
                             . "$_->[1] }\n" } @forms);

records();


sub unescape { $_[0] =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger }


for my $form (@forms) {
    my ($prefix, undef, $before) = @$form;
    my $client = $nginx->client;

    for my $object (@objects) {
        my $title = "media - $prefix - " . substr $object, 0, 40;
        my $url = "/$prefix/" . grant();

        call(media => { object => $object });
        $origin->requests;
        is_answer($client->get($url, session()), '200', "$title - 200");

        my @requests = $origin->requests;
        my ($line) = ($requests[0] // '') =~ /\A([^\r\n]*)/;
        my ($uri) = $line =~ m{\AGET (/[!-~]*) HTTP/1\.[01]\z};

        is(scalar @requests, 1, "$title - one request");
        is(unescape($uri // ''), "$before$object", "$title - the object");
        unlike($uri // '?', qr/[?#"<>]|%(?![0-9A-F]{2})/,
            "$title - is escaped");
    }
}

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
