# playback.closed: one entry a grant and edge, with all its bytes and the
# merged ranges, over workers, reloads and cuts.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

my $SIZE = 4 << 20;
my $bytes = large($SIZE);
my $chunks = join '', map { "64\r\n" . 'c' x 100 . "\r\n" } 1 .. 10;
my $origin = Test::Aidial::Origin->start(
    '/chunked' => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  . "${chunks}0\r\n\r\n",
    '/endless' => "HTTP/1.0 200 OK\r\n\r\n" . 'e' x 1000);
my $server = locations(large_media() . <<"END");
    location /raw/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $origin->path ]}:/;
        proxy_http_version 1.1;
    }
END
my ($nginx, $other) = map {
    Test::Aidial::Nginx->start(workers => $_, http => large_http(),
        server => $server . ($_ == 4 ? 'listen unix:' . socket_path()
                                       . ' http2;' : ''));
} 4, 1;

records();

my (%token, %expected);


# plays these ranges of the example in turn; what its entry will say

sub plays {
    my ($name, $ranges, $total, @asked) = @_;
    my $token = $token{$name} = grant();

    for my $range (@asked) {
        my $answer = ask_media($nginx, media_url($token),
                               $range ? "Range: bytes=$range" : ());

        $answer->{status} =~ /\A20[06]\z/ or die $answer->{status};
    }

    $expected{$name} = [ $ranges, $total ];
}


plays('whole', '0-999', 1000, '');
plays('two parts that meet', '0-199', 200, '0-99', '100-199');
plays('two parts apart', '0-99,500-999', 600, '500-', '0-99');
plays('the same part twice', '100-199', 200, '100-199', '100-199');
plays('overlapping parts', '100-299', 300, '100-249', '150-299');
plays('a part that joins two', '0-299', 300, '0-99', '200-299', '100-199');
plays('one byte', '999-999', 1, '-1');
plays('backwards', '0-9,20-29,40-49', 30, '40-49', '20-29', '0-9');

# as many as an entry has room for: then the smallest gaps close

plays('fifteen parts', join(',', map { $_ * 50 . '-' . $_ * 50 } 0 .. 14), 15,
      map { $_ * 50 . '-' . $_ * 50 } 0 .. 14);
plays('sixteen parts', join(',', map({ $_ * 50 . '-' . $_ * 50 } 0 .. 13),
                            '700-703'), 16,
      map({ $_ * 50 . '-' . $_ * 50 } 0 .. 14), '703-703');

# what sends no byte

$token{nothing} = grant();
$expected{nothing} = [ '', 0 ];
ask_media($nginx, media_url($token{nothing}), 'If-None-Match: ' . etag());
$nginx->client->head(media_url($token{nothing}), session());
ask_media($nginx, media_url($token{nothing}), 'Range: bytes=1000-');
call(media => { object => '/fail/500' });
ask_media($nginx, media_url($token{nothing}));

# an answer of unknown length: what is around its bytes does not count

for my $name (qw(chunked endless)) {
    call(media => { object => "/$name" });
    $token{$name} = grant();
    $expected{$name} = [ '0-999', 1000 ];
    length ask_media($nginx, "/raw/$token{$name}")->{body} == 1000 or die;
}

# ---- over four workers, many at once, and a reload

call();
$token{many} = grant();
$expected{many} = [ '0-999', 40 * 100 ];

my @clients = map { $nginx->client } 1 .. 40;

$clients[$_]->send_request('GET', media_url($token{many}), undef, session(),
    'Range: bytes=' . $_ % 10 * 100 . '-' . ($_ % 10 * 100 + 99)) for 0 .. 39;
is(join(' ', map { $_->response->{status} } @clients), join(' ', (206) x 40),
   'playback - forty at once over four workers - 206');
$nginx->reload or die 'no reload';
serving($nginx, 'status', 2) or die 'not served';
ask_media($nginx, media_url($token{'one byte'}), 'Range: bytes=999-999');
$expected{'one byte'} = [ '999-999', 2 ];

# ---- HTTP/2

my $h2 = Test::Aidial::Http2->new(socket_path());

$token{h2} = grant();
$expected{h2} = [ '0-999', 1000 ];
$h2->wait($h2->request('GET', media_url($token{h2}), undef, session()));

# ---- cut: what went out, and not what was meant to

call(large_call());
$token{cut} = grant();

my ($client, $part) = part($nginx, "/large/$token{cut}", 1_000_000,
                           'Range: bytes=1000000-');

$client->abort;

my $cut = got($client, $part);

# ---- on another edge: an entry of its own

call();
ask_media($other, media_url($token{'two parts apart'}), 'Range: bytes=300-399');

is(scalar audit('playback.closed'), 0, 'playback - nobody is closed yet');
is(scalar audit('playback.started'), keys %token, 'playback - each is started');

in_order($nginx);


# ---- the entries

sub entries_of {
    my ($token) = @_;
    my ($id) = grant_key($token) =~ /([^:]+)\z/;

    return grep { $_->{grant} eq $id } audit('playback.closed');
}


for my $name (sort keys %expected) {
    my ($ranges, $total) = @{ $expected{$name} };
    my @entries = entries_of($token{$name});

    is(scalar @entries, 1, "playback - $name - one entry");
    is($entries[0]{ranges}, $ranges, "playback - $name - ranges");
    is($entries[0]{bytes}, $total, "playback - $name - bytes");

    my ($first) = $ranges =~ /\A(\d+)/;
    my ($last) = $ranges =~ /(\d+)\z/;

    is("$entries[0]{first_byte}-$entries[0]{last_byte}",
       ($first // '') . '-' . ($last // ''), "playback - $name - from, to");
}

my ($entry) = entries_of($token{cut});
my $sent = $entry->{bytes};

ok($sent >= $cut && $sent <= $cut + SLACK, 'playback - cut - bytes')
    or diag("$sent for $cut");
is($entry->{ranges}, '1000000-' . (1_000_000 + $sent - 1),
   'playback - cut - ranges');

in_order($other);

my @both = entries_of($token{'two parts apart'});

is(join(' ', map { $_->{ranges} } @both), '0-99,500-999 300-399',
   'playback - on two edges - an entry each');
is(scalar audit('playback.started'), keys %token,
   'playback - on two edges - started once');

done_testing();
