# Whatever the origin answers instead of the recording is 502, and not a byte
# of it is shown, however the operator dresses errors.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Test::Aidial::Answer;

my $secret = 'the origin said this';


sub reply {
    my ($status, @headers) = @_;

    return join "\r\n", "HTTP/1.1 $status X", @headers, 'Connection: close',
        'Content-Length: ' . length $secret, '', $secret;
}


my @statuses = (100, 101, 201, 202, 203, 204, 205, 207, 226, 300, 301, 302,
                303, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407,
                408, 409, 410, 413, 414, 418, 421, 425, 429, 431, 444, 451,
                494, 495, 496, 497, 499, 500, 501, 502, 503, 504, 505, 507,
                511, 599);
my %answer = (
    (map { ("/s/$_" => reply($_, 'Location: /stolen')) } @statuses),
    '/closed' => 'close',
    '/cut' => [ "HTTP/1.1 200 OK\r\nContent-Le", 'close' ],
    '/junk' => "$secret\r\n\r\n",
    '/bad-header' => "HTTP/1.1 200 OK\r\n\0: x\r\n\r\n$secret",
    '/huge' => "HTTP/1.1 200 OK\r\nX: " . 'x' x 20000 . "\r\n\r\n$secret",
    '/slow' => 'never',
    '/accel-uri' => reply(200, 'X-Accel-Redirect: /stolen'),
    '/accel-named' => reply(200, 'X-Accel-Redirect: @stolen'),
    '/accel-internal' => reply(200, 'X-Accel-Redirect: /internal/x'),
    '/accel-media' => reply(200, 'X-Accel-Redirect: /recordings/x'),
    '/accel-500' => reply(500, 'X-Accel-Redirect: /stolen'),
    '/basic' => reply(401, 'WWW-Authenticate: Basic realm="origin"'),
);
my @broken = grep { !m{^/s/} } sort keys %answer;
my $origin = Test::Aidial::Origin->start(%answer);
my $nobody = dir() . '/nobody.sock';

my $errors = join "\n", map { "error_page $_;" }
    '400 401 403 404 405 410 412 416 500 502 503 504 =200 /stolen',
    '301 302 303 307 308 =200 /stolen', '429 =200 @stolen';
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => "
        upstream raw { server unix:" . $origin->path . "; }
        upstream nobody { server unix:$nobody; }
        proxy_read_timeout 300ms;
        proxy_intercept_errors on;
        recursive_error_pages on;
        $errors"),
    server => <<"END");
    location /recordings/ {
        aidial_recording media;
        proxy_pass http://raw/;
    }

    # here the location itself dresses errors

    location /dressed/ {
        aidial_recording media;
        $errors
        error_page 502 504 =200 \@stolen;
        proxy_pass http://raw/;
    }

    # and here nobody does

    location /bare/ {
        aidial_recording media;
        proxy_intercept_errors off;
        error_page 599 /none;
        proxy_pass http://raw/;
    }

    location /refused/ {
        aidial_recording media;
        proxy_pass http://nobody/;
    }

    location = /stolen { return 200 "stolen"; }
    location \@stolen { return 200 "stolen"; }
    location /internal/ { internal; return 200 "stolen"; }
END

records();


sub case {
    my ($prefix, $what) = @_;
    my $answer = $nginx->client->get("/$prefix/" . grant(), session());

    is_answer($answer, 'media_unavailable',
        "media - $what, /$prefix/ - 502 media_unavailable");
}


for my $prefix (qw(recordings dressed bare)) {
    for my $status (grep { $_ != 204 } @statuses) {
        call(media => { object => "/s/$status" });
        case($prefix, "the origin answers $status");
    }

    for my $object (@broken) {
        call(media => { object => $object });
        case($prefix, "the origin is " . substr $object, 1);
    }

    call(media => { object => '/s/204' });
    case($prefix, 'the origin answers 204');
}

call();
case('refused', 'nobody listens at the origin');

# ---- HEAD

call(media => { object => '/s/404' });
is_answer($nginx->client->head('/recordings/' . grant(), session()),
    'media_unavailable', 'media - HEAD, the origin answers 404 - 502',
    head => 1);

call(media => { object => '/accel-uri' });
is_answer($nginx->client->head('/recordings/' . grant(), session()),
    'media_unavailable', 'media - HEAD, X-Accel-Redirect - 502', head => 1);

# ---- a refusal of our own is not dressed either

is_answer($nginx->client->get("/$_/x", session()), 'recording_not_found',
    "media - a forged token, /$_/ - 404") for qw(recordings dressed bare);
is_answer($nginx->client->get("/$_/x"), 'session_required',
    "media - no session, /$_/ - 401") for qw(recordings dressed bare);

# ---- a failure leaves the connection usable

my $client = $nginx->client;

call(media => { object => '/s/404' });
is_answer($client->get('/recordings/' . grant(), session()),
    'media_unavailable', 'media - the origin answers 404 - 502');
is($client->get('/stolen')->{body}, 'stolen',
    'media - after a 502 - the connection goes on');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->log(qr/\[(?:alert|emerg)\]/) ], [],
    'nothing alarming in the error log');

done_testing();
