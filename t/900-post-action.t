# post_action is an internal redirect of a request that is over.  A client that
# leaves while its request waits for Redis gets one too: the wait ends there,
# and the late answer wakes nobody.  Behind a served recording it runs like
# behind any other answer, and it opens no location of the module.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my $log = dir() . '/decisions.log';
my $middle = middle();
my $link = media_url(grant(action => 'download', id => 'post_action_link'));

# its head comes in pieces: Redis answers while the post_action is under way

my $slow = Test::Aidial::Origin->start('/done' => [
    "HTTP/1.1 200 OK\r\n", ("X-Slow: 1\r\n") x 6, "Content-Length: 0\r\n\r\n"
]);

my $nginx = edge(
    redis => 'unix:' . $middle->path . ' timeout=5s',
    extra => q(log_format decision '$request_uri $upstream_status )
             . q($aidial_recording_decision';)
             . 'upstream slow { server unix:' . $slow->path . '; }',
    server => <<"END");
    # nginx logs a request where it ends, which is in its post_action

    location = /done {
        access_log $log decision;
        proxy_pass http://slow/done;
    }

    location = /s { aidial_recording status c_9; post_action /done; }
    location = /g { aidial_recording grant c_9; post_action /done; }
    location /m/ {
        aidial_recording media;
        proxy_pass http://origin/;
        post_action /done;
    }

    location = /into-status { aidial_recording status c_9; }
    location = /into-grant { aidial_recording grant c_9; }
    location /recordings/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }

    location = /to-status { return 204; post_action /into-status; }
    location = /to-grant { return 204; post_action /into-grant; }
    location = /to-media { return 204; post_action $link; }
END

my @pids = $nginx->workers;
prepare();
ok(serving_here(), 'post_action - before - served');
my $descriptors = descriptors($pids[0]);


# ---- the client leaves

for my $row ([ 'status, first round trip', 'GET', '/s', 'GET aidial:session' ],
             [ 'status, second', 'GET', '/s', 'GET aidial:tenant' ],
             [ 'grant', 'POST', '/g', 'EVALSHA' ],
             [ 'media', 'GET', '/m/' . grant(), 'HMGET' ],
             [ 'download', 'GET', '/m/' . grant(action => 'download'),
               'EVALSHA' ])
{
    my ($what, $method, $uri, $command) = @$row;
    my $title = "post_action - the client of a $what leaves";
    my $before = passed($command);
    my $client = $nginx->client;
    my $done = done();
    my $begun = begun();

    hold($command);
    $client->send_request($method, $uri,
                          $method eq 'POST' ? '{"action": "playback"}' : undef,
                          @WHO);
    wait_for { passed($command) > $before } or die "$command was not asked";
    $client->abort;
    wait_for { begun() > $begun } 5 or die 'no post_action';
    release();

    wait_for { done() > $done } 5;
    ok(serving_here(), "$title - the next one is served");
    is(done() - $done, 1, "$title - it runs once");
    like((decisions())[$done], qr/ 200 /, "$title - and to its end");
    is(begun() - $begun, 1, "$title - and is begun once");
    is("@{[ $nginx->workers ]}", "@pids", "$title - same worker");
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

for my $role (qw(status grant media)) {
    my $asked = $middle->log;
    my $answer = $nginx->client->get("/to-$role", @WHO);

    is($answer->{status}, 204, "post_action - into $role - answered before");
    ok(serving_here(), "post_action - into $role - the next one is served");

    # what serving_here() asks is known

    my @new = ($middle->log)[$asked .. $middle->log - 1];
    is(scalar(grep { /EVALSHA|HMGET/ } @new), 0,
       "post_action - into $role - nothing asked for");
}

is(redis('HGET', 'aidial:{t_1}:grant:' . unpack('H*', 'post_action_link'),
         'state'), 'fresh', 'post_action - into media - nothing redeemed');

is(descriptors($pids[0]), $descriptors,
   'post_action - after all that - as many descriptors');
in_order($nginx, pids => \@pids);
done_testing();


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
