package Test::Aidial::Race::Site;

# What a race is run on: one Redis, some edges, the recordings, and who may
# hear which of them.
#
# Every recording has its name in it: lines of 16 octets, "NNNN:OOOOOOOOOO",
# the number of the call and the offset of the line.  So whoever holds a byte
# of a body can tell whose it is, and from where.

use strict;
use warnings;

use File::Copy qw(copy);
use Time::HiRes qw(time);
use Test::Aidial::Nginx;
use Test::Aidial::Race::Edge;
use Test::Aidial::Race::Keeper;
use Test::Aidial::Race::Stream;

my $PASSWORD = 'an-example-of-a-password';
my $MTIME = 1700000000;

# A rate that a test can exceed and wait for; only the last edge has it, and
# only the user "limited" asks for grants there.

my %RATE = (per_second => 2, burst => 5);

# the same user id in two tenants is two users; "again" is another session of
# the first one

my %USER = (
    first   => { tenant => 't_1', user => 'u_1', sid => 's_first' },
    again   => { tenant => 't_1', user => 'u_1', sid => 's_again' },
    second  => { tenant => 't_1', user => 'u_2', sid => 's_second' },
    foreign => { tenant => 't_2', user => 'u_1', sid => 's_foreign' },
    limited => { tenant => 't_1', user => 'u_3', sid => 's_limited' },
);

# sizes: most are small, some are larger than all buffers on their way

my @SIZES = ((1024) x 3, (204_800) x 2, 3_145_728);


# start(edges => 3)

sub start {
    my ($class, %option) = @_;
    my $self = bless { edges => [], user => \%USER, recording => {} }, $class;

    $self->_first_redis;
    $self->_recordings;
    $self->_records;
    $self->{stream} = Test::Aidial::Race::Stream->new(tenants());
    $self->{edges} = [ map { $self->_edge($_, $option{edges}) }
                       1 .. $option{edges} ];

    return $self;
}


sub tenants { qw(t_1 t_2) }

sub edges { @{ $_[0]{edges} } }

sub edge { $_[0]{edges}[ $_[1] - 1 ] }

sub stream { $_[0]{stream} }

sub user { $_[0]{user}{ $_[1] } }

sub recording { $_[0]{recording}{ $_[1] } }

sub body { \$_[0]{body}{ $_[1] } }


# what a checker has to know of all this

sub facts {
    my ($self) = @_;

    return { user => $self->{user}, recording => $self->{recording},
             rate => \%RATE, edges => [ map { $_->number } $self->edges ] };
}


# ids of the calls that this kind of reader may hear; kinds are tenants and
# "denied", "project", "withdrawn"

sub calls { @{ $_[0]{calls}{ $_[1] } } }


sub _edge {
    my ($self, $number, $of) = @_;
    my $rate = $number == $of
        ? "rate=$RATE{per_second}r/s burst=$RATE{burst}" : 'off';

    return Test::Aidial::Race::Edge->start(number => $number,
        http => "aidial_recording_grant_rate $rate;");
}


# The user of the edges is on the command line: it is there before the first
# connection of a Redis that was started again.  The files that Redis knows
# nothing of are those of the race before.

sub _first_redis {
    my ($self) = @_;
    my ($server, $dir) = (redis_server(), dir());

    open my $out, '>', "$dir/edge.pw" or die "$dir/edge.pw: $!";
    print $out $PASSWORD;
    close $out;

    $server->down;
    unlink "$dir/dump.rdb";

    $self->{keeper} = $server->{process} = Test::Aidial::Race::Keeper->new(
        "$dir/redis.log", 'redis-server', '--port', 0,
        '--unixsocket', $server->path, '--unixsocketperm', 777, '--save', '',
        '--appendonly', 'no', '--dir', $dir,
        '--user', 'edge', 'on', ">$PASSWORD", '~*', '&*', '+@all');
    $self->_redis_up;
}


sub _redis_up {
    my ($self) = @_;

    delete redis_server()->{socket};
    unlink redis_server()->path;
    $self->{keeper}->start;

    wait_for { eval { redis('PING') } } or die 'redis-server did not start';
}


sub _recordings {
    my ($self) = @_;
    my $dir = dir() . '/media';
    my $made = -d $dir;

    mkdir $dir;

    for my $n (1 .. 28) {
        my $size = $SIZES[ $n % @SIZES ];
        my $id = "c_$n";
        my $text = join '', map { sprintf "%04d:%010d\n", $n, 16 * $_ }
            0 .. $size / 16 - 1;

        $self->{body}{$id} = $text;
        $self->{recording}{$id} = { number => $n, size => $size };
        next if $made;

        open my $file, '>', "$dir/$n.mp3" or die "$dir/$n.mp3: $!";
        print $file $text;
        close $file;
        utime $MTIME + $n, $MTIME + $n, "$dir/$n.mp3";
    }
}


sub _records {
    my ($self) = @_;
    my %of = (t_1 => [ 1 .. 16 ], t_2 => [ 17 .. 22 ], denied => [ 23, 24 ],
              project => [ 25, 26 ], withdrawn => [ 27, 28 ]);

    session(sid => $_->{sid}, user_id => $_->{user}, tenant_id => $_->{tenant},
            client_id => client_of($_->{tenant}), project_ids => [ 'p_1' ])
        for values %USER;

    tenant(id => $_) for tenants();

    for my $kind (keys %of) {
        $self->{calls}{$kind} = [ map { "c_$_" } @{ $of{$kind} } ];
        $self->write_call($_, $kind) for @{ $self->{calls}{$kind} };
    }

    # what a Redis without anything of the module's has in it

    redis('SAVE');
    copy(dir() . '/dump.rdb', dir() . '/portal.rdb') or die "portal.rdb: $!";
}


sub client_of { $_[0] eq 't_2' ? 'cl_2' : 'cl_1' }


# the record of a call, with what the test changes of it

sub write_call {
    my ($self, $id, $kind, %change) = @_;
    my $call = $self->{recording}{$id};
    my $tenant = $kind eq 't_2' ? 't_2' : 't_1';

    $call->{tenant} = $tenant;
    $call->{project} = $kind eq 'project' ? 'p_9' : 'p_1';
    $call->{consent} = $change{consent} // 'granted';

    call(id => $id, tenant_id => $tenant, client_id => client_of($tenant),
         project_id => $call->{project},
         consent => $kind eq 'denied' ? 'denied' : 'granted', %change,
         media => { object => "/$call->{number}.mp3",
                    size_bytes => $call->{size} });
}


# Kills Redis after everything that it has said was read: what an edge asked
# for behind that has not happened.  It starts again with what it knew at the
# last SAVE ("old"), or with the portal's records alone ("empty").  Returns
# the time from which on it answers.

sub kill_redis {
    my ($self, $kind) = @_;

    redis('CLIENT', 'PAUSE', 5000, 'WRITE');
    $self->stream->read;
    $self->{keeper}->kill;

    if ($kind eq 'empty') {
        copy(dir() . '/portal.rdb', dir() . '/dump.rdb')
            or die "portal.rdb: $!";
    }

    $self->_redis_up;
    $self->stream->killed;

    my $up = time;

    # a snapshot does not know what was withdrawn since

    $self->write_call($_, 'withdrawn',
                      consent => $self->{recording}{$_}{consent})
        for $self->calls('withdrawn');

    return $up;
}


# every edge quits; the names of those that did not in time

sub stop {
    my ($self) = @_;

    $_->signal('QUIT') for $self->edges;

    my @late = map { $_->stop(20) ? () : 'edge ' . $_->number } $self->edges;

    $_->proxy->stop for $self->edges;

    return @late;
}


# what the edges said that is alarming; a killed worker is not

sub alarms {
    my ($self) = @_;

    my $denied = qr/\[crit\].*(?:the error "NO(?:PERM|AUTH)|does not let us in)/;

    return grep { !/$denied/ && !/exited on signal 9/ }
        map { $_->log(qr/\[(?:alert|emerg|crit)\]|exited on signal/) }
        $self->edges;
}


1;
