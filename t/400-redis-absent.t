use strict;
use warnings;

# Redis is not there when nginx starts: nginx starts, refuses, goes on serving
# what is not the module's, and serves all of it within a second of Redis'
# coming.  Each change of state is one line, however many workers see it.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

redis_server()->down;

my $nginx = edge(workers => 2,
    server => locations('location = /other { return 200 "o"; }'));
my @pids = $nginx->workers;

is(@pids, 2, 'redis - absent at start - nginx starts with its workers');

for my $what (qw(status grant media)) {
    is(refusal(ask($nginx, $what)), refused(),
       "redis - absent at start, $what - 503 with Retry-After");
}

my $answer = ask($nginx, 'status');

is($answer->{headers}{'content-type'}, 'application/problem+json',
   'redis - absent at start - the refusal is a problem');
is($answer->{headers}{'cache-control'}, 'no-store',
   'redis - absent at start - the refusal is not stored');
is(ask($nginx, '/other')->{body}, 'o',
   'redis - absent at start, another location - 200');

# both workers have tried by now, more than once

wait_for { $nginx->log(qr/an attempt to connect to Redis ended/) >= 8 };

is(scalar(my @gone = $nginx->log(qr/\[error\].*Redis is unavailable/)), 1,
   'redis - absent at start - one line says so');

redis_server()->up;
prepare();

for my $what (qw(status grant media)) {
    ok(serving($nginx, $what, 1.5), "redis - it comes, $what - served");
}

is(scalar(my @back = $nginx->log(qr/\[notice\].*Redis is available again/)), 1,
   'redis - it comes - one line says so');

in_order($nginx, pids => \@pids);
done_testing();
