# The body of a grant request: how it may come, and what it may say.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;
use Time::HiRes 'sleep';

my $nginx = Test::Aidial::Nginx->start(server => locations(<<'END'));
    location = /small {
        aidial_recording grant c_9;
        client_body_buffer_size 16;
    }

    location = /file {
        aidial_recording grant c_9;
        client_body_in_file_only clean;
    }

    location = /single {
        aidial_recording grant c_9;
        client_body_in_single_buffer on;
    }
END
my $GRANT = '/api/calls/c_9/grant';
my $OK = '{"action": "playback"}';

records();

says($OK, 201);
says('{"action":"download","confirm":true}', 201);
says('{"confirm":true,"action":"playback","more":[1]}', 201);
says('{"\u0061ction":"playback"}', 201);
says(" \t\r\n$OK\n", 201);
says('{"action":"playback","confirm":"no"}', 201);

says($_, 400, 'invalid_request')
    for '', ' ', '{}', '[]', 'null', '"playback"', 'action=playback', '{',
        substr($OK, 0, -1), "$OK$OK", "$OK,", "{'action':'playback'}",
        '{"action":"playback",}', '{"action":"Playback"}',
        '{"action":" playback"}', '{"action":""}', '{"action":null}',
        '{"action":1}', '{"action":true}', '{"action":["playback"]}',
        '{"action":"stream"}', '{"Action":"playback"}', '[{"action":"playback"}]',
        '{"action":"playback","action":"playback"}',
        '{"action":"playback","action":"download"}',
        '{"action":"playback","x":{"a":1,"a":1}}', "\xef\xbb\xbf$OK",
        "{\"action\":\"playback\xff\"}", "{\"action\":\"playback\0\"}",
        '{"action":"playback","x":' . '[' x 16 . ']' x 16 . '}',
        '{"action":"playback\u0000"}', '{"action":"playback","x":NaN}';

says("{\"action\":\"download\"$_}", 400, 'confirmation_required')
    for '', ',"confirm":false', ',"confirm":null', ',"confirm":"true"',
        ',"confirm":1', ',"confirm":[true]', ',"confirm":{}', ',"Confirm":true';

# size

says(padded(4096), 201, undef, '4096 bytes');
says(padded(4097), 413, 'request_too_large', '4097 bytes');
says(padded(100000), 413, 'request_too_large', '100000 bytes');
says(padded(4096), 201, undef, '4096 bytes, chunked', chunked => 4096);
says(padded(4097), 413, 'request_too_large', '4097 bytes, chunked',
     chunked => 4097);
says(padded(4097), 413, 'request_too_large', '4097 bytes, many chunks',
     chunked => 100);
says($OK, 201, undef, 'chunked', chunked => 7);
says('', 400, 'invalid_request', 'empty, chunked', chunked => 1);

# what is announced too large is not waited for

my $waiting = $nginx->client;
$waiting->send_raw(join "\r\n", "POST $GRANT HTTP/1.1", 'Host: localhost',
    'Cookie: aidial_session=s_1', same_origin(),
    'Content-Type: application/json', 'Content-Length: 4097', '', '');
is_problem($waiting->response(timeout => 2), 413, 'request_too_large',
           'grant body - 4097 bytes announced, none sent - 413 '
           . 'request_too_large');
$waiting->close;

# where nginx puts it

for my $uri ('/small', '/file', '/single') {
    says($OK, 201, undef, "to $uri", uri => $uri);
    says(padded(4096), 201, undef, "4096 bytes to $uri", uri => $uri);
    says(padded(4097), 413, 'request_too_large', "4097 bytes to $uri",
         uri => $uri);
    says(padded(4096), 201, undef, "4096 bytes chunked to $uri", uri => $uri,
         chunked => 1000);
    says(padded(5000), 413, 'request_too_large', "5000 bytes chunked to $uri",
         uri => $uri, chunked => 1000);
    says('{}', 400, 'invalid_request', "{} to $uri", uri => $uri);
}

# in pieces: byte by byte, and behind its headers

says($OK, 201, undef, 'byte by byte', pause => 0.005);
says($OK, 201, undef, 'byte by byte to /small', uri => '/small', pause => 0.005);
says($OK, 201, undef, 'chunked, byte by byte', chunked => 5, pause => 0.002);
says('{"action"}', 400, 'invalid_request', 'not JSON, byte by byte',
     pause => 0.005);

# content type

type($_, 201) for 'application/json', 'Application/JSON',
    'application/json; charset=utf-8', 'application/json ;charset=UTF-8',
    'application/json;x="y"', "application/json\t";
type($_, 415) for undef, '', 'text/plain', 'application/jsonx', 'json',
    'application/json+x', 'application/problem+json', 'text/json',
    'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x',
    'application/json, text/plain', 'application/jso', 'application /json',
    'text/plain; application/json';

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub padded { '{"action":"playback","x":"' . 'x' x ($_[0] - 28) . '"}' }


# a request of its own connection: some of these are closed

sub says {
    my ($body, $status, $code, $title, %how) = @_;
    my $name = 'grant body - ' . ($title // substr $body, 0, 50) . " - $status";
    my $answer = send_body($body, %how);

    $name =~ s/([^ -~])/sprintf '\x%02x', ord $1/ge;

    return is($answer->{status}, $status, $name) if !defined $code;
    is_problem($answer, $status, $code, "$name $code");
}


sub send_body {
    my ($body, %how) = @_;
    my $client = $nginx->client;
    my @type = exists $how{type}
        ? defined $how{type} ? "Content-Type: $how{type}" : ()
        : 'Content-Type: application/json';
    my $length = $how{chunked} ? 'Transfer-Encoding: chunked'
                               : 'Content-Length: ' . length $body;

    my $head = join "\r\n", 'POST ' . ($how{uri} // $GRANT) . ' HTTP/1.1',
        'Host: localhost', 'Cookie: aidial_session=s_1', same_origin(),
        @type, $length, '', '';

    $body = join '', (map { sprintf "%x\r\n%s\r\n", length, $_ }
        unpack "(a$how{chunked})*", $body), "0\r\n\r\n" if $how{chunked};

    $client->send_raw($how{pause} ? $head : $head . $body);

    for my $piece ($how{pause} ? split //, $body : ()) {
        sleep $how{pause};
        $client->send_raw($piece);
    }

    return $client->response;
}


sub type {
    my ($type, $status) = @_;
    my $name = 'grant body - Content-Type ' . ($type // 'absent');
    my $answer = send_body($OK, type => $type);

    return is($answer->{status}, 201, "$name - 201") if $status == 201;
    is_problem($answer, 415, 'unsupported_media_type',
               "$name - 415 unsupported_media_type");
}
