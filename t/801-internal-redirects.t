# No way leads into a media location but a client's own request for a link.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(abs_path);
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Test::Aidial::Answer;

records();

my $media = abs_path('t/data/media');
my $id = 'B' x 16;
my $key = 'aidial:{t_1}:grant:' . unpack 'H*', $id;
my %token = (playback => grant(),
             download => grant(action => 'download', id => $id));

my $origin = Test::Aidial::Origin->start(map {
    my $accel = "HTTP/1.1 200 OK\r\nX-Accel-Redirect: ";

    ("/$_" => "$accel/recordings/$token{$_}\r\n\r\npage",
     "/$_-file" => "$accel/files/$token{$_}\r\n\r\npage",
     "/$_-object" => "$accel/recordings/t_1/2026/c_9.mp3\r\n\r\npage");
} sort keys %token);

my $inner = join "\n", map { <<"END" } sort keys %token;
    location = /error-$_ {
        error_page 404 =200 /recordings/$token{$_};
        return 404;
    }

    location = /error-plain-$_ {
        error_page 404 /files/$token{$_};
        return 404;
    }

    location = /try-$_ {
        root /nowhere;
        try_files /none /recordings/$token{$_};
    }

    location = /try-file-$_ {
        root /nowhere;
        try_files /none /files/$token{$_};
    }

    location = /last-$_ {
        rewrite ^ /recordings/$token{$_} last;
    }

    location = /named-$_ {
        error_page 404 = \@named-$_;
        return 404;
    }

    location \@named-$_ {
        rewrite ^ /recordings/$token{$_} last;
    }

    location = /accel-$_ {
        proxy_pass http://raw/$_;
    }

    location = /accel-file-$_ {
        proxy_pass http://raw/$_-file;
    }

    location = /accel-object-$_ {
        proxy_pass http://raw/$_-object;
    }

    location /index-$_/ {
        alias /;
        index /recordings/$token{$_};
    }
END

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => 'upstream raw { server unix:'
        . $origin->path . '; }'),
    server => locations(<<"END") . $inner);
    rewrite ^/server/(.*)\$ /recordings/\$1 last;
    rewrite ^/server-file/(.*)\$ /files/\$1 last;

    location /files/ {
        aidial_recording media;
        alias $media/;
    }

    # the client asks for a link, and is sent to another in the same place

    location /inner/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }

    location ~ ^/inner/A {
        error_page 404 =200 /inner/x;
        return 404;
    }
END


sub state_is {
    my ($expected, $title) = @_;

    is(redis('HGET', $key, 'state'), $expected, $title);
}


sub refused {
    my ($uri, $what) = @_;

    for my $method (qw(GET HEAD)) {
        my $client = $nginx->client;

        $client->send_request($method, $uri, undef, session());
        my $answer = $client->response(head => $method eq 'HEAD');

        is_answer($answer, 'recording_not_found',
            "redirect - $method by $what - 404", head => $method eq 'HEAD');
        state_is('fresh', "redirect - $method by $what - nothing redeemed");
    }
}


for my $action (sort keys %token) {
    refused("/$_-$action", "$_, $action")
        for qw(error error-plain try try-file last named accel accel-file
               accel-object);
    refused("/$_/$token{$action}", "$_, $action")
        for qw(server server-file inner);

    my $answer = $nginx->client->get("/index-$action/", session());

    unlike($answer->{body}, qr/0123456789/, "redirect - index, $action");
    state_is('fresh', "redirect - index, $action - nothing redeemed");
}

# ---- without a session it is 401, as everywhere

for my $way (qw(error try last accel)) {
    is_answer($nginx->client->get("/$way-playback"), 'session_required',
        "redirect - by $way, no session - 401");
}

# ---- what was judged may not be sent elsewhere

call(media => { object => '/accel' });
is_answer($nginx->client->get("/recordings/$token{playback}", session()),
    'media_unavailable', 'redirect - the origin redirects a recording - 502');
call();

# ---- the links themselves

my $client = $nginx->client;

is_answer($client->get("/recordings/$token{playback}", session()), '200',
    'media - the playback link itself - 200');
is_answer($client->get("/recordings/$token{download}", session()), '200',
    'media - the download link itself - 200',
    disposition => attachment('call-c_9.mp3'));
ok(wait_for(sub { redis('HGET', $key, 'state') eq 'ended' }),
    'media - the download link itself - redeemed, and over');
is(scalar audit('download.started'), 1,
    'media - the download link itself - entered once');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
