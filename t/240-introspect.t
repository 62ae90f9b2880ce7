use strict;
use warnings;

# Sessions that only the portal can read: an internal location is asked whose
# they are, with the client's cookies and with nothing else of its request.

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Fault qw(refusal);
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

my %ME = (user_id => 'u_81', role => 'client_manager', tenant_id => 't_1',
          client_id => 'cl_1', project_ids => [ 'p_1' ],
          created_at => time - 60);

# what the portal answers, by the value of the session's cookie

my %answer = (
    good => found(json(\%ME)),
    chunked => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        . join('', map { sprintf "%x\r\n%s\r\n", length, $_ }
               json(\%ME) =~ /(.{1,40})/g) . "0\r\n\r\n",
    big => found(json({ %ME, pad => 'x' x 60000 })),
    'over 64 KiB' => found(json({ %ME, pad => 'x' x 70000 })),
    'again' => found(json({ %ME, sid => 'login-7' })),
    'again 2' => found(json({ %ME, sid => 'login-7' })),
    staff => found(json({ %ME, role => 'client_staff' })),
    foreign => found(json({ %ME, tenant_id => 't_2' })),
    expired => found(json({ %ME, expires_at => time - 1 })),
    null => found('null'),
    'not JSON' => found('<html>'),
    'no user' => found('{"role": "client_admin"}'),
    'sign in' => "HTTP/1.1 302 Found\r\nLocation: /sign-in\r\n"
        . "Content-Length: 0\r\n\r\n",
    cut => [ "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" . json(\%ME),
             'close' ],
    silent => 'never',
    gone => 'close',
    map({ $_ => "HTTP/1.1 $_ X\r\nContent-Length: 2\r\n\r\n{}" }
        204, 201, 206, 401, 403, 404, 500, 503),
);

my $portal = Test::Aidial::Origin->start(
    map { ("/me/" . s/ /-/gr) => $answer{$_} } keys %answer);

# error pages, redirects and SSI of the operator's must not speak to the client

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => 'aidial_recording_session_introspect /_me;'
        . ' recursive_error_pages on;'
        . ' map $cookie_aidial_session $who { default none; ~^(.+)$ $1; }'
        . ' upstream portal { server unix:' . $portal->path . '; }'),
    server => locations(<<'END'
    location = /_me {
        internal;
        proxy_pass http://portal/me/$who;
        proxy_read_timeout 500ms;
        proxy_next_upstream off;
        proxy_set_header X-Status $aidial_recording_call;
    }

    location /paged/ {
        aidial_recording_session_introspect /_paged;
        location ~ ^/paged/(.*)$ { aidial_recording status $1; }
    }

    location = /_paged {
        internal;
        error_page 500 = /_page;
        proxy_intercept_errors on;
        proxy_pass http://portal/me/500;
    }

    location = /_page {
        internal;
        return 401 "page";
    }

    location /closed/ {
        aidial_recording_session_introspect /_closed;
        location ~ ^/closed/(.*)$ { aidial_recording status $1; }
    }

    location = /_closed { internal; return 444; }

    location /included/ {
        aidial_recording_session_introspect /_included;
        location ~ ^/included/(.*)$ { aidial_recording status $1; }
    }

    location = /_included {
        internal;
        ssi on;
        ssi_types *;
        return 200 '<!--# include virtual="/_me" --><!--# include virtual="/_page" -->';
    }

    location /file/ {
        aidial_recording_session_introspect /me.json;
        location ~ ^/file/(.*)$ { aidial_recording status $1; }
    }

    location = /me.json {
        internal;
        root FILES;
        error_page 404 = /_page;
    }

    location /itself/ {
        aidial_recording_session_introspect /itself/c_9;
        location ~ ^/itself/(.*)$ { aidial_recording status $1; }
    }
END
        =~ s/FILES/dir()/er));
my $client = $nginx->client;

open my $file, '>', dir() . '/me.json' or die $!;
print $file json(\%ME);
close $file;
chmod 0644, dir() . '/me.json';

records();

for my $who ('good', 'chunked', 'big') {
    my $answer = status($who);

    is($answer->{status}, 200, "introspect - $who - 200");
    is(decode_json($answer->{body})->{playback}{allowed}, JSON::PP::true,
       "introspect - $who - may play");
}

is_deeply(decode_json(status('staff')->{body})->{download}{reasons},
          [ 'role_restriction' ], 'introspect - the role is the portal\'s');

refused($_, 401, 'session_required') for 401, 'null', 'not JSON', 'no user',
    'expired', 'over 64 KiB';
refused('foreign', 404, 'recording_not_found');
refused($_, 503, 'service_unavailable')
    for 201, 204, 206, 403, 404, 500, 503, 'sign in', 'cut', 'silent', 'gone';

# without the cookie, or with two, the portal is not asked

$portal->requests;

for my $row ([ 'none' ], [ 'empty', 'aidial_session=' ],
             [ 'two', 'aidial_session=good; aidial_session=staff' ],
             [ 'over 4096 bytes', 'aidial_session=' . 'x' x 4097 ])
{
    my ($case, @cookie) = @$row;
    my $answer = $client->get('/api/calls/c_9/status',
                              map { "Cookie: $_" } @cookie);

    is($answer->{status}, 401, "introspect - cookie, $case - 401");
}

is_deeply([ $portal->requests ], [], 'introspect - nobody asked the portal');

# what the portal is told

my $body = '{"action": "playback"}';
my $answer = $client->post('/api/calls/c_9/grant', $body,
    'Cookie: a=1; aidial_session=good', 'Cookie: b=2', same_origin(),
    'Range: bytes=0-1', 'If-None-Match: "x"', 'Authorization: Basic eA==',
    'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
    'Accept: text/html', 'Accept-Encoding: gzip', 'User-Agent: me',
    'X-Test: 1');

is($answer->{status}, 201, 'introspect - a grant - 201');

my ($told) = $portal->requests;
my %told = $told =~ /^([\w-]+): (.*?)\r$/mg;

like($told, qr{\AGET /me/good HTTP/1\.0\r\n}, 'introspect - GET, no body');
is_deeply({ map { $_ => ($told =~ /^$_: (.*?)\r$/m)[0] } qw(Accept User-Agent) },
          { Accept => 'application/json', 'User-Agent' => 'me' },
          'introspect - what the portal wants to know');
like($told, qr/^Cookie: a=1; aidial_session=good\r\nCookie: b=2\r\n|^Cookie: a=1; aidial_session=good; b=2\r\n/m,
     'introspect - the cookies');
is_deeply([ grep { !/\A(?:Host|Connection|Accept|User-Agent|Cookie|X-Status)\z/ }
            sort keys %told ], [], 'introspect - and nothing else');

# media: asked at every request, and a forged token asks nobody

my $url = decode_json($answer->{body})->{url};
my $media = $client->get($url, 'Cookie: aidial_session=good',
                         'Range: bytes=0-9');

is($media->{status}, 206, 'introspect - media - 206');
is(length $media->{body}, 10, 'introspect - media - the bytes asked for');
is(scalar(() = $portal->requests), 1, 'introspect - media - asked once');
is($client->get($url, 'Cookie: aidial_session=401')->{status}, 401,
   'introspect - media, signed out - 401');
is($client->get($url, 'Cookie: aidial_session=foreign')->{status}, 404,
   'introspect - media, somebody else - 404');
is($client->get($url, 'Cookie: aidial_session=500')->{status}, 503,
   'introspect - media, portal broken - 503');

$portal->requests;
is($client->get("${url}x", 'Cookie: aidial_session=good')->{status}, 404,
   'introspect - forged token - 404');
is_deeply([ $portal->requests ], [], 'introspect - forged token - not asked');

# a session that the portal names is the same one with another cookie

for my $who (qw(again again-2 good)) {
    $client->post('/api/calls/c_9/grant', $body,
                  "Cookie: aidial_session=$who", same_origin());
}

my @session = map { $_->{session} }
    grep { $_->{event} eq 'grant.issued' } audit();
is($session[-3], $session[-2], 'introspect - sid - the same session');
isnt($session[-2], $session[-1], 'introspect - no sid - the cookie is it');

redis('SET', 'aidial:revoked-before:t_1:u_81', time);
is(status('good')->{status}, 401, 'introspect - revoked-before - 401');
redis('DEL', 'aidial:revoked-before:t_1:u_81');

# nothing but our own answer reaches the client

for my $row ([ 'error page', 'paged', 401 ], [ '444', 'closed', 503 ],
             [ 'SSI', 'included', 401 ], [ 'itself', 'itself', 503 ])
{
    my ($case, $path, $status) = @$row;
    my $answer = $client->get("/$path/c_9", 'Cookie: aidial_session=good');

    is($answer->{status}, $status, "introspect - $case - $status");
    is(decode_json($answer->{body})->{status}, $status,
       "introspect - $case - a problem and nothing else");
}

is($client->get('/file/c_9', 'Cookie: aidial_session=good',
                'Range: bytes=0-1', 'If-None-Match: *')->{status}, 200,
   'introspect - a file, and the client\'s range is not its range - 200');

# a body that takes its time: asked again, and the body is the client's affair

$portal->requests;
$client->send_raw("POST /api/calls/c_9/grant HTTP/1.1\r\nHost: localhost\r\n"
    . "Cookie: aidial_session=good\r\n" . same_origin() . "\r\n"
    . "Content-Type: application/json\r\nContent-Length: " . length($body)
    . "\r\n\r\n");
select undef, undef, undef, 1.2;      # older than records may be
$client->send_raw($body);
is($client->response->{status}, 201, 'introspect - slow body - 201');

my @told = $portal->requests;
is(scalar @told, 2, 'introspect - slow body - asked twice');
is_deeply([ grep { /content-length|playback/i } @told ], [],
          'introspect - slow body - no body for the portal');

is(status('good')->{status}, 200, 'introspect - the connection goes on');

# the log has no cookie

is_deeply([ $nginx->log(qr/\[(?!debug)\w+\] .*aidial_session/) ], [],
          'introspect - no cookie in the log');
is(scalar($nginx->log(qr/aidial: service_unavailable: "\/_me", asked whose a session is, answered with status 403, expected 200 or 401/)),
   1, 'introspect - the log says what was wrong');

ok($nginx->stop, 'introspect - nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'introspect - nothing alarming');
done_testing();



sub status {
    my ($who) = @_;

    $who =~ s/ /-/g;

    return $client->get('/api/calls/c_9/status',
                        "Cookie: aidial_session=$who");
}


sub refused {
    my ($who, $status, $code) = @_;
    my $answer = status($who);

    is($answer->{status}, $status, "introspect - $who - $status");
    is(eval { decode_json($answer->{body})->{code} }, $code,
       "introspect - $who - $code");
}


sub found {
    my ($body) = @_;

    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}
