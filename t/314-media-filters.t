# Filters and headers that the operator switched on for everything leave
# recordings alone.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Test::Aidial::Answer;

# bytes that every one of these filters would like to change

my $body = '<!--#echo var="aidial_recording_call" -->'
           . '<!--# include file="/p" -->'
           . "\xd0\xd2\xc9 0123456789 </head></body>" . 'x' x 5000;
my $origin = Test::Aidial::Origin->start(
    '/t_1/2026/c_9.mp3' => "HTTP/1.1 200 OK\r\nContent-Length: "
        . length($body) . "\r\nContent-Type: text/html; charset=koi8-r\r\n"
        . "ETag: \"o-1\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
        . "\r\n$body",
    '/gz' => "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
        . "\r\nContent-Encoding: gzip\r\nETag: \"o-1\"\r\n\r\n$body",
    '/p' => "HTTP/1.1 200 OK\r\n\r\nstolen");

my @filters = (
    [ 'gzip', 'gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; '
              . 'gzip_vary on;' ],
    [ 'gunzip', 'gunzip on;' ],
    [ 'ssi', 'ssi on; ssi_types *; ssi_last_modified on;' ],
    [ 'sub_filter', 'sub_filter 0123456789 stolen; sub_filter_types *; '
                    . 'sub_filter_once off;' ],
    [ 'addition', 'add_before_body /p; add_after_body /p; '
                  . 'addition_types *;' ],
    [ 'charset', 'charset utf-8; source_charset koi8-r; charset_types *; '
                 . 'override_charset on;' ],
    [ 'expires', 'expires 30d;' ],
    [ 'expires max', 'expires max;' ],
    [ 'userid', 'userid on; userid_name uid;' ],
    [ 'own headers', join ' ', map { "add_header $_ stolen always;" }
        qw(Cache-Control X-Content-Type-Options Referrer-Policy
           Cross-Origin-Resource-Policy Content-Security-Policy
           Content-Disposition Content-Encoding Expires Pragma
           content-disposition CACHE-CONTROL) ],
    [ 'default_type', 'default_type text/html; types { }' ],
    [ 'chunked', 'chunked_transfer_encoding off;' ],
);

push @filters, [ 'all of them',
                 join ' ', map { $_->[1] } grep { $_->[0] ne 'expires' }
                                               @filters ];

my $n = 0;
my $servers = join "\n", map {
    $n++;
    "location /f$n/ { aidial_recording media; $_->[1]"
    . " add_header X-Operator kept; proxy_pass http://raw/; }"
} @filters;

# once in the location, once inherited from the server

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => 'upstream raw { server unix:'
        . $origin->path . '; }
        charset_map koi8-r utf-8 { D0 D0BF; D2 D180; C9 D0B8; }'),
    server => "$filters[-1][1]\n$servers\n"
        . 'location = /p { ssi off; add_before_body ""; add_after_body ""; '
        . "return 200 stolen; }\n"
        . "location /plain/ { proxy_pass http://raw/; }\n"
        . 'location /recordings/ { aidial_recording media; '
        . 'proxy_pass http://raw/; }');

records();


sub case {
    my ($what, $prefix, %option) = @_;

    for my $headers ([], [ 'Accept-Encoding: gzip' ]) {
        my $answer = $nginx->client->get("/$prefix/" . grant(), session(),
            @$headers);
        my %also = (also => [ 'X-Operator', 'Set-Cookie', 'P3P' ]);

        # another module's header is the operator's business

        delete $answer->{headers}{$_} for 'set-cookie', 'p3p';
        is_answer($answer, '200', "media - $what, @$headers - untouched",
            %also, %option, body => qr/\A\Q$body\E\z/,
            length => length $body);
        is($answer->{headers}{etag}, '"o-1"', "media - $what - the ETag");
    }
}


# the filters do work elsewhere: this test can fail

my $plain = $nginx->client->get('/plain/t_1/2026/c_9.mp3');

like($plain->{body}, qr/stolen/, 'another location - the filters are on');

for my $i (0 .. $#filters) {
    case($filters[$i][0], 'f' . ($i + 1));
}

my $operator = $nginx->client->get('/f1/' . grant(), session());

is($operator->{headers}{'x-operator'}, 'kept',
    "media - add_header of another name - the operator's");
case('inherited from the server', 'recordings');

call(media => { object => '/gz' });
case('the origin says gzip', 'recordings');
case('the origin says gzip, gunzip on', 'f2');
call();

# ---- problems are not dressed either

for my $i (1 .. @filters) {
    my $answer = $nginx->client->get("/f$i/x", session(),
        'Accept-Encoding: gzip');

    delete $answer->{headers}{$_} for 'set-cookie', 'p3p';
    is_answer($answer, 'recording_not_found',
        "media - $filters[$i - 1][0], a refusal - 404",
        also => [ 'X-Operator' ]);
}

# ---- nor is what goes around the filters by a range

my $range = $nginx->client->get('/f' . @filters . '/' . grant(), session(),
    'Range: bytes=0-9', 'Accept-Encoding: gzip');

is($range->{status}, 200, 'media - the origin ignores the range - 200');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
