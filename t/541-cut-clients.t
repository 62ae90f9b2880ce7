# A withdrawal reaches every response: whatever the client does, however nginx
# gets and sends the bytes.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Cut;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Test::Aidial::Tls;
use Time::HiRes qw(sleep time);

my $IN_TIME = 1.5;   # seconds, of an interval of one

my $bytes = large(48 << 20);
my $dir = dir();
my $never = Test::Aidial::Origin->start('*' => 'never');
my $tls = free_port();

authority('ours');
certificate('edge', ca => 'ours', names => 'DNS:localhost');

my %WAY = (
    'proxy' => 'proxy_pass http://large/;',
    'unbuffered' => 'proxy_pass http://large/; proxy_buffering off;',
    'no-temp' => 'proxy_pass http://large/; proxy_max_temp_file_size 0;',
    'sendfile' => "alias $dir/large/; sendfile on;",
    'read' => "alias $dir/large/; sendfile off;",
    'threads' => "alias $dir/large/; sendfile on; aio threads;",
    'slice' => 'slice 256k; proxy_set_header Range $slice_range;'
               . 'proxy_pass http://large/;',
    'cached' => 'slice 256k; proxy_set_header Range $slice_range;'
                . 'proxy_cache slices; proxy_cache_valid 200 206 1h;'
                . 'proxy_cache_key $aidial_recording_object$slice_range;'
                . 'proxy_pass http://large/;',
    'paced' => 'proxy_pass http://large/; aidial_recording_bandwidth 400k;',
    'paced-unbuffered' => 'proxy_pass http://large/; proxy_buffering off;'
                          . 'aidial_recording_bandwidth 400k;',
    'never' => "proxy_pass http://unix:@{[ $never->path ]}:/;",
    'post-action' => 'proxy_pass http://large/; post_action /posted;',
);

my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => large_http(
        extra => "proxy_cache_path $dir/slices keys_zone=slices:1m;"),
    server => locations(join "\n", map { <<"END" } sort keys %WAY) . <<"END");
    location /$_/ {
        aidial_recording media;
        aidial_recording_recheck 1s;
        $WAY{$_}
    }
END
    location = /posted { proxy_pass http://unix:@{[ $never->path ]}:/; }
    listen unix:@{[ socket_path() ]} http2;
    listen 127.0.0.1:$tls ssl;
    ssl_certificate @{[ pem('edge') ]};
    ssl_certificate_key $dir/edge.key;
END

my @took;

sub restore {
    redis('FLUSHALL');
    records();
    call(large_call());
    call(large_call(), id => 'c_2');
    tenant();
}

sub withdraw { call(large_call(), consent => 'denied') }

# cut in time, and the entry has what the client has

sub is_cut {
    my ($begin, $got, $name) = @_;
    my $entry = cut_entry();
    my $took = time - $begin;

    push @took, $took;
    cmp_ok($took, '<', $IN_TIME, "$name - in time");
    is($entry->{reasons}, 'consent_denied', "$name - why");

    # what the kernel had, and the client has not read, is lost with the reset

    cmp_ok($entry->{bytes}, '>=', $got, "$name - no byte without its entry");

    return $entry;
}


# ---- a client that reads nothing any more, one that reads a little, and one
# that reads all there is

my %CLIENT = (
    paused => sub { },
    slow => sub { take($_[0], 2000) },
    fast => sub { 1 while take($_[0], 1 << 20) },
);

for my $way (sort grep { $_ ne 'never' } keys %WAY) {
    for my $kind ($way =~ /paced/ ? qw(paused slow fast) : qw(paused slow)) {
        my $name = "media - $way, $kind";

        restore();

        my ($client, $answer) = running($nginx, "/$way/" . grant(), 10_000);
        my $begin = time;

        withdraw();
        wait_for { $CLIENT{$kind}->($client); audit('media.cut') } 3;

        my $entry = is_cut($begin, got($client, $answer), $name);

        is(drain($client, $answer), 'reset', "$name - the client is told");
        is(substr($bytes, 10_000, length $client->{in}), $client->{in},
           "$name - what it got are the right bytes");
        cmp_ok($entry->{bytes}, '<', length $bytes, "$name - not all of it");
    }
}

# ---- before the first byte: a download is given back

for my $action (qw(playback download)) {
    restore();

    my $token = grant(action => $action);
    my $client = $nginx->client;

    $client->send_request('GET', "/never/$token", undef, session());
    ok(wait_for(sub { state_of($token) =~ /begun|running/ }),
       "media - no byte yet, $action - it runs");

    my $begin = time;

    withdraw();
    is(is_cut($begin, 0, "media - no byte yet, $action")->{bytes}, 0,
       "media - no byte yet, $action - none is entered");
    ok(!defined $client->response, "media - no byte yet, $action - no answer");
    is(state_of($token), 'fresh', 'media - no byte yet - given back')
        if $action eq 'download';
}

# ---- what was cut can be resumed when what was withdrawn is restored

restore();

my $token = grant(action => 'download');
my ($client, $answer) = running($nginx, "/paced/$token", 100_000);

withdraw();
drain($client, $answer);
cut_entry();
is(resume($nginx, "/paced/$token", 50_000)->{status}, 403,
   'media - cut, resumed - 403');
call(large_call());

my $resumed = $nginx->client;
$resumed->send_request('GET', "/paced/$token", undef, session(),
                       'Range: bytes=50000-', 'If-Range: ' . large_etag());
is($resumed->response(head => 1)->{status}, 206,
   'media - cut and restored, resumed - 206');
$resumed->abort;

# ---- HTTP/2: one stream is reset, the others of the connection go on

restore();

my $h2 = Test::Aidial::Http2->new(socket_path(), window => 1 << 30);
my @stream = map { $h2->request('GET', '/paced/' . grant(call => $_), undef,
                                session()) } 'c_9', 'c_2';

wait_for { $h2->wait($stream[0], 0.1);
           length $h2->{streams}{ $stream[0] }{body}
               && length $h2->{streams}{ $stream[1] }{body} };

my $begin = time;

withdraw();

my $cut = $h2->wait($stream[0], 3);
ok($cut && $cut->{reset}, 'HTTP/2 - the stream is reset');
is_cut($begin, length $cut->{body}, 'HTTP/2');

my $before = length $h2->{streams}{ $stream[1] }{body};
$h2->wait($stream[1], 1);
cmp_ok(length $h2->{streams}{ $stream[1] }{body}, '>', $before,
       'HTTP/2 - the other one goes on');
ok(!$h2->{gone}, 'HTTP/2 - the connection stays');

# ... and to one that does not read nothing more is sent of it

restore();
$h2->close;
$h2 = Test::Aidial::Http2->new(socket_path(), window => 1 << 30);
$stream[0] = $h2->request('GET', '/proxy/' . grant(), undef, session());
wait_for { $h2->wait($stream[0], 0.01);
           length $h2->{streams}{ $stream[0] }{body} > 10_000 };
$begin = time;
withdraw();
my $paused = is_cut($begin, length $h2->{streams}{ $stream[0] }{body},
                    'HTTP/2, paused');
$cut = $h2->wait($stream[0], 3);
ok($cut && $cut->{reset}, 'HTTP/2, paused - the stream is reset');
cmp_ok(length $cut->{body}, '<=', $paused->{bytes},
       'HTTP/2, paused - no byte without its entry');
$h2->close;

# ---- over TLS: what ends it is no end of the answer

restore();

my $url = "https://localhost:$tls/paced/" . grant();
my $said = "$dir/curl.log";

session();
$begin = time;

my $pid = fork() // die "fork: $!";

if ($pid == 0) {
    open STDERR, '>', $said;
    exec 'curl', '-sS', '--http1.1', '--cacert', pem('ours'),
         '--max-time', 8, '-o', "$dir/tls.mp3", '-H',
         'Cookie: aidial_session=s_1', $url or exit 127;
}

wait_for { -s "$dir/tls.mp3" };
$begin = time;
withdraw();
is_cut($begin, -s "$dir/tls.mp3", 'TLS');
waitpid $pid, 0;
is($? >> 8, 56, 'TLS - curl saw the connection break');
open my $log, '<', $said;
like(join('', <$log>), qr/reset by peer/, 'TLS - by a reset');

@took = sort { $a <=> $b } @took;
diag(sprintf 'from withdrawal to the entry of the cut: %d ms (median), '
             . '%d ms (worst), of %d', 1000 * $took[@took / 2],
     1000 * $took[-1], scalar @took);

in_order($nginx);
done_testing();
