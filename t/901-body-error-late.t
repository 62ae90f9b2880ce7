use strict;
use warnings;

# The body of a grant request that goes wrong when nginx has begun to wait for
# the rest of it: the answer is the one it would have been at once, a problem,
# whatever error_page says; the connection is closed; nothing waits any more.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my @WHO = ('Cookie: aidial_session=s_1', same_origin());
my $TYPE = 'Content-Type: application/json';
my $LOG = dir() . '/decision.log';
my $BEGIN = '{"action": "playback", "x": "';

# what the location does with an error, if it were asked

my %FORM = (
    none => '',
    status => 'error_page 400 413 /api/calls/c_9/status;',
    grant => 'error_page 400 413 /api/calls/c_9/grant;',
    media => 'error_page 400 413 /recordings/x;',
    playback => 'error_page 400 413 ' . media_url(grant()) . ';',
    named => 'error_page 400 413 = @plain;',
    plain => 'error_page 400 413 =200 /plain; recursive_error_pages on;',
);

# what goes wrong, in the words of a chunked body

my @ERRORS = (
    [ 'a chunk without a size', 400, 'invalid_request', "zz\r\nxx\r\n" ],
    [ 'a chunk over the limit of nginx', 413, 'request_too_large',
      "2fff\r\n" . 'x' x 0x2fff . "\r\n0\r\n\r\n" ],
    [ 'many chunks over the limit of nginx', 413, 'request_too_large',
      ("400\r\n" . 'x' x 0x400 . "\r\n") x 9 . "0\r\n\r\n" ],
);

my $socket = socket_path();
my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path . ' timeout=2s',
    extra => 'log_format decision "$status $aidial_recording_decision";',
    server => locations(join "\n", (map { <<"END" } sort keys %FORM), <<"END"));
    location = /$_ {
        aidial_recording grant c_9;
        client_max_body_size 8k;
        $FORM{$_}
    }
END
    listen unix:$socket http2;
    access_log $LOG decision;

    location = /slow {
        aidial_recording grant c_9;
        client_body_timeout 200ms;
        error_page 408 /api/calls/c_9/status;
    }

    location \@plain {
        return 200 "plain";
    }

    location /plain {
        return 200 "plain";
    }
END
my @pids = $nginx->workers;

prepare();
ok(serving($nginx, 'media', 2), 'late body error - before - served');

my $descriptors = descriptors($pids[0]);

for my $form (sort keys %FORM) {
    for my $error (@ERRORS) {
        goes_wrong($form, $error, $_) for 'late', 'at once';
    }

    too_large_over_http2($form);
}

never_ends();

ok(serving($nginx, $_, 2), "late body error - after all that, $_ - served")
    for qw(status grant media download);
is(descriptors($pids[0]), $descriptors,
   'late body error - after all that - as many descriptors as before');
is(join(' ', $nginx->workers), join(' ', @pids), 'the worker is the same');

# a request that waited for ever would keep it

my ($left, $seconds) = timed { $nginx->stop };

ok($left && $seconds < 2, 'nginx quits at once');
is(join('',
        $nginx->log(qr/\[(?:alert|emerg|crit)\]|exited on/)), '',
   'nothing alarming in the log');
done_testing();


sub goes_wrong {
    my ($form, $error, $when) = @_;
    my ($what, $status, $code, $rest) = @$error;
    my $title = "$what, $when, error_page $form";
    my $from = $middle->log;
    my $client = $nginx->client;
    my $begin = chunk($BEGIN);

    if ($when eq 'late') {
        begins($client, "/$form", 'Transfer-Encoding: chunked', $begin);
        $client->send_raw($rest);

    } else {
        $client->send_raw(head("/$form", 'Transfer-Encoding: chunked')
                          . $begin . $rest);
    }

    # what comes behind is not another request

    $client->send_raw("GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n");

    is_refused($client, $status, $code, $title);
    is(join(', ', grep { /\AEVALSHA/ } asked($from)), '',
       "$title - nothing issued");
}


sub is_refused {
    my ($client, $status, $code, $title) = @_;
    my $answer = $client->response(timeout => 3);

    is_problem($answer, $status, $code, "$title - $status $code");
    is($answer->{headers}{connection}, 'close', "$title - says it closes");
    ok($client->closed(2), "$title - closes");
    $client->close;

    is(wait_for(sub { logged() }), "$status $code", "$title - logged as that");
}


# a chunked request that has come as far as its body, and all that was sent

sub begins {
    my ($client, $uri, $length, $sent) = @_;
    my $before = $nginx->log(qr/aidial step: body/);

    $client->send_raw(head($uri, $length) . $sent);
    wait_for { $nginx->log(qr/aidial step: body/) > $before }
        or die 'no body awaited';
}


sub head {
    my ($uri, $length) = @_;

    # the log has the lines of this request only

    truncate $LOG, 0;

    return join "\r\n", "POST $uri HTTP/1.1", 'Host: localhost', @WHO, $TYPE,
                $length, '', '';
}


sub chunk { sprintf "%x\r\n%s\r\n", length $_[0], $_[0] }


# frames of no announced length, the first before and the second behind

sub too_large_over_http2 {
    my ($form) = @_;
    my $title = "a body over the limit of nginx, HTTP/2, error_page $form";
    my $before = $nginx->log(qr/aidial step: body/);
    my $h2 = Test::Aidial::Http2->new($socket);

    truncate $LOG, 0;

    my $stream = $h2->request('POST', "/$form", \$BEGIN, @WHO, $TYPE);

    wait_for { $nginx->log(qr/aidial step: body/) > $before }
        or die 'no body awaited';
    $h2->data($stream, 'x' x 0x2fff, 1);

    my $answer = $h2->wait($stream, 3);

    is($answer && $answer->{status}, 413, "$title - 413");
    like($answer && $answer->{body}, qr/"code":"request_too_large"/,
         "$title - request_too_large");
    is(wait_for(sub { logged() }), '413 request_too_large',
       "$title - logged as that");
    $h2->close;
}


# its time is over: nginx hangs up, as on anybody

sub never_ends {
    my $client = $nginx->client;

    begins($client, '/slow', 'Content-Length: 100', $BEGIN);
    ok($client->closed(2), 'a body that never ends - the connection is closed');
    $client->close;
    like(wait_for(sub { logged() }), qr/\A408 /,
         'a body that never ends - logged as 408');
}


sub logged {
    open my $log, '<', $LOG or return;
    chomp(my @lines = <$log>);

    return join ', ', @lines;
}


sub asked { ($middle->log)[$_[0] .. $middle->log - 1] }
