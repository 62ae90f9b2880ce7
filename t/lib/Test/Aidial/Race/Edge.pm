package Test::Aidial::Race::Edge;

# One edge of many: an nginx with workers of its own that reaches the common
# Redis through a fault proxy of its own, and writes logs that stay small.

use strict;
use warnings;

use Test::Aidial::FaultProxy;
use Test::Aidial::Nginx;

our @ISA = ('Test::Aidial::Nginx');

my $serial = 0;


# start(number => N, http => directives of the http level)

sub start {
    my ($class, %option) = @_;
    my $path = dir() . '/proxy-' . ++$serial . '.sock';
    my $proxy = Test::Aidial::FaultProxy->start($path, redis_server()->path);

    my $redis = "unix:$path user=edge password_file=" . dir() . '/edge.pw '
                . 'timeout=500ms connect_timeout=500ms';

    my $self = $class->SUPER::start(workers => 2, http => '',
        redis => $redis, %option);
    $self->{proxy} = $proxy;

    return $self;
}


sub proxy { $_[0]{proxy} }

sub number { $_[0]{conf}{number} }


sub write_conf {
    my ($self) = @_;
    my ($dir, $module, $conf) = ($self->{dir}, module(), $self->{conf});
    my ($media, $key) = (dir() . '/media', dir() . '/k1.key');
    my $origin = origin();
    my $locations = locations();
    my $user = $> == 0 ? 'user root;' : '';

    # the origin is a server of the same nginx, and its files are the same for
    # every edge, time of the last change included: so is the entity tag

    open my $file, '>', "$dir/nginx.conf" or die "$dir/nginx.conf: $!";
    print $file <<"END";
daemon off;
$user
worker_processes $conf->{workers};
pid $dir/nginx.pid;
error_log $dir/error.log notice;
load_module $module;

events {
    worker_connections 1024;
}

http {
    access_log off;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;

    aidial_recording_redis $conf->{redis};
    aidial_recording_zone aidial:8m;
    aidial_recording_grant_key k1 $key;
    aidial_recording_download_ttl 10m;

    # one user asks for all, and the faults take away what would be watched

    aidial_recording_media_rate off;
    aidial_recording_streams off;
    aidial_recording_recheck off;
    $conf->{http}

    upstream origin {
        server unix:$origin;
    }

    server {
        listen unix:$origin;
        root $media;
    }

    server {
        listen 127.0.0.1:$self->{port};
        $locations
    }
}
END
    close $file;
}


1;
