# A download that is cut and resumed, however nginx sends it: the bytes that
# are entered, and both parts together.

use strict;
use warnings;

use lib 't/lib';
use IPC::Open2 qw(open2);
use Test::More;
use Test::Aidial::Client;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Tls;

my $SIZE = 8 << 20;
my $CUT = 3_000_000;

my $bytes = large($SIZE);
my $dir = dir();
my $proxy = 'proxy_pass http://large/;';
my $alias = "alias $dir/large/;";

my $large = 'proxy_buffers 8 1m; proxy_buffer_size 1m;'
            . 'proxy_temp_file_write_size 4m;';

my %way = (
    'sendfile' => "$alias sendfile on;",
    'sendfile-nopush' => "$alias sendfile on; tcp_nopush on;",
    'sendfile-small' => "$alias sendfile on; sendfile_max_chunk 16k;",
    'sendfile-large' => "$alias sendfile on; sendfile_max_chunk 64m;",
    'read' => "$alias sendfile off; output_buffers 2 1m;",
    'direct' => "$alias sendfile on; directio 1m; output_buffers 1 512k;",
    'threads' => "$alias sendfile on; aio threads;",
    'threads-read' => "$alias sendfile off; aio threads;",
    'limit' => "$alias limit_rate 20m; limit_rate_after 1m;",
    'postpone' => "$alias postpone_output 1m;",
    'no-temp' => "$proxy proxy_max_temp_file_size 0;",
    'small-buffers' => "$proxy proxy_buffers 8 4k; proxy_buffer_size 4k;"
                       . 'proxy_busy_buffers_size 8k;'
                       . 'proxy_temp_file_write_size 8k;',
    'large-buffers' => "$proxy $large proxy_busy_buffers_size 4m;",
    'unbuffered-large' => "$proxy $large proxy_buffering off;",
    'cached' => "$proxy proxy_cache cache; proxy_cache_valid 200 1h;"
                . 'proxy_cache_key $aidial_recording_object;',
    'stored' => "$proxy proxy_store $dir/stored; proxy_temp_path $dir/temp;",
    'if' => 'if ($http_host) { proxy_pass http://large'
            . '$aidial_recording_object; }',
);

authority('ca');
certificate('edge', ca => 'ca', names => 'DNS:localhost');

my $tls = free_port();
my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => large_http(extra => "proxy_cache_path $dir/c keys_zone=cache:1m;"),
    server => locations(join '', map { <<"END" } sort keys %way) . <<"END");
    location /$_/ {
        aidial_recording media;
        $way{$_}
    }
END
    location /timeout/ { aidial_recording media; $proxy send_timeout 1s; }
    location /tls/ { aidial_recording media; $alias sendfile on; }
    listen 127.0.0.1:$tls ssl;
    ssl_certificate ${\ pem('edge') };
    ssl_certificate_key $dir/edge.key;
END

records();
call(large_call());


# the edge has entered what the client got, and not much more

sub is_cut {
    my ($name, $token, $got) = @_;

    is(events($token, 2), 'started aborted', "media - $name, cut - entered");

    my ($entry) = grep { grant_key($token) =~ /:$_->{grant}\z/ }
                  audit('download.aborted');

    ok($entry->{bytes} >= $got && $entry->{bytes} <= $got + SLACK,
       "media - $name, cut - bytes entered")
        or diag("$entry->{bytes} for $got");
}


for my $name (sort keys %way) {
    for my $turn (1 .. $name eq 'cached' ? 2 : 1) {
        my $token = download();
        my ($client, $answer) = part($nginx, "/$name/$token", $CUT);

        $client->abort;
        is_cut($name, $token, got($client, $answer));

        my $rest = resume($nginx, "/$name/$token", $CUT);

        is($rest->{status}, 206, "media - $name, the rest - 206");
        ok($answer->{body} . $rest->{body} eq $bytes,
           "media - $name, both together - the object");
        is(events($token, 4), 'started aborted resumed completed',
           "media - $name, both - entered");
    }
}

# ---- a client that stops reading, until nginx has enough of it

my ($idle, $head) = part($nginx, '/timeout/' . (my $stuck = download()), $CUT);

is_cut('the client stops reading', $stuck, got($idle, $head));
ok($head->{body} . resume($nginx, "/timeout/$stuck", $CUT)->{body} eq $bytes,
   'media - the client stops reading, then the rest - the object');

# ---- TLS: what the client has decrypted

my $token = download();
my $pid = open2(my $from, my $to,
    "exec openssl s_client -quiet -connect 127.0.0.1:$tls 2>/dev/null");
my $text = '';

syswrite $to, "GET /tls/$token HTTP/1.1\r\nHost: localhost\r\n"
              . session() . "\r\n\r\n";

while (length $text < $CUT) {
    sysread $from, $text, 16_384, length $text or last;
}

kill KILL => $pid;
waitpid $pid, 0;
$text =~ s/\A.*?\r\n\r\n//s;
is(events($token, 2), 'started aborted', 'media - TLS, cut - entered');

my ($entry) = grep { grant_key($token) =~ /:$_->{grant}\z/ }
              audit('download.aborted');

cmp_ok($entry->{bytes}, '>=', length $text, 'media - TLS, cut - bytes entered');

my $rest = resume($nginx, "/tls/$token", length $text);

ok($text . $rest->{body} eq $bytes, 'media - TLS, both together - the object');

# ---- HTTP/1.0, and a client that pipelines

$token = download();

my $client = $nginx->client;

$client->send_raw("GET /read/$token HTTP/1.0\r\n" . session() . "\r\n\r\n");

my $answer = $client->response(timeout => 10);

ok($answer->{body} eq $bytes, 'media - HTTP/1.0 - the object');
is(events($token, 2), 'started completed', 'media - HTTP/1.0 - entered');

my @tokens = map { download() } 1 .. 3;

$client = $nginx->client;
$client->send_raw(join '', map { "GET /sendfile/$_ HTTP/1.1\r\n"
                                 . "Host: localhost\r\n" . session()
                                 . "\r\n\r\n" } @tokens, @tokens);
ok($client->response(timeout => 10)->{body} eq $bytes,
   'media - pipelined - the object') for @tokens;
is(refusal($client->response), '410 grant_used - -',
   'media - pipelined, again - 410 grant_used') for @tokens;
is(events($_, 2), 'started completed', 'media - pipelined - entered')
    for @tokens;

in_order($nginx);
done_testing();
