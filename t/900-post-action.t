# post_action is an internal redirect of a request that is over.  A client that
# leaves while its request waits for Redis gets one too: the wait ends there,
# and the late answer wakes nobody.  Behind a served recording it runs like
# behind any other answer, and it opens no location of the module.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my $log = dir() . '/decisions.log';
my $middle = middle();
my $link = media_url(grant(action => 'download', id => 'post_action_link'));

# its head comes in pieces: Redis answers while the post_action is under way

my $slow = Test::Aidial::Origin->start('/done' => [
    "HTTP/1.1 200 OK\r\n", ("X-Slow: 1\r\n") x 6, "Content-Length: 0\r\n\r\n"
], '/plain' => "HTTP/1.1 204 No Content\r\n\r\n");

my $nginx = edge(
    redis => 'unix:' . $middle->path . ' timeout=5s',
    extra => q(log_format decision '$request_uri $upstream_status )
             . q($aidial_recording_decision';)
             . 'upstream slow { server unix:' . $slow->path . '; }',
    server => <<"END");
    listen unix:@{[ socket_path() ]} http2;

    # nginx logs a request where it ends, which is in its post_action

    location = /done {
        access_log $log decision;
        proxy_pass http://slow/done;
    }

    location \@done {
        access_log $log decision;
        rewrite ^ /done break;
        proxy_pass http://slow;
    }

    location = /s { aidial_recording status c_9; post_action /done; }
    location = /g { aidial_recording grant c_9; post_action /done; }
    location /m/ {
        aidial_recording media;
        proxy_pass http://origin/;
        post_action /done;
    }

    location /named/ {
        post_action \@done;
        location = /named/s { aidial_recording status c_9; }
        location = /named/g { aidial_recording grant c_9; }
        location /named/m/ {
            aidial_recording media;
            proxy_pass http://origin/;
        }
    }

    location = /into-status { aidial_recording status c_9; }
    location = /into-grant { aidial_recording grant c_9; }
    location /recordings/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }

    # a proxied request has read its body: a grant would find all it needs

    location = /to-none { proxy_pass http://slow/plain; post_action /none; }
    location = /to-status {
        proxy_pass http://slow/plain;
        post_action /into-status;
    }
    location = /to-grant {
        proxy_pass http://slow/plain;
        post_action /into-grant;
    }
    location = /to-media { proxy_pass http://slow/plain; post_action $link; }
END

my @pids = $nginx->workers;
prepare();
ok(serving_here(), 'post_action - before - served');
my $descriptors = descriptors($pids[0]);
my $links = 0;


# ---- the client leaves

for my $row ([ 'status, first round trip', 's', 'GET aidial:session:s_1',
               'abort' ],
             [ 'status, second', 's', 'GET aidial:tenant:t_1', 'close' ],
             [ 'status over HTTP/2', 's', 'GET aidial:call:c_9', 'reset' ],
             [ 'grant, records', 'g', 'GET aidial:session:s_1', 'close' ],
             [ 'grant', 'g', 'EVALSHA', 'abort' ],
             [ 'media', 'media', 'HMGET', 'abort' ],
             [ 'media over HTTP/2', 'media', 'HMGET', 'reset' ],
             [ 'download, records', 'download', 'HMGET', 'close' ],
             [ 'download, redemption', 'download', 'EVALSHA', 'close' ])
{
    my ($what, $endpoint, $command, $way) = @$row;

    for my $place ('/', '/named/') {
        my $title = "post_action - the client of $place, $what, leaves";
        my $before = passed($command);
        my $id = sprintf 'leaves-%09d', ++$links;
        my $uri = $endpoint eq 'media' ? 'm/' . grant()
                : $endpoint eq 'download'
                ? 'm/' . grant(action => 'download', id => $id) : $endpoint;

        hold($command);
        my $leave = begins($way, $place . $uri);
        wait_for { passed($command) > $before } or die "$command was not asked";
        ends_once($title, $leave, \&release);

        is(state_of($id), 'fresh', "$title - nothing redeemed")
            if $what eq 'download, records';
    }
}

for my $place ('/', '/named/') {
    my $client = $nginx->client;
    my $bodies = $nginx->log(qr/aidial step: body/);

    $client->send_raw(join "\r\n", "POST ${place}g HTTP/1.1", 'Host: localhost',
        @WHO, 'Content-Type: application/json', 'Content-Length: 22', '',
        '{"a');
    wait_for { $nginx->log(qr/aidial step: body/) > $bodies }
        or die 'no body awaited';
    ends_once("post_action - the client of $place, half a body, leaves",
              sub { $client->close }, sub { });
}


# ---- the request is answered

for my $row ([ 'a recording', '/m/' . grant(), 200, 'allowed' ],
             [ 'a forged link', '/m/' . token(key => 'x' x 32), 404,
               'recording_not_found' ],
             [ 'a status', '/s', 200, 'allowed' ])
{
    my ($what, $uri, $status, $decision) = @$row;
    my $done = done();
    my $answer = $nginx->client->get($uri, @WHO);

    is($answer->{status}, $status, "post_action - behind $what - $status");
    ok(wait_for { done() > $done }, "post_action - behind $what - it runs");
    is(done() - $done, 1, "post_action - behind $what - once");
    like(join('', decisions()), qr/ $decision\n\z/,
         "post_action - behind $what - logged as $decision");
}

is(scalar(() = $nginx->log(qr/\[error\].*media_unavailable/)), 0,
   'post_action - behind a recording - no failure is logged');


# ---- it leads into the module

my @alone = asked_by('none');

for my $role (qw(status grant media)) {
    is_deeply([ asked_by($role) ], \@alone,
              "post_action - into $role - answered, and Redis is not asked");
}

is(state_of('post_action_link'), 'fresh',
   'post_action - into media - nothing redeemed');

is(descriptors($pids[0]), $descriptors,
   'post_action - after all that - as many descriptors');
in_order($nginx, pids => \@pids);
done_testing();


# sends it, and returns how its client leaves

sub begins {
    my ($way, $uri) = @_;
    my $body = $uri =~ m{/g\z} ? '{"action": "playback"}' : undef;
    my @request = (defined $body ? 'POST' : 'GET', $uri, $body, @WHO);

    if ($way eq 'reset') {
        my $h2 = Test::Aidial::Http2->new(socket_path());
        my $stream = $h2->request(@request);

        return sub { $h2->reset($stream) };
    }

    my $client = $nginx->client;

    $client->send_request(@request);
    return sub { $client->$way };
}


# the client leaves, and what was awaited comes while the post_action is under
# way: a decision in its line is one that was taken for nobody

sub ends_once {
    my ($title, $leave, $late) = @_;
    my ($done, $begun) = (done(), begun());

    $leave->();
    wait_for { begun() > $begun } 5 or die 'no post_action';
    $late->();

    wait_for { done() > $done } 5;
    ok(serving_here(), "$title - the next one is served");
    is(done() - $done, 1, "$title - it runs once");
    like((decisions())[$done], qr/ 200 -\n/, "$title - and to its end");
    is(begun() - $begun, 1, "$title - and is begun once");
    is("@{[ $nginx->workers ]}", "@pids", "$title - same worker");
}


# the status of a proxied grant request, and what Redis was asked until the
# next request was served

sub asked_by {
    my ($role) = @_;
    my $from = $middle->log;
    my $answer = $nginx->client->post("/to-$role", '{"action": "playback"}',
                                      @WHO);
    serving_here();

    return ($answer->{status}, ($middle->log)[$from .. $middle->log - 1]);
}


sub serving_here {
    return wait_for {
        $nginx->client->get('/into-status', @WHO)->{status} == 200
    } 3;
}


# how often post_action was carried out

sub done { scalar(my @lines = decisions()) }


sub decisions {
    open my $file, '<', $log or return;
    return <$file>;
}


# how often it was begun

sub begun {
    open my $file, '<', $slow->{log} or return 0;
    local $/;
    return scalar(() = <$file> =~ m{(?:\A|\0)[A-Z]+ /done }g);
}


sub passed { my ($start) = @_; scalar grep { /\A\Q$start/ } $middle->log }


sub state_of {
    return redis('HGET', 'aidial:{t_1}:grant:' . unpack('H*', $_[0]), 'state');
}
