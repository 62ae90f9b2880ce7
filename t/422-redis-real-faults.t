use strict;
use warnings;

# What happens to a real Redis, one thing after the other: the right answer
# while it lasts and not a byte of media with a refusal; afterwards service
# within a second, the worker that it was, and no descriptor more.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(time);

my $REFUSED = refused();
my $USER = 'edge';
my @RIGHTS = ('on', '>open-sesame', '~*', '+@all');
my @ALL = qw(status media grant download);

# what it is, how it begins, what is answered meanwhile (status, a playback that
# has begun, grant, download), how it ends, seconds until service

my @faults = (
    [ 'SIGSTOP', sub { kill STOP => redis_server()->pid }, [ (503) x 4 ],
      sub { kill CONT => redis_server()->pid }, 1 ],
    [ 'SIGKILL and restart', sub { redis_server()->crash }, [ (503) x 4 ],
      sub { redis_server()->up; prepare() }, 1 ],
    [ 'SCRIPT FLUSH', sub { redis('SCRIPT', 'FLUSH') },
      [ 200, 200, 201, 200 ], sub { }, 1 ],
    [ 'CLIENT KILL', sub { redis('CLIENT', 'KILL', 'TYPE', 'normal',
                                 'SKIPME', 'yes') },
      undef, sub { }, 1 ],
    [ 'CLIENT PAUSE of all', sub { redis('CLIENT', 'PAUSE', 2000) },
      [ (503) x 4 ], sub { unpaused() }, 1 ],
    [ 'CLIENT PAUSE of writes', sub { redis('CLIENT', 'PAUSE', 2000, 'WRITE') },
      [ 200, 200, 503, 503 ], sub { redis('CLIENT', 'UNPAUSE') }, 1 ],
    [ 'maxmemory', sub { redis('CONFIG', 'SET', 'maxmemory', 1) },
      [ 200, 200, 503, 503 ], sub { redis('CONFIG', 'SET', 'maxmemory', 0) },
      1 ],
    [ 'min-replicas-to-write',
      sub { redis('CONFIG', 'SET', 'min-replicas-to-write', 1) },
      [ 200, 200, 503, 503 ],
      sub { redis('CONFIG', 'SET', 'min-replicas-to-write', 0) }, 1 ],
    [ 'a right revoked', sub { redis('ACL', 'SETUSER', $USER, '-evalsha') },
      [ 200, 200, 503, 503 ],
      sub { redis('ACL', 'SETUSER', $USER, '+evalsha') }, 1 ],
    [ 'a user switched off', sub { redis('ACL', 'SETUSER', $USER, 'off');
                                   redis('CLIENT', 'KILL', 'USER', $USER) },
      [ (503) x 4 ], sub { redis('ACL', 'SETUSER', $USER, 'on') }, 6 ],
);

open my $file, '>', dir() . '/password' or die "password: $!";
print $file "open-sesame\n";
close $file;

world();

# one that starts again knows the user from the beginning

push @{ redis_server()->{options} }, '--user', $USER, @RIGHTS;

my $nginx = edge(redis => 'unix:' . redis_server()->path . " timeout=200ms "
                          . "user=$USER password_file=" . dir() . '/password');
my $media = media_bytes();

served(5) or die 'not served';

for my $row (@faults) {
    my ($name, $begin, $expected, $end, $seconds) = @$row;
    my ($pid) = $nginx->workers;
    my $files = descriptors($pid);
    my %url = map { $_ => $_ eq 'download' ? download_url() : $_ } @ALL;

    $begin->();
    meanwhile($name, $expected, %url) if $expected;
    $end->();

    my $ended = time;

    ok(served($seconds + 2), "redis - $name is over - served");
    cmp_ok(time - $ended, '<', $seconds + 0.5,
           "redis - $name is over - within ${seconds} s");
    is(join(' ', $nginx->workers), $pid, "redis - $name - the same worker");
    is(descriptors($pid), $files, "redis - $name - as many descriptors");
}

in_order($nginx, crit => 'NOPERM|does not let us in');
done_testing();


sub meanwhile {
    my ($name, $expected, %url) = @_;
    my @expected = @$expected;

    for my $what (@ALL) {
        my $status = shift @expected;
        my $answer = ask($nginx, $url{$what});

        is($answer && $answer->{status}, $status,
           "redis - $name, $what - $status");
        next if $status != 503;

        is(refusal($answer), $REFUSED, "redis - $name, $what - the problem");
        is(index($answer->{body}, substr $media, 0, 16), -1,
           "redis - $name, $what - not a byte of media");
    }
}


# the records, and a user with all rights

sub world {
    prepare();
    redis('ACL', 'SETUSER', $USER, @RIGHTS);
}


# all four are served again

sub served {
    my ($seconds) = @_;
    my $until = time + $seconds;

    for my $what (@ALL) {
        serving($nginx, $what, $until - time) or return;
    }

    return 1;
}


# the client that ends a pause of all commands must not wait for it

sub unpaused { wait_for { eval { redis('CLIENT', 'UNPAUSE') } } 5 }
