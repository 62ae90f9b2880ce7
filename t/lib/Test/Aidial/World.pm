package Test::Aidial::World;

# What every test file has of its own: a directory, a Redis, a grant key, a
# media origin, and the configuration that ties them to the module.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::Aidial::Redis;

our @EXPORT = qw(redis http_config locations origin module dir key_text etag);
our @EXPORT_OK = qw(redis_server fresh_origin);

my $ROOT = abs_path(dirname(__FILE__) . '/../../../..');

# nginx makes an ETag of time and size: both are the same on every machine

my $MEDIA = "$ROOT/t/data/media";
my $MTIME = 1700000000;

my ($dir, $redis, $owner);
my $origin = 0;


sub module {
    my $file = $ENV{AIDIAL_MODULE}
        // "$ROOT/build/debug/ngx_aidial_recording_module.so";

    die "$file is missing: run make build\n" unless -f $file;

    return abs_path($file);
}


sub dir {
    return $dir if $dir;

    $owner = $$;
    $dir = tempdir('aidial-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;

    open my $key, '>', "$dir/k1.key" or die "$dir/k1.key: $!";
    print $key key_text();
    close $key;

    utime $MTIME, $MTIME, glob "$MEDIA/*/*/*";

    return $dir;
}


# exactly as long as the contract asks, without an end of line

sub key_text { 'an-example-of-a-key-of-32-octets' }


sub etag {
    my ($size) = @_;

    return sprintf '"%x-%x"', $MTIME, $size // 1000;
}


# redis_server($other): what redis(), and so the records, speak to from now on

sub redis_server {
    $redis = $_[0] if @_;

    return $redis //= Test::Aidial::Redis->start(dir());
}


sub redis { redis_server()->command(@_) }


# Each nginx gets a socket of its own: one that was killed leaves its behind.

sub fresh_origin { $origin++ }

sub origin { dir() . "/origin-$origin.sock" }


# http_config(redis => ..., zone => ..., grant_key => ..., grant_rate => ...,
# media_rate => ..., streams => ..., extra => ...): the http level; all but
# extra are the directives' words, extra is appended.  No request is limited
# unless a test says so.

sub http_config {
    my (%word) = (
        redis => 'unix:' . redis_server()->path, zone => 'aidial:1m',
        grant_key => 'k1 ' . dir() . '/k1.key', grant_rate => 'off',
        media_rate => 'off', streams => 'off', extra => '', @_
    );

    my ($socket, @fail) = (origin());
    push @fail, "location = /fail/$_ { return $_; }"
        for 204, 400, 401, 403, 404, 500, 503;

    return <<"END";
    aidial_recording_redis $word{redis};
    aidial_recording_zone $word{zone};
    aidial_recording_grant_key $word{grant_key};
    aidial_recording_grant_rate $word{grant_rate};
    aidial_recording_media_rate $word{media_rate};
    aidial_recording_streams $word{streams};
    $word{extra}

    upstream origin {
        server unix:$socket;
    }

    server {
        listen unix:$socket;
        root $MEDIA;

        # what the origin was told, as a body

        location /echo {
            return 200 "\$request_method \$request_uri\nhost: \$http_host\ncookie: \$http_cookie\nauthorization: \$http_authorization\nrange: \$http_range\nif-range: \$http_if_range\nif-none-match: \$http_if_none_match\nuser-agent: \$http_user_agent\nreferer: \$http_referer\norigin: \$http_origin\naccept: \$http_accept\nx-test: \$http_x_test\ncontent-length: \$http_content_length\n";
        }

        location = /headers {
            add_header Set-Cookie "origin=1";
            add_header Cache-Control "public, max-age=60";
            add_header Content-Disposition "inline";
            add_header X-Origin "1";
            return 200 "headers\n";
        }

        location = /fail/302 { return 302 /t_1/2026/c_9.mp3; }
        location = /fail/close { return 444; }
        location = /accel {
            add_header X-Accel-Redirect /accel-target;
            return 200 "accel\n";
        }
        @fail
    }
END
}


# the three locations of the documentation; extra is appended

sub locations {
    my ($extra) = (@_, '');

    return <<"END";
    location ~ ^/api/calls/([^/]+)/status\$ {
        aidial_recording status \$1;
    }

    location ~ ^/api/calls/([^/]+)/grant\$ {
        aidial_recording grant \$1;
    }

    location /recordings/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }

    $extra
END
}


END {
    $redis->down if $redis && $owner == $$;
}


1;
