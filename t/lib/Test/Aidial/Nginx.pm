package Test::Aidial::Nginx;

# nginx with a master and workers, for what Test::Nginx cannot say: signals,
# many connections, clients that leave, requests that wait.
#
#     use Test::More;
#     use Test::Aidial::Nginx;
#
#     my $nginx = Test::Aidial::Nginx->start(workers => 2);
#     my $client = $nginx->client;
#     is($client->get('/api/calls/c_9/status', session())->{status}, 200);
#     $nginx->signal('HUP');
#     ok($nginx->stop, 'quits in time');
#     is_deeply([ $nginx->alerts ], [], 'nothing alarming');
#     done_testing();
#
# The functions of Test::Aidial::World and Test::Aidial::Portal come along.

use strict;
use warnings;

use IO::Socket::INET;
use Test::Aidial::Client;
use Test::Aidial::Portal;
use Test::Aidial::Process qw(spawn wait_for);
use Test::Aidial::World qw(:DEFAULT redis_server fresh_origin);

my $serial = 0;


sub import {
    my $caller = caller;
    no strict 'refs';

    *{"${caller}::$_"} = \&{$_}
        for @Test::Aidial::World::EXPORT, @Test::Aidial::Portal::EXPORT,
            qw(redis_server wait_for);
}


# start(workers => N, http => text, server => text, main => text): http and
# server default to http_config() and locations()

sub start {
    my ($class, @conf) = @_;
    my %conf = (workers => 1, main => '', @conf);

    fresh_origin();

    my $self = bless { dir => dir() . '/nginx-' . ++$serial,
                       port => _free_port(), conf => \%conf }, $class;
    mkdir $self->{dir} or die "$self->{dir}: $!";
    $conf{http} //= http_config();
    $self->write_conf;

    $self->{process} = spawn("$self->{dir}/stderr",
        $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx', '-p', $self->{dir},
        '-c', "$self->{dir}/nginx.conf", '-e', "$self->{dir}/error.log");

    wait_for { $self->workers >= $conf{workers} && $self->_answers } 10
        or die "nginx did not start:\n" . join '', $self->log;

    return $self;
}


# write_conf(http => ..., server => ...): what a reload will read

sub write_conf {
    my ($self, %change) = @_;
    my ($dir, $module) = ($self->{dir}, module());
    my $conf = $self->{conf} = { %{ $self->{conf} }, %change };
    my $server = $conf->{server} // locations();

    # as root, workers would be nobody, who may not read this checkout

    my $user = $> == 0 ? 'user root;' : '';

    open my $file, '>', "$dir/nginx.conf" or die "$dir/nginx.conf: $!";
    print $file <<"END";
daemon off;
$user
worker_processes $conf->{workers};
pid $dir/nginx.pid;
error_log $dir/error.log debug;
load_module $module;
$conf->{main}

events {
    worker_connections 512;
}

http {
    access_log $dir/access.log;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;

    $conf->{http}

    server {
        listen 127.0.0.1:$self->{port};
        $server
    }
}
END
    close $file;
}


sub _free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die "no free port: $!";

    return $socket->sockport;
}


sub _answers {
    my ($self) = @_;

    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{port}, Timeout => 1);
}


sub port { $_[0]{port} }

sub pid { $_[0]{process}->pid }

sub running { $_[0]{process}->running }

sub client { Test::Aidial::Client->new($_[0]{port}) }


# the pids of the workers, those that are on their way out included

sub workers {
    my ($self) = @_;
    my $master = $self->pid;

    open my $file, '<', "/proc/$master/task/$master/children" or return;

    return split ' ', <$file> // '';
}


# signal('HUP') to the master, signal('TERM', $pid) to a worker

sub signal {
    my ($self, $name, $pid) = @_;

    kill $name => $pid // $self->pid;
}


# a reload that is over: every worker is a new one

sub reload {
    my ($self, $seconds) = @_;
    my %old = map { $_ => 1 } $self->workers;

    $self->signal('HUP');

    return wait_for {
        my @now = $self->workers;
        @now == $self->{conf}{workers} && !grep { $old{$_} } @now;
    } $seconds // 10;
}


# log(qr/.../): the lines of the error log that match, or all

sub log {
    my ($self, $pattern) = @_;

    open my $file, '<', "$self->{dir}/error.log" or return;

    return grep { !defined $pattern || $_ =~ $pattern } <$file>;
}


sub alerts { $_[0]->log(qr/\[(?:alert|emerg|crit)\]/) }


# quits, and kills what did not quit in time; true when it did.  Without Redis
# it waits ten seconds for its audit entries.

sub stop {
    my ($self, $seconds) = @_;

    $self->signal('QUIT');
    my $left = wait_for { !$self->running } $seconds // 15;
    my @workers = $left ? () : $self->workers;

    kill KILL => @workers if @workers;
    $self->{process}->stop;

    return $left;
}


1;
