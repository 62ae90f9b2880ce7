# What is no resume: everything else on a used grant is 410 grant_used, and
# takes nothing from the resume that is allowed.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep);

my $USED = '410 grant_used - -';
my $MIB = 1 << 20;

my $bytes = large(12 * $MIB);
my $nginx = Test::Aidial::Nginx->start(workers => 2, http => large_http(),
    server => locations(large_media() . <<"END"));
    location /window/ {
        aidial_recording media;
        aidial_recording_resume_window 2s;
        proxy_pass http://large/;
    }
    location /untagged/ {
        aidial_recording media;
        alias @{[ dir() ]}/large/;
        etag off;
    }
END

records();
session(sid => 's_2');
session(sid => 's_3', user_id => 'u_82');
call(large_call());


# a download of which the edge has sent so many bytes, and which has ended

sub begun {
    my ($n, %option) = @_;
    my $token = download(%{ $option{grant} // {} });
    my $path = $option{path} // 'large';
    my $answer = ask_media($nginx, "/$path/$token",
                           'Range: bytes=0-' . ($n - 1));

    $answer->{status} == 206 or die "not begun: $answer->{status}";
    events($token, 2);

    return $token;
}


sub status_of {
    my ($answer) = @_;

    return refusal($answer) =~ s/ with .*//r;
}


# ---- who asks, and how

my $token = begun(1000);
my $url = "/large/$token";
my @range = 'Range: bytes=1000-';
my @tag = 'If-Range: ' . large_etag();

sub refused_as {
    my ($name, $expected, @headers) = @_;

    is(refusal($nginx->client->get($url, @headers)), $expected,
       "media - resume, $name - $expected");
}

refused_as('another session of the user', $USED,
           'Cookie: aidial_session=s_2', @range, @tag);
refused_as('another user', '404 recording_not_found - -',
           'Cookie: aidial_session=s_3', @range, @tag);

my $inner = large_etag() =~ s/"//gr;

for my $row ([ 'no If-Range', undef ], [ 'another tag', '"other"' ],
             [ 'a weak tag', "W/\"$inner\"" ], [ 'no quotes', $inner ],
             [ 'a list', "\"$inner\", \"other\"" ], [ 'an empty one', '""' ],
             [ 'a date', 'Tue, 14 Nov 2023 22:13:20 GMT' ],
             [ 'a longer tag', "\"${inner}0\"" ], [ 'nothing', '' ],
             [ 'a tag of 300 bytes', '"' . 'x' x 298 . '"' ])
{
    refused_as("If-Range: $row->[0]", $USED, session(), @range,
               defined $row->[1] ? "If-Range: $row->[1]" : ());
}

for my $range (undef, 'bytes=0-', 'bytes=1001-', 'bytes=12582912-',
               'bytes=5-9', 'bytes=1000-1000', 'bytes=-5', 'bytes=5-,10-',
               'bytes=5-6,8-', 'bytes=10-,', 'bits=5-', 'bytes=5', 'bytes=-',
               'bytes=+5-', 'bytes=0x5-', 'bytes 5-', 'bytes=5--', '5-',
               'bytes=99999999999999999999-', 'bytes=9007199254740993-', '')
{
    refused_as(defined $range ? "Range: $range" : 'no Range', $USED,
               session(), @tag, defined $range ? "Range: $range" : ());
}

refused_as('two Range lines', $USED, session(), @tag, 'Range: bytes=1000-',
           'Range: bytes=900-');

my $head = $nginx->client->head($url, session(), @range, @tag);

is($head->{status}, 410, 'media - resume, HEAD - 410');
is($nginx->client->post($url, '{}', session(), @range, @tag)->{status}, 405,
   'media - resume, POST - 405');

# ---- judged again

call(large_call(), consent => 'denied');
is(refusal(resume($nginx, $url, 1000)), '403 recording_blocked - -',
   'media - resume, consent was withdrawn - 403 recording_blocked');
call(large_call(), project_id => 'p_2');
is(refusal(resume($nginx, $url, 1000)), '404 recording_not_found - -',
   'media - resume, the call has moved - 404');
call(large_call());
tenant(recording_download => 0);
is(refusal(resume($nginx, $url, 1000)), '403 recording_blocked - -',
   'media - resume, no entitlement any more - 403 recording_blocked');
tenant();

# ---- after all of this, the right one; that it took nothing is in the trail

is(events($token, 2), 'started completed', 'media - refused - not entered');
ok(resume($nginx, $url, 1000)->{body} eq substr($bytes, 1000),
   'media - resume, after all refusals - 206');

# ---- sent once more: 4 MiB in all

$token = begun(6 * $MIB);
$url = "/large/$token";
is(status_of(resume($nginx, $url, 2 * $MIB - 1)), $USED,
   'media - resume, 4 MiB and a byte sent again - 410 grant_used');

my ($client, $part) = part($nginx, $url, 4096, 'Range: bytes=' . 4 * $MIB
                           . '-', @tag);

is($part->{status}, 206, 'media - resume, 2 MiB sent again - 206');
$client->abort;
events($token, 4);
is(redis('HGET', grant_key($token), 'sent'), 6 * $MIB,
   'media - resume, cut before it was beyond - as much is sent as before');
is(status_of(resume($nginx, $url, 4 * $MIB - 1)), $USED,
   'media - resume, another 2 MiB and a byte - 410 grant_used');
is(status_of(resume($nginx, $url, 4 * $MIB)), 206,
   'media - resume, another 2 MiB - 206');
events($token, 6);
is(status_of(resume($nginx, $url, 12 * $MIB - 1)), $USED,
   'media - resume, a byte beyond 4 MiB in all - 410 grant_used');

# ---- and half the object

call();
$token = begun(1000, path => 'recordings');
$url = "/recordings/$token";

my %small = (etag => etag());

is(status_of(resume($nginx, $url, 499, %small)), $USED,
   'media - resume, more than half of the object again - 410 grant_used');
is(status_of(resume($nginx, $url, 500, %small)), 206,
   'media - resume, half of the object again - 206');
events($token, 4);
is(status_of(resume($nginx, $url, 999, %small)), $USED,
   'media - resume, half and a byte in all - 410 grant_used');

# ---- sixteen times

$token = begun(999, path => 'recordings');
$url = "/recordings/$token";

for my $n (1 .. 16) {
    is(status_of(resume($nginx, $url, 999, %small)), 206,
       "media - resume, time $n - 206");
    events($token, 2 + 2 * $n);
}

is(status_of(resume($nginx, $url, 999, %small)), $USED,
   'media - resume, time 17 - 410 grant_used');

# ---- no strong tag, or not from the first byte on: no resume

call(large_call());
$token = begun(1000, path => 'untagged');
is(refusal(ask_media($nginx, "/untagged/$token", @range,
                     'If-Range: Tue, 14 Nov 2023 22:13:20 GMT')), $USED,
   'media - resume, there was no tag, by date - 410 grant_used');
is(refusal(ask_media($nginx, "/large/$token", @range, @tag)), $USED,
   'media - resume, there was no tag, by one of now - 410 grant_used');
is(state_of($token), 'closed', 'media - no tag - the grant is closed');

$token = download();
is(ask_media($nginx, "/large/$token", 'Range: bytes=500-999')->{status}, 206,
   'media - the first answer is a part from 500 - 206');
events($token, 2);
is(refusal(resume($nginx, "/large/$token", 1000)), $USED,
   'media - resume, the first answer was not from 0 - 410 grant_used');

# ---- the window, which begins with the redemption; not the life

$token = begun(1000, path => 'window', grant => { expires_at => time + 1 });
$url = "/window/$token";
sleep 1.2;
is(status_of(resume($nginx, $url, 1000)), 206,
   'media - resume, after the life of the grant - 206');
is(refusal(ask_media($nginx, $url)) =~ s/ .*//r, 410,
   'media - whole, after the life of the grant - 410');
events($token, 4);
sleep 1;
is(refusal(resume($nginx, $url, 12 * $MIB - 1)), $USED,
   'media - resume, the window is over - 410 grant_used');
is(status_of(resume($nginx, "/large/$token", 12 * $MIB - 1)), 206,
   'media - resume, where the window is longer - 206');

in_order($nginx);
done_testing();
