# What the media origin answers to a resume: the matching 206, or it is 502
# before any byte, and the resume is given back.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

my $FAILED = '502 media_unavailable - -';
my $TAG = '"tag"';
my $whole = join '', map { chr 33 + $_ % 90 } 0 .. 999;

# each answers the first time as it should, then to a resume from 100 like this

my %wrong = (
    'a 200' => part_of(200, 0, 999),
    'a 200 with the rest' => part_of(200, 100, 999),
    'another tag' => part_of(206, 100, 999, etag => '"gat"'),
    'a weak tag' => part_of(206, 100, 999, etag => 'W/"tag"'),
    'no tag' => part_of(206, 100, 999, etag => undef),
    'an earlier part' => part_of(206, 99, 999),
    'a later part' => part_of(206, 101, 999),
    'the part of a larger object' => part_of(206, 100, 999, total => 1001),
    'no Content-Range' => part_of(206, 100, 999, range => undef),
    'an empty Content-Range' => part_of(206, 100, 999, range => ''),
    'another unit' => part_of(206, 100, 999, range => 'lines 100-999/1000'),
    'a backward range' => part_of(206, 100, 999, range => 'bytes 100-99/1000'),
    'a range beyond the end' =>
        part_of(206, 100, 999, range => 'bytes 100-1000/1000'),
    'words' => part_of(206, 100, 999, range => 'bytes 100-abc/1000'),
    'a negative range' => part_of(206, 100, 999, range => 'bytes -100-9/1000'),
    'two lines' => part_of(206, 100, 999,
        range => "bytes 100-999/1000\r\nContent-Range: bytes 0-999/1000"),
    'multipart' => "HTTP/1.1 206 Partial Content\r\nETag: $TAG\r\n"
        . "Content-Type: multipart/byteranges; boundary=x\r\n"
        . "Content-Length: 5\r\n\r\n--x--",
    'a 416' => "HTTP/1.1 416 Range Not Satisfiable\r\nETag: $TAG\r\n"
        . "Content-Range: bytes */1000\r\nContent-Length: 0\r\n\r\n",
    'a 304' => "HTTP/1.1 304 Not Modified\r\nETag: $TAG\r\n\r\n",
    'a 412' => "HTTP/1.1 412 Precondition Failed\r\nETag: $TAG\r\n"
        . "Content-Length: 0\r\n\r\n",
    'a 404' => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    'a 500' => "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops",
    'the end of the connection' => 'close',
);

my %right = (
    'the rest' => part_of(206, 100, 999),
    'the rest of an object of unknown length' =>
        part_of(206, 100, 999, range => 'bytes 100-999/*'),
    'a part of the rest' => part_of(206, 100, 499),
);

my $first = Test::Aidial::Origin->start('*' => part_of(206, 0, 99));
my $second = Test::Aidial::Origin->start(
    map { ('/' . name($_) => { %wrong, %right }->{$_}) }
        keys %wrong, keys %right);
my $nginx = Test::Aidial::Nginx->start(workers => 2,
    server => locations(<<"END"));
    location /first/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $first->path ]}:/;
    }
    location /second/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $second->path ]}:/;
    }
    location /ranges/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $second->path ]}:/;
        proxy_force_ranges on;
    }
END

records();

for my $name (sort keys %wrong) {
    my $token = begun($name);
    my $answer = resume($nginx, "/second/$token", 100, etag => $TAG);

    is(refusal($answer), $FAILED, "media - resume, $name - 502");
    unlike($answer->{body}, qr/\Q@{[ substr $whole, 100, 20 ]}/,
           "media - resume, $name - not a byte of media");
    is($answer->{headers}{'content-range'}, undef,
       "media - resume, $name - no Content-Range");
    is(events($token, 4), 'started completed resumed voided',
       "media - resume, $name - given back");
    is(join(' ', @{ (audit('download.voided'))[-1] }{qw(status bytes)}),
       '502 0', "media - resume, $name - entered as 502");

    call(media => { object => '/' . name('the rest') });
    is(resume($nginx, "/second/$token", 100, etag => $TAG)->{body},
       substr($whole, 100), "media - resume, $name, then the rest - 206");
    is(events($token, 6),
       'started completed resumed voided resumed completed',
       "media - resume, $name, then the rest - entered");
}

for my $name (sort keys %right) {
    my $token = begun($name);
    my $answer = resume($nginx, "/second/$token", 100, etag => $TAG);

    is($answer->{status}, 206, "media - resume, $name - 206");
    is($answer->{body}, substr($whole, 100, length $answer->{body}),
       "media - resume, $name - its bytes");
}

# ---- nginx makes the part by itself out of a whole answer

my $token = begun('a 200');
my $answer = resume($nginx, "/ranges/$token", 100, etag => $TAG);

is($answer->{status}, 206, 'media - resume, nginx makes the part - 206');
is($answer->{headers}{'content-range'}, 'bytes 100-999/1000',
   'media - resume, nginx makes the part - Content-Range');
is($answer->{body}, substr($whole, 100),
   'media - resume, nginx makes the part - its bytes');

# ---- given back, it counts for nothing: more often than sixteen times

$token = begun('a 200');
resume($nginx, "/second/$token", 100, etag => $TAG) for 1 .. 17;
events($token, 36);
call(media => { object => '/' . name('the rest') });
is(resume($nginx, "/second/$token", 100, etag => $TAG)->{status}, 206,
   'media - resume, 17 times given back - 206');

in_order($nginx);
done_testing();


# a download of which the first 100 bytes were sent, and the call for the rest

sub begun {
    my ($name) = @_;
    my $token = download();

    call(media => { object => '/any' });
    ask_media($nginx, "/first/$token")->{status} == 206 or die 'not begun';
    events($token, 2);
    call(media => { object => '/' . name($name) });

    return $token;
}


sub name { $_[0] =~ s/\W/-/gr }


sub part_of {
    my ($status, $from, $to, %option) = @_;
    my $total = $option{total} // 1000;
    my %header = (ETag => $TAG, 'Content-Length' => $to - $from + 1,
                  'Content-Range' => "bytes $from-$to/$total");

    delete $header{'Content-Range'} if $status == 200;
    $header{ETag} = $option{etag} if exists $option{etag};
    $header{'Content-Range'} = $option{range} if exists $option{range};

    return "HTTP/1.1 $status X\r\n"
           . join('', map { "$_: $header{$_}\r\n" }
                      grep { defined $header{$_} } sort keys %header)
           . "\r\n" . substr $whole, $from, $to - $from + 1;
}
