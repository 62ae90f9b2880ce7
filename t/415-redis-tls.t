use strict;
use warnings;

# TLS to Redis: the right certificate and no other, and nothing is said to a
# server that does not have it.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Tls;

my $PASSWORD = 'never-to-be-seen';

authority($_) for qw(ours theirs);
certificate('right', ca => 'ours',
            names => 'DNS:localhost,DNS:redis.example,IP:127.0.0.1,IP:::1');
certificate('name', ca => 'ours', names => 'DNS:redis.example');
certificate('address', ca => 'ours', names => 'IP:127.0.0.9');
certificate('stranger', ca => 'theirs', names => 'DNS:localhost,IP:127.0.0.1');
certificate('expired', ca => 'ours', names => 'DNS:localhost,IP:127.0.0.1',
            days => -1);

open my $file, '>', dir() . '/password' or die "password: $!";
print $file "$PASSWORD\n";
close $file;

my $port = tls_redis('right');
my $plain = free_port();
my $ca = 'tls_ca=' . pem('ours');
my $nginx = edge(redis => "rediss://localhost:$port $ca");

redis('CONFIG', 'SET', 'port', $plain);
redis('ACL', 'SETUSER', 'edge', 'on', ">$PASSWORD", '~*', '+@all');
prepare();

# who is let in

served("a host name", "rediss://localhost:$port $ca");
served("an IPv4 address", "rediss://127.0.0.1:$port $ca");
served("an IPv6 address", "rediss://[::1]:$port $ca");
served("tls_name", "rediss://127.0.0.1:$port $ca tls_name=redis.example");
served("a database and three connections",
       "rediss://localhost:$port/0 $ca connections=3");

present('name');
served('a certificate for tls_name only',
       "rediss://127.0.0.1:$port $ca tls_name=redis.example");

# who is not

refused_with('another name', "rediss://localhost:$port $ca",
             qr/certificate is not accepted, hostname mismatch/i);
refused_with('a name for an address', "rediss://127.0.0.1:$port $ca",
             qr/certificate is not accepted, IP address mismatch/i);
present('address');
refused_with('another address', "rediss://127.0.0.1:$port $ca",
             qr/certificate is not accepted, IP address mismatch/i);
present('right');
refused_with('another tls_name', "rediss://localhost:$port $ca tls_name=x.y",
             qr/certificate is not accepted, hostname mismatch/i);
present('stranger');
refused_with('another authority', "rediss://localhost:$port $ca",
             qr/certificate is not accepted, unable to get/);
present('right');
refused_with('not an authority of the system', "rediss://localhost:$port",
             qr/certificate is not accepted, unable to get/);
present('expired');
refused_with('expired', "rediss://localhost:$port $ca",
             qr/certificate is not accepted, certificate has expired/);
present('right', 'tls-protocols', 'TLSv1.1');
refused_with('TLS 1.1 only', "rediss://localhost:$port $ca", qr/no TLS with it/);
present('right', 'tls-protocols', 'TLSv1.2');
served('TLS 1.2 only', "rediss://localhost:$port $ca");
present('right', 'tls-protocols', '');
refused_with('a port without TLS', "rediss://localhost:$plain $ca",
             qr/no answer to the TLS handshake/);
refused_with('no TLS to a port with it', "redis://localhost:$port",
             qr/closed the connection|no RESP2|cannot read/);

# it comes to be right: the attempts had gone on

present('expired');
refused_with('expired, again', "rediss://localhost:$port $ca", qr/has expired/);
present('right');
ok(serving($nginx, 'media', 2), 'redis - TLS, renewed - served');

in_order($nginx);
done_testing();


sub configure {
    my ($words) = @_;

    $nginx->write_conf(http => http_config(redis => $words));
    $nginx->reload or die 'no reload';
}


sub served {
    my ($case, $words) = @_;

    configure($words);
    ok(serving($nginx, $_, 2), "redis - TLS, $case, $_ - served")
        for qw(status grant media);
}


# a new worker, which has a password to give away

sub refused_with {
    my ($case, $words, $why) = @_;
    my $line = qr/attempt to connect to Redis ended: .*$why/;
    my $before = $nginx->log($line);

    configure("$words user=edge password_file=" . dir() . '/password');
    redis('CONFIG', 'RESETSTAT');

    ok(wait_for(sub { $nginx->log($line) >= $before + 2 }, 3),
       "redis - TLS, $case - the log says why")
        or diag(grep { /attempt to connect/ } $nginx->log);
    is(refusal(ask($nginx, 'status')), refused(), "redis - TLS, $case - 503");
    is(scalar grep({ /^cmdstat_(?:auth|ping)/ }
           split /\r\n/, redis('INFO', 'commandstats')), 0,
       "redis - TLS, $case - not a command came");
}
