package Test::Aidial::Tls;

# Authorities and certificates made at run time, and a Redis that uses them.
#
#     authority('ours');
#     certificate('right', ca => 'ours', names => 'DNS:localhost');
#     my $port = tls_redis('right');          the suite's own, on TCP as well
#     present('expired');                     to connections from now on
#
# What they are called is also the name of their files: pem('ours').

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::INET;
use Test::Aidial::World;

our @EXPORT = qw(authority certificate pem tls_redis present free_port);

my @KEY = qw(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes);


sub pem { dir() . "/$_[0].pem" }


sub authority {
    my ($name) = @_;

    _openssl('req', '-x509', @KEY, '-days', 2, '-subj', "/CN=authority $name",
             '-keyout', dir() . "/$name.key", '-out', pem($name));
}


# certificate($name, ca => $authority, names => 'DNS:x,IP:y', days => N)

sub certificate {
    my ($name, %is) = @_;
    my $key = dir() . "/$name.key";
    my $asked = dir() . "/$name.csr";

    _openssl('req', '-new', @KEY, '-subj', "/CN=$name", '-keyout', $key,
             '-addext', "subjectAltName=$is{names}", '-out', $asked);
    _openssl('x509', '-req', '-in', $asked, '-days', $is{days} // 2,
             '-CA', pem($is{ca}), '-CAkey', dir() . "/$is{ca}.key",
             '-CAcreateserial', '-copy_extensions', 'copy',
             '-out', pem($name));
}


sub _openssl {
    my (@words) = @_;
    my $said = dir() . '/openssl.log';
    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        open STDOUT, '>', $said;
        open STDERR, '>&', \*STDOUT;
        exec 'openssl', @words or exit 127;
    }

    local $?;
    waitpid $pid, 0;
    die "openssl @words: see $said\n" if $?;
}


# the port on which the suite's Redis speaks TLS, with that certificate

sub tls_redis {
    my ($name) = @_;
    my $port = free_port();

    present($name);
    redis('CONFIG', 'SET', 'bind', '127.0.0.1 -::1', 'tls-port', $port);

    return $port;
}


sub present {
    my ($name, @more) = @_;

    redis('CONFIG', 'SET', 'tls-cert-file', pem($name),
          'tls-key-file', dir() . "/$name.key",
          'tls-ca-cert-file', pem($name), 'tls-auth-clients', 'no', @more);
}


sub free_port {
    return IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        ->sockport;
}


1;
