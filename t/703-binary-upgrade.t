use strict;
use warnings;

# USR2: a new master beside the old one, then without it.  Nobody is refused.
# nginx does this as a daemon only, so the test starts one, from the files of
# an nginx that it has stopped.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $nginx = edge(workers => 2);
my $dir = $nginx->{dir};
my %master;

# a daemon is not the test's child: it must not outlive it (nor end with a
# child of the test)

my $owner = $$;

END {
    kill KILL => map { children($_), $_ } grep { $_ } values %master
        if $$ == $owner;
}

prepare();
$nginx->stop;
start_daemon();
ok(serving($nginx, 'media', 2), 'upgrade - before - served');

my $load = load_begin($nginx, 'status', 'grant', 'media');

kill USR2 => $master{old};
ok(wait_for(sub { -e "$dir/nginx.pid.oldbin" && new_master() }, 5),
   'upgrade - a new master');
ok(wait_for(sub { children($master{new}) == 2 }, 5),
   'upgrade - with its workers');

my %both = map { ask($nginx, 'status')->{status} => 1 } 1 .. 20;

is(join(' ', keys %both), '200', 'upgrade - old and new - served');

ends('old');
ok(serving($nginx, $_, 2), "upgrade - the new one alone, $_ - served")
    for qw(status grant media download);

is(join(' ', sort keys %{ load_end($load) }), '200 201',
   'upgrade - under load - everybody is served');

ends('new');
in_order($nginx);
done_testing();


sub start_daemon {
    my $text = slurp("$dir/nginx.conf");

    $text =~ s/^daemon off;$//m or die 'the configuration has no "daemon off"';

    open my $file, '>', "$dir/nginx.conf" or die "$dir/nginx.conf: $!";
    print $file $text;
    close $file;

    system($ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx', '-p', $dir,
           '-c', "$dir/nginx.conf", '-e', "$dir/error.log") == 0
        or die 'nginx did not start';

    $master{old} = wait_for { slurp("$dir/nginx.pid") + 0 } or die 'no pid';
}


sub new_master {
    my $pid = slurp("$dir/nginx.pid") + 0;

    return $master{new} = $pid && $pid != $master{old} ? $pid : undef;
}


# the workers and, of the old master, not the new one

sub children {
    my ($pid) = @_;
    my %is_master = map { $_ => 1 } grep { $_ } values %master;

    # never 0, which is this test's own process group

    return grep { $_ && !$is_master{$_} }
        split ' ', slurp("/proc/$pid/task/$pid/children");
}


sub ends {
    my ($which) = @_;
    my $pid = $master{$which};

    kill QUIT => $pid;
    ok(wait_for(sub { !-e "/proc/$pid" || slurp("/proc/$pid/stat") =~ / Z / },
                5), "upgrade - the $which master leaves");
    delete $master{$which};
}


sub slurp {
    my ($name) = @_;

    open my $file, '<', $name or return '0';
    local $/;
    return <$file> // '0';
}
