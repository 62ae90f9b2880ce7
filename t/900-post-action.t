use strict;
use warnings;

# post_action: an internal redirect of a request that is over, whether it was
# answered or its client has left.  It runs as often as for any other request;
# the answer of Redis that was awaited wakes nobody; and a location of the
# module that it leads to asks, serves, redeems and issues nothing.

use lib 't/lib';
use Test::More;
use Test::Aidial::Answer;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my $ASK = '{"action": "playback"}';
my $LOG = dir() . '/decision.log';
my $ID = 'P' x 16;
my $case = 0;

# what is slow is the head: nginx does not wait for the rest

my $slow = Test::Aidial::Origin->start(
    '/done' => [ "HTTP/1.1 200 OK\r\n", ("X-Slow: 1\r\n") x 6,
                 "Content-Length: 0\r\n\r\n" ],
    '/plain' => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain",
    '/never' => 'never');
my $middle = middle();
my $redis = 'unix:' . $middle->path . ' timeout=5s';
my $link = media_url(grant(action => 'download', id => $ID));

my %FORM = (uri => '/done', named => '@done', empty => '/empty',
            none => '/none', status => '/empty/status', grant => '/empty/grant',
            media => $link, rewritten => '/to-link');

my %INNER = (
    status => 'aidial_recording status c_9;',
    unknown => 'aidial_recording status c_0;',
    grant => 'aidial_recording grant c_9;',
    plain => 'proxy_pass http://slow/plain;',
    never => 'proxy_pass http://slow/never;',
    'media/' => 'aidial_recording media; proxy_pass http://origin/;',
);

my $h2 = dir() . '/at-location.sock';
my $nginx = started($h2, map { inner("/$_", "post_action $FORM{$_};") }
                         sort keys %FORM);
my @pids = $nginx->workers;

prepare();
ok(serving($nginx, 'media', 2), 'post_action - before - served');

my $descriptors = descriptors($pids[0]);

client_leaves($_) for qw(uri named);
half_a_body($_) for qw(uri named);
answered($_) for qw(uri named empty none);
leads_here($_) for qw(status grant media rewritten);

at_the_end();

# every location has it, that of the post_action as well

$h2 = dir() . '/at-server.sock';
$nginx = started($h2, 'post_action /done;', inner('/all', ''));
@pids = $nginx->workers;

ok(serving($nginx, 'media', 2), 'post_action of a server - before - served');
$descriptors = descriptors($pids[0]);
client_leaves('all');
at_the_end();

done_testing();


sub started {
    my ($socket, @conf) = @_;

    return edge(redis => $redis, extra => 'upstream slow { server unix:'
        . $slow->path . '; } log_format decision "$http_x_case $status '
        . '$aidial_recording_decision";',
        server => locations(join "\n", @conf, <<"END"));
    listen unix:$socket http2;
    access_log $LOG decision;

    location = /done {
        proxy_pass http://slow/done;
    }

    location \@done {
        rewrite ^ /done break;
        proxy_pass http://slow;
    }

    location = /empty {
        return 204;
    }

    location = /to-link {
        rewrite ^ $link last;
    }
END
}


# /uri/status, /uri/media/, ...: what is asked, and where it is sent after

sub inner {
    my ($prefix, $conf) = @_;

    return map { my $exact = m{/\z} ? '' : '=';
                 "location $exact $prefix/$_ { $INNER{$_} $conf }" }
        sort keys %INNER;
}


# ---- the client leaves while its request waits for Redis

sub client_leaves {
    my ($form) = @_;
    my @ways = qw(close abort reset-stream close-http2);

    # how often nginx runs it, a proxied location says

    my $times = plain_leaves($form);

    for my $row ([ 'status, records' => 'status', 'GET aidial:session:s_1' ],
                 [ 'status, standing' => 'status', 'GET aidial:tenant:t_1' ],
                 [ 'media, records' => 'media/', 'HMGET' ],
                 [ 'download, records' => 'media/', 'HMGET', 1 ],
                 [ 'download, redemption' => 'media/', 'EVALSHA', 1 ])
    {
        leaves($form, $times, $ways[0], @$row);
        push @ways, shift @ways;
    }

    for my $row ([ 'grant, records' => 'grant', 'GET aidial:call:c_9' ],
                 [ 'grant, standing' => 'grant', 'GET aidial:tenant:t_1' ],
                 [ 'grant, issue' => 'grant', 'EVALSHA' ])
    {
        leaves($form, $times, 'close', @$row);

        # nginx does not proxy the POST of a stream that was reset

        leaves($form, undef, 'reset-stream', @$row);
    }
}


sub plain_leaves {
    my ($form) = @_;
    my $client = $nginx->client;

    $client->send_request('GET', "/$form/never", undef, who());
    wait_for { upstream('never') } or die 'not proxied';
    $client->close;
    wait_for { lines() };

    my $times = upstream('done');

    cmp_ok($times, '>', 0, "post_action $form - a proxied request - run");
    return $times;
}


sub leaves {
    my ($form, $times, $way, $where, $what, $command, $download) = @_;
    my $title = "post_action $form while the answer of Redis is awaited - "
                . "$where, $way";
    my $from = $middle->log;
    my $uri = "/$form/$what";
    my $id = sprintf 'leaves-%09d', $case;

    $uri .= grant($download ? (action => 'download', id => $id) : ())
        if $what eq 'media/';

    hold($command);
    my $leave = asking($way, $uri, $what eq 'grant');

    wait_for { grep { index($_, $command) == 0 } asked($from) }
        or die "$command was not asked";
    $leave->();

    # Redis answers while the post_action is under way

    wait_for { upstream('done') || lines() } 2;
    release();
    wait_for { lines() } 4;
    next_one($title);

    is(scalar(lines()), 1, "$title - the request ends once");
    is(upstream('done'), $times, "$title - run as often as for others")
        if defined $times;

    is(redis('HGET', 'aidial:{t_1}:grant:' . unpack('H*', $id), 'state'),
       'fresh', "$title - the grant was not spent")
        if $download && $command eq 'HMGET';
}


# what was still to happen to the request has happened when this one is logged

sub next_one {
    my ($title) = @_;
    my $before = $case;

    is($nginx->client->get('/api/calls/c_9/status', who())->{status}, 200,
       "$title - the next one is served");
    wait_for { lines() };
    $case = $before;

    is(join(' ', $nginx->workers), join(' ', @pids), "$title - same worker");
}


# sends it, and returns how its client leaves

sub asking {
    my ($way, $uri, $post) = @_;
    my $method = $post ? 'POST' : 'GET';
    my $body = $post ? $ASK : undef;

    if ($way =~ /http2|stream/) {
        my $conn = Test::Aidial::Http2->new($h2);
        my $stream = $conn->request($method, $uri, $body, who());

        return sub { $way eq 'close-http2' ? $conn->close
                                           : $conn->reset($stream) };
    }

    my $client = $nginx->client;

    $client->send_request($method, $uri, $body, who());
    return sub { $client->$way };
}


sub half_a_body {
    my ($form) = @_;

    for my $way (qw(close abort)) {
        my $title = "post_action $form while a body is awaited - $way";
        my $client = $nginx->client;
        my $from = $middle->log;
        my $body = $nginx->log(qr/aidial step: body/);

        $client->send_raw(join "\r\n", "POST /$form/grant HTTP/1.1",
            'Host: localhost', who(), 'Content-Type: application/json',
            'Content-Length: ' . length $ASK, '', substr $ASK, 0, 10);
        wait_for { $nginx->log(qr/aidial step: body/) > $body }
            or die 'no body awaited';
        $client->$way;
        wait_for { lines() };
        next_one($title);

        is(scalar(lines()), 1, "$title - the request ends once");
        is(upstream('done'), 1, "$title - run once");
        is(scalar(grep { /\AEVALSHA/ } asked($from)), 0,
           "$title - nothing issued");
    }
}


# ---- the request is answered: what is logged is what nginx logs for others

sub answered {
    my ($form) = @_;
    my $times = $form =~ /uri|named/ ? 1 : 0;
    my $media = "/$form/media/";
    my $download = $media . grant(action => 'download');
    my $client = $nginx->client;

    $client->get("/$form/plain", who());
    wait_for { lines() };
    my ($status) = join(' ', lines()) =~ /(\d+)/;

    for my $row ([ 'a recording', $media . grant(), '200' ],
                 [ 'a recording behind it', $media . grant(), '200' ],
                 [ 'a range', $media . grant(), '206:500-599' ],
                 [ 'a download', $download, '200' ],
                 [ 'a download again', $download, 'grant_used' ],
                 [ 'an unknown call', "/$form/unknown",
                   'recording_not_found' ],
                 [ 'a status', "/$form/status" ],
                 [ 'a grant', "/$form/grant" ])
    {
        my ($what, $uri, $word) = @$row;
        my $title = "post_action $form after $what";
        my $range = $what eq 'a range' ? 'Range: bytes=500-599' : ();
        my $answer = $what eq 'a grant' ? $client->post($uri, $ASK, who())
                                        : $client->get($uri, who(), $range);
        my $decision = ($word // 2) =~ /\A2/ ? 'allowed' : $word;

        $word ? is_answer($answer, $word, "$title - $word",
                          disposition => $what eq 'a download'
                              ? attachment('call-c_9.mp3') : undef)
              : like($answer->{status}, qr/\A20[01]\z/, "$title - served");

        wait_for { lines() };
        is(join(', ', lines()), "$status $decision",
           "$title - logged $decision, once");
        is(upstream('done'), $times, "$title - run $times times");
    }

    is_deeply([ $nginx->log(qr/\[error\].*media_unavailable/) ], [],
        "post_action $form - the error log knows no failure");
}


# ---- it leads into a location of the module

sub leads_here {
    my ($form) = @_;
    my $token = grant();
    my %uri = ('another location' => 'plain', 'a status' => 'status',
               'another location, POST' => 'plain', 'a problem' => 'unknown',
               'a recording' => "media/$token");

    # the first use of the link is not like the later ones

    asks("/empty/media/$token");

    for my $what (sort keys %uri) {
        my $title = "post_action to $form after $what";
        my $post = $what =~ /POST/;

        is_deeply([ asks("/$form/$uri{$what}", $post) ],
                  [ asks("/empty/$uri{$what}", $post) ],
                  "$title - answered, and no one else is asked");
        is(redis('HGET', 'aidial:{t_1}:grant:' . unpack('H*', $ID), 'state'),
           'fresh', "$title - nothing redeemed");
    }
}


# the status, how often it was logged, how often the media origin was asked,
# and what Redis was

sub asks {
    my ($uri, $post) = @_;
    my ($from, $origin) = (scalar $middle->log, scalar access_lines($nginx, 200));
    my $client = $nginx->client;
    my $answer = $post ? $client->post($uri, $ASK, who())
                       : $client->get($uri, who());

    wait_for { lines() };

    # whoever was asked in vain has had the time to be

    $nginx->client->get('/empty');

    return ($answer->{status}, scalar lines(),
            access_lines($nginx, 200) - $origin, asked($from));
}


sub at_the_end {
    ok(serving($nginx, $_, 2), "post_action - after all that, $_ - served")
        for qw(status grant media download);
    is(descriptors($pids[0]), $descriptors,
       'post_action - after all that - as many descriptors as before');

    in_order($nginx, pids => \@pids);
}


# the headers of a new request, by which it is found in the logs

sub who { (@WHO, 'X-Case: ' . ++$case) }


# what nginx has logged of it: status and decision

sub lines {
    open my $log, '<', $LOG or return;
    return map { /\A$case (.+)/ } <$log>;
}


# how often /done or so was asked on its behalf

sub upstream {
    my ($what) = @_;

    open my $log, '<', $slow->{log} or return 0;
    local $/ = "\0";
    return scalar grep { m{\A\w+ /$what } && /^x-case: $case\r$/im } <$log>;
}


# what Redis was asked since then

sub asked { ($middle->log)[$_[0] .. $middle->log - 1] }
