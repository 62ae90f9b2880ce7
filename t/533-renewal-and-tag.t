# The lease is being renewed, and Redis does not answer, when the origin does
# at last: the entity tag is kept all the same, before the first byte.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::UNIX;
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Process qw(spawn);
use Time::HiRes qw(sleep time);

my $body = 'x' x 2000;
my $path = dir() . '/late-origin.sock';
my $go = dir() . '/go';
my $listen = IO::Socket::UNIX->new(Local => $path, Listen => 8)
    or die "$path: $!";

chmod 0777, $path;

# answers each request when it is told to

my $origin = spawn(dir() . '/late-origin.err', sub {
    my @open;

    while (my $client = $listen->accept) {
        sysread $client, my $request, 65536;
        sleep 0.02 while !-e $go;
        syswrite $client, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\n"
            . "Content-Length: 2000\r\n\r\n$body";
        push @open, $client;
    }
});

my $redis = redis_server();
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(redis => 'unix:' . $redis->path
                                 . ' timeout=5s connections=2'),
    server => locations(<<"END"));
    location /late/ {
        aidial_recording media;
        aidial_recording_recheck off;
        proxy_pass http://unix:$path:/;
    }
END
my @pids = $nginx->workers;

records();

for my $end (qw(waits leaves)) {
    my $token = download();
    my $client = $nginx->client;

    unlink $go;
    $client->send_request('GET', "/late/$token", undef, session());
    wait_for { state_of($token) eq 'running' } or die 'it does not run';

    # the lease is renewed after ten seconds

    sleep 9.5;
    kill STOP => $redis->pid;
    sleep 1;
    open my $file, '>', $go or die "$go: $!";
    close $file;
    sleep 0.5;
    $client->abort if $end eq 'leaves';
    sleep 0.2;
    kill CONT => $redis->pid;

    if ($end eq 'waits') {
        is(($client->response // {})->{body}, $body,
           'media - renewed, and answered meanwhile - served');
        is(redis('HGET', grant_key($token), 'etag'), '"a"',
           'media - renewed, and answered meanwhile - the tag is kept');
        is(events($token, 2), 'started completed',
           'media - renewed, and answered meanwhile - entered');

    } else {
        is(events($token, 2), 'started voided',
           'media - renewed, and the client leaves - entered');
    }
}

in_order($nginx, pids => \@pids);
done_testing();
