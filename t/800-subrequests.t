# A subrequest that points into a media location, with a link that is good and
# the cookie of its user, gets no byte and spends nothing.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(abs_path);
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

records();

my $dir = dir();
my $media = abs_path('t/data/media');
my $html = "$dir/html";
my $id = 'A' x 16;
my $key = 'aidial:{t_1}:grant:' . unpack 'H*', $id;
my $download = grant(action => 'download', id => $id);
my $playback = grant();

# without a judgement the object's own path would be served as it stands

my @named = ([ 'playback', $playback ], [ 'download', $download ],
             [ 'object', 't_1/2026/c_9.mp3' ]);

mkdir $html or die "$html: $!";

for my $page (@named) {
    open my $file, '>', "$html/$page->[0].html" or die "$html: $!";
    print $file "<p>page<!--#include virtual=\"/recordings/$page->[1]\" -->"
                . "<!--#include virtual=\"/files/$page->[1]\" wait=\"yes\" -->"
                . "<!--#include virtual=\"/recordings/$page->[1]\" set=\"x\" "
                . '--><!--#echo var="x" --></p>';
    close $file;
}

my $inner = join "\n", map {
    my ($name, $token) = @$_;
    <<"END";
    location = /$name.html { ssi on; root $html; }

    location = /before-$name {
        add_before_body /recordings/$token;
        addition_types *;
        return 200 page;
    }

    location = /after-$name {
        add_after_body /files/$token;
        addition_types *;
        return 200 page;
    }

    location = /mirror-$name {
        mirror /recordings/$token;
        mirror /files/$token;
        proxy_pass http://origin/t_1/2026/other;
    }

    location = /auth-$name {
        auth_request /recordings/$token;
        root $html;
        try_files /object.html =404;
    }

    location = /auth-file-$name {
        auth_request /files/$token;
        root $html;
        try_files /object.html =404;
    }

    location = /auth-rewritten-$name {
        auth_request /rewritten-$name;
        root $html;
        try_files /object.html =404;
    }

    location = /rewritten-$name {
        rewrite ^ /recordings/$token last;
    }

    location = /slice-$name {
        slice 100;
        proxy_set_header Range \$slice_range;
        proxy_set_header Cookie "";
        proxy_pass http://self/recordings/$token;
    }
END
} @named;

my $self_socket = "$dir/self.sock";
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(
        extra => "upstream self { server unix:$self_socket; }"),
    server => locations(<<"END") . $inner);
    listen unix:$self_socket;

    location /files/ {
        aidial_recording media;
        alias $media/;
    }
END


sub state_is {
    my ($expected, $title) = @_;

    is(redis('HGET', $key, 'state'), $expected, $title);
}


for my $name (map { $_->[0] } @named) {
    for my $way ("$name.html", map { "$_-$name" }
                 qw(before after mirror auth auth-file auth-rewritten slice))
    {
        for my $method (qw(GET HEAD)) {
            my $client = $nginx->client;

            $client->send_request($method, "/$way", undef, session(),
                'Range: bytes=0-99');
            my $answer = $client->response(head => $method eq 'HEAD');
            my $text = $answer ? $answer->{head} . $answer->{body} : '';

            unlike($text . $client->{in}, qr/01234567/,
                "subrequest - $method /$way - no byte of the recording");
            unlike($text, qr/^(?:Content-Disposition|ETag: "6553f100)/mi,
                "subrequest - $method /$way - no header of it");
            cmp_ok($answer->{status}, '>=', 400,
                "subrequest - $method /$way - allows nothing")
                if $way =~ /^auth/;
            state_is('fresh', "subrequest - $method /$way - nothing redeemed");
        }
    }
}

# ---- the page around them is what its operator made of it

is($nginx->client->get("/auth-playback", session())->{status}, 500,
    'subrequest - auth_request into a media location - 500, not allowed');
like($nginx->client->get('/playback.html', session())->{body}, qr/<p>page/,
    'subrequest - SSI - the page itself is served');

# ---- and the links still work where they belong

my $client = $nginx->client;

is_answer($client->get("/recordings/$playback", session()), '200',
    'media - the playback link itself - 200');
is_answer($client->get("/recordings/$download", session()), '200',
    'media - the download link itself - 200',
    disposition => attachment('call-c_9.mp3'));
ok(wait_for(sub { redis('HGET', $key, 'state') eq 'ended' }),
    'media - the download link itself - redeemed, and over');
is(scalar audit('download.started'), 1,
    'media - the download link itself - entered once');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
