# add_header Content-Type: nginx would write it as a second line, and a browser
# believes the last one.  There is one line, and it is ours, in every answer.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my $PROBLEM = 'application/problem+json';
my $HTML = 'add_header Content-Type text/html always;';

# where the operator says it, and how

my %place = (
    location => [ '', $HTML ],
    server => [ $HTML, '' ],
    'lower-case' => [ '', 'add_header content-type text/html always;' ],
    twice => [ '', "$HTML $HTML" ],
    charset => [ $HTML, 'charset utf-8; default_type text/html;' ],
    variable => [ '', 'add_header Content-Type $http_x_type always;' ],
    if => [ '', "if (\$http_host) { $HTML }" ],
    'not always' => [ '', 'add_header Content-Type text/html;' ],
);

for my $place (sort keys %place) {
    my ($outside, $inside) = @{ $place{$place} };
    my $nginx = edge(server => "$outside\n" . <<"END");
    location = /status { aidial_recording status c_9; $inside }
    location = /unknown { aidial_recording status c_0; $inside }
    location = /grant {
        aidial_recording grant c_9;
        client_max_body_size 8k;
        $inside
    }
    location /recordings/ {
        aidial_recording media;
        proxy_pass http://origin/;
        $inside
    }

    # nobody there

    location /lost/ {
        aidial_recording media;
        proxy_pass http://origin/fail/500?;
        $inside
    }

    # a check of the check: nginx does write it

    location = /plain { return 200 plain; $inside }
END

    my @pids = $nginx->workers;
    prepare();

    is(types(ask($nginx, '/plain')), 2, "content type, $place - not ours - two")
        if $place eq 'location' || $place eq 'server';

    answers($place, $nginx);
    late($place, $nginx);
    in_order($nginx, pids => \@pids);
}

# what the origin says

my $nginx = edge(http => http_config(extra => $HTML));

prepare();
has('http level, origin', ask($nginx, 'media'), 200, 'audio/mpeg');
call(media => { content_type => 'text/html' });
has('a record with text/html', ask($nginx, 'media'), 200,
    'application/octet-stream');
in_order($nginx);

done_testing();


sub answers {
    my ($place, $nginx) = @_;
    my $media = playback_url();
    my $lost = $media =~ s{\A/recordings}{/lost}r;
    my $download = download_url();
    my $etag = ask($nginx, 'media')->{headers}{etag};
    my @ask = (@WHO, 'X-Type: text/html');
    my $get = sub { $nginx->client->get(shift, @ask, @_) };

    has("$place - status", $get->('/status'), 200, 'application/json');
    has("$place - unknown call", $get->('/unknown'), 404, $PROBLEM);
    has("$place - nobody", $nginx->client->get('/status', 'X-Type: text/html'),
        401, $PROBLEM);
    has("$place - grant",
        $nginx->client->post('/grant', '{"action": "playback"}', @ask), 201,
        'application/json');
    has("$place - body", $nginx->client->post('/grant', '{', @ask), 400,
        $PROBLEM);
    has("$place - recording", $get->($media), 200, 'audio/mpeg');
    has("$place - HEAD", $nginx->client->head($media, @ask), 200,
        'audio/mpeg');
    has("$place - range", $get->($media, 'Range: bytes=0-9'), 206,
        'audio/mpeg');
    has("$place - range of nothing", $get->($media, 'Range: bytes=5000-'), 416,
        'audio/mpeg');
    has("$place - not modified", $get->($media, "If-None-Match: $etag"), 304);
    has("$place - precondition", $get->($media, 'If-Match: "x"'), 412,
        'audio/mpeg');
    has("$place - forged link", $get->(media_url(token(key => 'x' x 32))), 404,
        $PROBLEM);
    has("$place - origin fails", $get->($lost), 502, $PROBLEM);
    has("$place - download", $get->($download), 200, 'audio/mpeg');
    has("$place - download again", $get->($download), 410, $PROBLEM);
}


# a body that goes wrong when nginx has begun to wait for the rest

sub late {
    my ($place, $nginx) = @_;
    my $client = $nginx->client;
    my $before = $nginx->log(qr/aidial step: body/);

    $client->send_raw(join "\r\n", 'POST /grant HTTP/1.1', 'Host: localhost',
        @WHO, 'X-Type: text/html', 'Content-Type: application/json',
        'Transfer-Encoding: chunked', '', '2', '{"', '');
    wait_for { $nginx->log(qr/aidial step: body/) > $before }
        or die 'no body awaited';
    $client->send_raw("zz\r\n");

    has("$place - late body error", $client->response, 400, $PROBLEM);
    $client->close;
}


# status, and the one content type, or none

sub has {
    my ($title, $answer, $status, $type) = @_;

    is($answer->{status}, $status, "content type, $title - $status");
    is(join(', ', types($answer)), $type // '',
       "content type, $title - " . ($type // 'none'));
}


# as they stand in the answer: a list in list context, else how many

sub types {
    my @types = ($_[0]{head} // '') =~ /^content-type:[ ]*([^\r\n]*)/gim;

    return @types;
}
