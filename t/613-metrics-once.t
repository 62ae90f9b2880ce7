# A main request of an endpoint is counted once, with the status that nginx
# logs: kept connections, pipelines, HTTP/2, clients that leave, redirects,
# subrequests, post_action, and what nginx refuses by itself.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Metrics;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my $middle = middle();
my $after = Test::Aidial::Origin->start(
    '*' => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");

my $nginx = edge(redis => 'unix:' . $middle->path . ' timeout=5s',
    extra => 'upstream after { server unix:' . $after->path . '; }',
    server => locations(metrics_location() . <<"END"));
    listen unix:@{[ socket_path() ]} http2;

    # subrequests pass the log phase as well

    log_subrequest on;

    location = /denied { aidial_recording status c_9; deny all; }
    location = /page {
        aidial_recording status c_9;
        error_page 403 \@page;
        deny all;
    }
    location \@page { return 200 "page"; }
    location = /rewritten { rewrite ^ /s last; }
    location = /s { aidial_recording status c_9; }
    location = /to-media { rewrite ^ /recordings/x last; }
    location = /tried { aidial_recording status c_9; try_files /none /s; }
    location = /mirrored { aidial_recording status c_9; mirror /mirror; }
    location = /mirror { internal; proxy_pass http://after; }
    location = /subrequest { auth_request /s; proxy_pass http://after; }
    location = /post { aidial_recording status c_9; post_action /done; }
    location = /posted-into { return 200 "x"; post_action /s; }
    location = /named-post { aidial_recording grant c_9; post_action \@done; }
    location = /done { proxy_pass http://after; }
    location \@done { proxy_pass http://after; }
    location /accel/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }
    location = /if {
        aidial_recording status c_9;
        if (\$arg_x) { return 418; }
    }
END

prepare();
serving($nginx, 'status', 3) or die 'not served';
call(id => 'c_accel', media => { object => '/accel' });


# ---- answered

is_counted('kept connection', { 'status 200' => 3 }, sub {
    my $client = $nginx->client;
    $client->get('/s', @WHO) for 1 .. 3;
});

is_counted('pipeline', { 'status 200' => 3, 'status 401' => 1,
                         'grant 405' => 1 }, sub {
    my $client = $nginx->client;
    $client->send_raw(join '', map { "$_\r\nHost: x\r\n\r\n" }
        map({ "GET /s HTTP/1.1\r\n$WHO[0]" } 1 .. 3),
        'GET /s HTTP/1.1', 'GET /api/calls/c_9/grant HTTP/1.1');
    $client->response for 1 .. 5;
});

is_counted('HTTP/2', { 'status 200' => 4, 'media 404' => 1 }, sub {
    my $h2 = Test::Aidial::Http2->new(socket_path());
    my @streams = map { $h2->request('GET', $_, undef, @WHO) }
        ('/s') x 4, '/recordings/x';
    $h2->wait($_) for @streams;
});

for my $row ([ '/rewritten', 200, 'status 200' ],
             [ '/to-media', 404, 'media 404' ],
             [ '/mirrored', 200, 'status 200' ],
             [ '/denied', 403, 'status 403' ],
             [ '/if?x=1', 418, 'status other' ],
             [ '/if', 200, 'status 200' ],
             [ '/tried', 200, 'status 200' ],
             [ '/page', 403 ],
             [ '/subrequest', 500 ],
             [ '/posted-into', 200 ],
             [ '/none', 404 ])
{
    my ($uri, $status, $counted) = @$row;

    is_counted($uri, { $counted ? ($counted => 1) : () }, sub {
        my $got = $nginx->client->get($uri, @WHO)->{status};
        is($got, $status, "metrics - $uri - $status");
    });
}

is_counted('an internal redirect of the origin', { 'media 502' => 1 }, sub {
    is($nginx->client->get('/accel/' . grant(call => 'c_accel'), @WHO)
           ->{status}, 502, 'metrics - an internal redirect - 502');
});

is_counted('a body that nginx refuses', { 'grant 413' => 1 }, sub {
    my $client = $nginx->client;

    $client->send_raw("POST /api/calls/c_9/grant HTTP/1.1\r\nHost: x\r\n"
                      . "Content-Length: 99999999\r\n\r\n");
    is($client->response->{status}, 413, 'metrics - a body over the limit');
});


# ---- behind the answer

is_counted('post_action', { 'status 200' => 1 }, sub {
    is($nginx->client->get('/post', @WHO)->{status}, 200,
       'metrics - post_action - 200');
});

is_counted('post_action to a name', { 'grant 405' => 1 }, sub {
    is($nginx->client->get('/named-post', @WHO)->{status}, 405,
       'metrics - post_action to a name - 405');
});


# ---- the client leaves

for my $row ([ 'status', 'GET', '/s', 'status 499' ],
             [ 'grant', 'POST', '/api/calls/c_9/grant', 'grant 499' ],
             [ 'media', 'GET', '/recordings/' . grant(), 'media 499' ],
             [ 'status with a post_action', 'GET', '/post', 'status 499' ],
             [ 'grant with a named one', 'POST', '/named-post', 'grant 499' ])
{
    my ($what, $method, $uri, $counted) = @$row;
    my $body = $method eq 'POST' ? '{"action": "playback"}' : undef;

    is_counted("the client leaves, $what", { $counted => 1 }, sub {
        my $asked = () = $middle->log;
        my $client = $nginx->client;

        hold('GET');
        $client->send_request($method, $uri, $body, @WHO);
        wait_for { $middle->log > $asked } or die 'not asked';
        $client->abort;
        wait_for { counted($counted) > $nginx->{before}{$counted} };
        release();
    });

    is_counted("a stream is reset, $what", { $counted => 1 }, sub {
        my $asked = () = $middle->log;
        my $h2 = Test::Aidial::Http2->new(socket_path());

        hold('GET');
        my $stream = $h2->request($method, $uri, $body, @WHO);
        wait_for { $middle->log > $asked } or die 'not asked';
        $h2->reset($stream);
        wait_for { counted($counted) > $nginx->{before}{$counted} };
        release();
    });
}

# nginx calls that a bad request

is_counted('half a body', { 'grant 400' => 1 }, sub {
    my $bodies = $nginx->log(qr/aidial step: body/);
    my $client = $nginx->client;

    $client->send_raw(join "\r\n", 'POST /api/calls/c_9/grant HTTP/1.1',
        'Host: localhost', @WHO, 'Content-Type: application/json',
        'Content-Length: 22', '', '{"a');
    wait_for { $nginx->log(qr/aidial step: body/) > $bodies } or die 'no body';
    $client->close;
});

in_order($nginx);
done_testing();


# is_counted($title, { 'endpoint code' => N, ... }, sub { ... }): and no more;
# the next request is over, so whatever was to be counted is

sub is_counted {
    my ($title, $expected, $ask) = @_;
    my ($changed, $now);
    my $before = $nginx->{before} = { map { $_ => 0 } keys %$expected };

    $before->{$_} = counted($_) for keys %$expected;

    my $all = requests();

    $ask->();

    wait_for {
        $now = requests();
        $changed = { map { $_ => $now->{$_} - ($all->{$_} // 0) }
                     grep { $now->{$_} != ($all->{$_} // 0) } keys %$now };
        join(' ', map { "$_ $changed->{$_}" } sort keys %$changed)
            eq join(' ', map { "$_ $expected->{$_}" } sort keys %$expected);
    } 2;

    # a second count would come before the one worker's next answer

    $nginx->client->get('/none');
    $now = requests();
    $changed = { map { $_ => $now->{$_} - ($all->{$_} // 0) }
                 grep { $now->{$_} != ($all->{$_} // 0) } keys %$now };

    is_deeply($changed, $expected, "metrics - $title - counted once");
}


sub requests {
    my $all = family(scrape($nginx), 'requests_total');

    return { map { join(' ', /="(\w+)"/g) => $all->{$_} } keys %$all };
}


sub counted { requests()->{ $_[0] } // 0 }
