# No usable token stands in anything nginx writes down.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $dir = dir();
my $log = "$dir/requests.log";
my $h2 = "$dir/h2.sock";
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => <<"END"),
    log_format all '\$request|\$request_uri|\$uri|\$args|\$query_string|'
                   '\$document_uri|\$request_filename|\$is_args|'
                   '\$aidial_recording_grant|\$aidial_recording_decision|'
                   '\$upstream_addr|\$http_range|\$request_method';
    limit_req_zone \$uri zone=req:1m rate=1r/m;
    limit_conn_zone \$server_protocol zone=conn:1m;
    map \$request_uri \$mapped { default \$request_uri; }
END
    server => <<"END");
    listen unix:$h2 http2;
    access_log $log all;
    error_log $dir/main.log info;

    location /recordings/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }

    location /alias/ {
        aidial_recording media;
        alias $dir/nothing/;
    }

    location /refused/ {
        aidial_recording media;
        proxy_pass http://unix:$dir/nobody.sock:/;
    }

    location /limited/ {
        aidial_recording media;
        limit_req zone=req;
        proxy_pass http://origin/;
    }

    location /conn/ {
        aidial_recording media;
        limit_conn conn 1;
        proxy_pass http://origin/;
    }

    location /denied/ {
        aidial_recording media;
        deny all;
        proxy_pass http://origin/;
    }

    location /basic/ {
        aidial_recording media;
        auth_basic realm;
        auth_basic_user_file $dir/none;
        proxy_pass http://origin/;
    }

    location /rewritten/ {
        aidial_recording media;
        rewrite_log on;
        rewrite ^/none /other break;
        set \$copy \$request_uri;
        proxy_pass http://origin/;
    }

    location /mapped/ {
        aidial_recording media;
        set \$copy \$mapped;
        proxy_pass http://origin/;
    }
END

records();

my @locations = qw(recordings alias refused limited conn denied basic
                   rewritten mapped);
my %kept;


# the token may stand there without its MAC, and in no spelling with it

sub told {
    my ($what, $token) = @_;
    my ($payload, $mac) = split /\./, $token;
    my $n = 0;

    for my $file ($log, "$dir/main.log", glob "$dir/nginx-*/*.log") {
        open my $in, '<', $file or next;
        my $debug = $file =~ /error\.log\z/;

        while (my $line = <$in>) {

            # nginx's own debug lines echo what came in: not for production

            next if $debug && $line =~ /\[debug\]/;
            $n++ if index($line, $mac) >= 0
                    || index($line =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger,
                             $mac) >= 0
                    || index($line, substr $mac, 0, 20) >= 0
                    || index($line, substr $mac, -20) >= 0;
        }
    }

    is($n, 0, "media - $what - no MAC in any log");
}


sub ask {
    my ($what, $token, $uri, @headers) = @_;
    my $client = $nginx->client;

    $client->get($uri, @headers ? @headers : session());
    $client->close;

    # nginx writes the line after the answer

    my $lines = $kept{$log} // 0;
    wait_for { $kept{$log} = -s $log; ($kept{$log} // 0) > $lines };
    told($what, $token);
}


for my $location (@locations) {
    my $token = grant();

    ask("/$location/, time $_", $token, "/$location/$token") for 1 .. 3;
    ask("/$location/, no session", $token, "/$location/$token", 'X-A: b');
}

# ---- refused

my $token = grant(user => 'u_82');
ask("another user's", $token, media_url($token));
$token = grant(expires_at => time - 1);
ask('expired', $token, media_url($token));
$token = grant();
ask('as a page', $token, media_url($token), session(),
    'Sec-Fetch-Dest: document');
call(consent => 'denied');
ask('blocked', $token, media_url($token));
call();

# ---- spelt otherwise: still usable by who reads the log

my ($first, $rest) = $token =~ /\A(.)(.*)\z/;
my $escaped = sprintf('%%%02x', ord $first) . $rest;
my $all = join '', map { sprintf '%%%02X', ord } split //, $token;

ask('a query', $token, media_url($token) . '?a=b');
ask('a bare query', $token, media_url($token) . '?');
ask('in the query', $token, "/recordings/?$token");
ask('a trailing slash', $token, media_url($token) . '/');
ask('two slashes', $token, "/recordings//$token");
ask('two slashes in front', $token, "//recordings/$token");
ask('a dot', $token, "/recordings/./$token");
ask('a dot in front', $token, "/./recordings/$token");
ask('two dots', $token, "/recordings/x/../$token");
ask('from elsewhere', $token, "/x/../recordings/$token");
ask('an escaped character', $token, media_url($escaped));
ask('every character escaped', $token, media_url($all));
ask('an escaped prefix', $token, "/%72ecordings/$token");
ask('an escaped slash', $token, "/recordings%2f$token");
ask('an absolute form', $token, "http://localhost/recordings/$token");
ask('an absolute form, escaped', $token,
    "http://localhost/recordings/$escaped");
ask('twice', $token, "/recordings/$token/$token");
ask('a fragment', $token, media_url($token) . '#x');
ask('behind something', $token, "/recordings/x$token");

# ---- other methods (TRACE is refused by nginx before any module sees it)

for my $method (qw(POST PUT DELETE OPTIONS PROPFIND FOO)) {
    my $client = $nginx->client;

    $client->send_request($method, media_url($token), '{}', session());
    $client->response;
    $client->close;
    select undef, undef, undef, 0.05;
    told($method, $token);
}

# ---- HTTP/2

my @curl = (qw(curl -s --http2-prior-knowledge -o), "$dir/h2.out",
            '--unix-socket', $h2, '-H', 'Cookie: aidial_session=s_1');

system(@curl, '-D', "$dir/h2.head", "http://localhost/recordings/$token");
open my $head, '<', "$dir/h2.head" or die "$dir/h2.head: $!";
like(<$head>, qr{\AHTTP/2 200}, 'media - HTTP/2 - 200');

system(@curl, "http://localhost/recordings/$_") for "$token?x", $escaped;
select undef, undef, undef, 0.1;
told('HTTP/2', $token);

# ---- the log says who was served what, without the token

open my $in, '<', $log or die "$log: $!";
my @lines = <$in>;

cmp_ok(scalar @lines, '>', 60, 'media - each request has its line');
ok(scalar(grep { m{\AGET /recordings/[\w-]+\.\*{43} HTTP/1\.1\|} } @lines),
    'media - the MAC is masked, the rest stays');

# ---- and the requests were served: the mask is not in the way

is_answer($nginx->client->get(media_url($token), session()), '200',
    'media - after all this - 200');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->log(qr/\[(?:alert|emerg)\]/) ], [],
    'nothing alarming in the error log');

done_testing();
