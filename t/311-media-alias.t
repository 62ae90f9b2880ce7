# Files of the edge itself: alias, root, try_files.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(abs_path);
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $media = abs_path('t/data/media');
my $root = dir() . '/root';
my $etag = etag();

mkdir $_ or die "$_: $!" for $root, "$root/rooted", "$root/rooted/d",
                             "$root/gz";

for my $file ("$root/rooted/a b.mp3", "$root/rooted/%41.mp3",
              "$root/rooted/gr\xc3\xbc.mp3", "$root/gz/a.mp3")
{
    open my $out, '>', $file or die "$file: $!";
    print $out whole();
    close $out;
}

open my $gz, '>', "$root/gz/a.mp3.gz" or die "$root/gz/a.mp3.gz: $!";
print $gz "\x1f\x8b not the recording";
close $gz;

my $nginx = Test::Aidial::Nginx->start(server => <<"END");
    location /recordings/ {
        aidial_recording media;
        alias $media/;
    }

    location /rooted/ {
        aidial_recording media;
        root $root;
        error_page 404 412 416 =200 /stolen;
        autoindex on;
        index c_9.mp3;
    }

    location /gz/ {
        aidial_recording media;
        alias $root/gz/;
        gzip_static always;
        gunzip on;
    }

    location /try/ {
        aidial_recording media;
        alias $media/;
        try_files \$uri =404;
    }

    location /named/ {
        aidial_recording media;
        root $root;
        try_files \$uri \@stolen;
    }

    location /fall/ {
        aidial_recording media;
        root $root;
        try_files \$uri /stolen;
    }

    location = /stolen { return 200 stolen; }
    location \@stolen { return 200 stolen; }
END

my $client = $nginx->client;

records();


sub case {
    my ($what, $prefix, $object, $word, @headers) = @_;

    call(media => { object => $object });

    # nginx closes the connection behind a 412 of a file

    is_answer($nginx->client->get("/$prefix/" . grant(), session(), @headers),
        $word,
        "media - $what - " . $word =~ s/:/ /r);
}


my $object = '/t_1/2026/c_9.mp3';

# ---- alias

case('alias', 'recordings', $object, '200');
case('alias, a range', 'recordings', $object, '206:10-19',
    'Range: bytes=10-19');
case('alias, a suffix', 'recordings', $object, '206:990-999',
    'Range: bytes=-10');
case('alias, beyond the end', 'recordings', $object, '416',
    'Range: bytes=1000-');
case('alias, two ranges', 'recordings', $object, '200',
    'Range: bytes=0-1,5-6');
case('alias, two Range headers', 'recordings', $object, '200',
    'Range: bytes=0-1', 'Range: bytes=5-6');
case('alias, the tag', 'recordings', $object, '304', "If-None-Match: $etag");
case('alias, another tag', 'recordings', $object, '412', 'If-Match: "x"');
case('alias, If-Range', 'recordings', $object, '206:10-19',
    'Range: bytes=10-19', "If-Range: $etag");
case('alias, a file that is not there', 'recordings', '/t_1/none.mp3',
    'media_unavailable');
case('alias, a directory', 'recordings', '/t_1/2026', 'media_unavailable');
case('alias, below a file', 'recordings', "$object/x", 'media_unavailable');
case('alias, a name too long', 'recordings', '/' . 'x' x 300,
    'media_unavailable');
is_answer($client->head('/recordings/' . grant(), session()),
    'media_unavailable', 'media - alias, HEAD of no file - 502', head => 1);

call();
is_answer($client->head('/recordings/' . grant(), session()), '200',
    'media - alias, HEAD - 200', head => 1);

# ---- root: the location's prefix stays

case('root', 'rooted', '/a b.mp3', '200');
case('root, a percent sign in the name', 'rooted', '/%41.mp3', '200');
case('root, UTF-8', 'rooted', "/gr\xc3\xbc.mp3", '200');
case('root, no file and an error_page', 'rooted', '/none', 'media_unavailable');
case('root, beyond the end and an error_page', 'rooted', '/a b.mp3', '416',
    'Range: bytes=1000-');
case('root, another tag and an error_page', 'rooted', '/a b.mp3', '412',
    'If-Match: "x"');
case('root, a directory with autoindex', 'rooted', '/d', 'media_unavailable');

# ---- gzip_static: the recording, not what lies beside it

case('gzip_static always', 'gz', '/a.mp3', '200', 'Accept-Encoding: gzip');
case('gzip_static always, a range', 'gz', '/a.mp3', '206:0-9',
    'Accept-Encoding: gzip', 'Range: bytes=0-9');

# ---- try_files

case('try_files', 'try', $object, '200');
case('try_files =404', 'try', '/t_1/none.mp3', 'media_unavailable');
case('try_files to a named location', 'named', '/none.mp3',
    'media_unavailable');
case('try_files to a URI', 'fall', '/none.mp3', 'media_unavailable');

# ---- a download of a file that is not there

call(media => { object => '/t_1/none.mp3' });
is_answer($client->get('/recordings/' . grant(action => 'download'),
                       session()),
    'media_unavailable', 'media - a download of no file - 502');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
