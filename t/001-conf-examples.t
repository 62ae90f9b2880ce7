# The configurations that the documentation shows are read by nginx as they
# stand, but for paths and ports of this machine.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::World;

my $dir = dir() . '/examples';
mkdir $dir or die "$dir: $!";

for my $made (qw(sign-in.map person.map)) {
    open my $empty, '>', "$dir/$made" or die "$made: $!";
}

open my $secret, '>', "$dir/session.secret" or die $!;
print $secret "a secret of the portal's sessions\n";
close $secret or die $!;

my %fill = (USER => '', MODULE => module(), RUN => $dir, PORT => 8088,
            SITE => $dir);

mkdir "$dir/$_" for qw(temp logs);
system('cp', dir() . '/k1.key', "$dir/grant.key") == 0 or die 'no key';

system("echo an-example-of-a-secret-of-a-portal > $dir/portal-session.secrets"
       . " && openssl genpkey -algorithm ed25519 2>$dir/openssl.log"
       . " | openssl pkey -pubout -out $dir/portal-jwt.keys") == 0 or die 'no key';

# the demo's edge takes either file for the portal's sessions

for my $sessions (sort glob 'conf-examples/demo-session/*.conf') {
    starts('conf-examples/demo-edge.conf', $sessions);
}

for my $name (sort(glob('conf-examples/*.conf'),
                   glob('conf-examples/portals/*.conf'),
                   glob('conf-examples/monitoring/*.conf'))) {
    starts($name) unless $name =~ /demo-edge/;
}

cmp_ok(index(slurp('README.md'), slurp('conf-examples/minimal.conf')), '>', 0,
       'example - minimal.conf - is what the README shows');

done_testing();


sub starts {
    my ($name, $sessions) = @_;
    my $text = $name =~ m{/portals/} ? server_with($name)
             : $name =~ m{/monitoring/} ? http_with($name) : slurp($name);
    my $title = $name;

    if ($sessions) {
        my $inner = slurp($sessions);

        $title = $sessions;
        $text =~ s{include\s+"\@RUN\@/session\.conf";}{$inner}
            or die "$name: no place for $sessions";
    }

    $text =~ s/\@(\w+)\@/
        defined $fill{$1} ? $fill{$1} : die "$name: \@$1\@" /ge;
    $text =~ s{load_module\s+modules/[\w.]+;}{load_module $fill{MODULE};};
    $text =~ s{/etc/nginx/aidial-grant\.key}{$dir/grant.key};
    $text =~ s{/etc/nginx/(?=portal-)}{$dir/}g;
    $text =~ s{/var/log/nginx/}{$dir/logs/}g;
    $text =~ s/listen\s+(?:127\.0\.0\.1:)?\d+;/listen unix:$dir\/test.sock;/g;

    my ($file) = $title =~ m{([^/]+)\z};
    open my $out, '>', "$dir/$file" or die "$dir/$file: $!";
    print $out "error_log $dir/error.log;\npid $dir/pid;\n$text";
    close $out;

    my $nginx = $ENV{TEST_NGINX_BINARY} // '/usr/sbin/nginx';
    my $said = `$nginx -t -e $dir/error.log -p $dir -c $dir/$file 2>&1`;

    is($?, 0, "example - $title - nginx starts") or diag $said;
    unlike($said, qr/\[(?:warn|error|crit|alert|emerg)\]/,
           "example - $title - and has nothing to say") or diag $said;
}


# a portal's lines stand in the server block of the smallest configuration

sub server_with {
    my ($name) = @_;
    my $text = slurp('conf-examples/minimal.conf');
    my $lines = slurp($name);

    $text =~ s/^( *listen 80;\n)/$1$lines/m or die 'no server';

    return $text;
}


# and those for "http" before its server; a second socket is another one

sub http_with {
    my ($name) = @_;
    my $text = slurp('conf-examples/minimal.conf');
    my $lines = slurp($name) =~ s{listen\s+[\d.:]+;}{listen unix:$dir/more.sock;}r;

    $text =~ s/^( *server \{\n)/$lines\n$1/m or die 'no server';

    return $text;
}


sub slurp {
    my ($name) = @_;

    open my $file, '<', $name or die "$name: $!";
    local $/;
    return <$file>;
}
