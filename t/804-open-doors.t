# Blocks inside a media location inherit what it is: none is an open door.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $dir = dir();
my $file = "$dir/open";

mkdir $file or die "$file: $!";
open my $out, '>', "$file/a.mp3" or die "$file/a.mp3: $!";
print $out whole();
close $out;

my $nginx = Test::Aidial::Nginx->start(server => <<"END");
    location /if/ {
        aidial_recording media;
        if (\$http_x_test) {
            proxy_pass http://origin;
        }
        if (\$http_x_alias) {
            set \$any 1;
        }
        root $dir;
    }

    location /limit/ {
        aidial_recording media;
        limit_except POST {
            proxy_pass http://origin;
        }
    }

    location /outer/ {
        aidial_recording media;
        proxy_pass http://origin/;

        location /outer/inner/ {
            proxy_pass http://origin/;
        }

        location /outer/inner/deep/ {
            alias $file/;
        }
    }

    location /regex/ {
        aidial_recording media;

        location ~ ^/regex/ {
            proxy_pass http://origin\$aidial_recording_object;
        }
    }

    location /exact/ {
        aidial_recording media;
        proxy_pass http://origin/;

        location = /exact/a.mp3 {
            root $dir;
            try_files /open/a.mp3 =404;
        }
    }

    location /break/ {
        aidial_recording media;
        rewrite ^ /open/a.mp3 break;
        root $dir;
    }

    location /last/ {
        aidial_recording media;
        rewrite ^/last/x(.*) /outer/\$1 last;
        proxy_pass http://origin/;
    }

    location /index/ {
        aidial_recording media;
        alias $file/;
        autoindex on;
        index a.mp3;
    }

    location /random/ {
        aidial_recording media;
        alias $file/;
        random_index on;
    }

    location /static/ {
        aidial_recording media;
        alias $file/;
        satisfy all;
        allow all;
    }

    location /dav/ {
        aidial_recording media;
        alias $file/;
        dav_methods PUT DELETE MKCOL COPY MOVE;
    }

    location /mp4/ {
        aidial_recording media;
        alias $file/;
        mp4;
        flv;
    }

    location /empty/ {
        aidial_recording media;
        stub_status;
    }
END

records();

my @doors = qw(if limit outer outer/inner outer/inner/deep regex exact break
               last index random static dav mp4 empty);
my @headers = ([], [ 'X-Test: 1' ], [ 'X-Alias: 1' ], [ 'X-Test: 1',
    'X-Alias: 1' ]);


sub told {
    my ($method, $uri, @headers) = @_;
    my $client = $nginx->client;

    $client->send_request($method, $uri, undef, @headers);
    my $answer = $client->response(head => $method eq 'HEAD');
    $client->close;

    return $answer;
}


for my $door (@doors) {
    for my $more (@headers) {
        my $title = "/$door/ @$more";
        my $token = grant();

        for my $path ($token, 'a.mp3', 'open/a.mp3', 't_1/2026/c_9.mp3',
                      "x$token", '')
        {
            is_answer(told('GET', "/$door/$path", @$more), 'session_required',
                "$title - " . substr($path, 0, 16) . ', no session - 401');
        }

        is_answer(told('GET', "/$door/$_", @$more, session()),
            'recording_not_found', "$title - $_, no token - 404")
            for 'a.mp3', 'open/a.mp3', 't_1/2026/c_9.mp3';
        is_answer(told('HEAD', "/$door/a.mp3", @$more), 'session_required',
            "$title - HEAD, no session - 401", head => 1);
    }

    for my $method (qw(POST PUT DELETE COPY MOVE)) {
        my $answer = told($method, "/$door/a.mp3", session(),
            "Destination: /$door/b.mp3");

        ok($answer->{status} =~ /\A40[0-9]\z/, "/$door/ - $method - refused");
    }
}

is(-s "$file/a.mp3", 1000, 'the file is still there');

# ---- what serves at all serves the object of the grant alone

my %object = ('outer' => '/t_1/2026/c_9.mp3',
              'regex' => '/t_1/2026/c_9.mp3', 'exact' => '/t_1/2026/c_9.mp3',
              'static' => '/a.mp3',
              'mp4' => '/a.mp3', 'index' => '/a.mp3', 'last' =>
              '/t_1/2026/c_9.mp3', 'random' => '/a.mp3', 'dav' => '/a.mp3');

for my $door (sort keys %object) {
    call(media => { object => $object{$door} });
    is_answer(told('GET', "/$door/" . grant(), session()), '200',
        "/$door/ - a link - 200");
    call(media => { object => '/none.mp3' });
    is_answer(told('GET', "/$door/" . grant(), session()),
        'media_unavailable', "/$door/ - a link, no object - 502");
}

# a link is one segment behind the prefix of the media location itself

call();
is_answer(told('GET', "/outer/inner/$_" . grant(), session()),
    'recording_not_found', "/outer/inner/$_ - two segments - 404")
    for '', 'deep/';

# ---- a location that says something else says it to nobody

call();
is_answer(told('GET', '/empty/' . grant()), 'session_required',
    '/empty/ - another content handler, no session - 401');

# ---- blocks that would be another way in are refused at start

my $module = module();


sub refused {
    my ($what, $block) = @_;
    my $conf = "$dir/refused.conf";

    open my $out, '>', $conf or die "$conf: $!";
    print $out "load_module $module;\nerror_log $dir/refused.log;\n"
        . "pid $dir/refused.pid;\nevents { }\nhttp {\naccess_log off;\n"
        . http_config() . "server { listen unix:$dir/refused.sock;\n$block\n"
        . "} }\n";
    close $out;

    my $binary = $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx';
    my $said = `$binary -t -c $conf 2>&1`;

    isnt($?, 0, "$what - nginx -t fails");
    like($said, qr/\[emerg\].*aidial_recording/, "$what - says why");
}


refused("media in $_", "location $_ { aidial_recording media; }")
    for '= /a', '~ ^/a', '~* /a', '@a';
refused('another role nested', 'location /a/ { aidial_recording media; '
    . 'location /a/b/ { aidial_recording status x; } }');
refused('another role in if', 'location /a/ { aidial_recording media; '
    . 'if ($http_x) { aidial_recording status x; } }');
refused('satisfy any', 'location /a/ { aidial_recording media; satisfy any; '
    . 'deny all; }');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
