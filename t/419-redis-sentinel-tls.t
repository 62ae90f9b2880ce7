use strict;
use warnings;

# sentinels://: TLS to the Sentinels and to who they name, and nothing without
# it.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Sentinel ();
use Test::Aidial::Tls;

authority($_) for qw(ours theirs);
certificate('right', ca => 'ours', names => 'DNS:redis.example,IP:127.0.0.1');
certificate('name', ca => 'ours', names => 'DNS:redis.example');
certificate('stranger', ca => 'theirs', names => 'IP:127.0.0.1');

my $port = tls_redis('right');
my $sentinel = Test::Aidial::Sentinel::sentinel('sentinel', $port, quorum => 1,
    listen => join "\n", 'port 0', 'tls-port PORT', 'tls-replication yes',
        'tls-auth-clients no', 'tls-ca-cert-file ' . pem('ours'),
        'tls-cert-file ' . pem('right'), 'tls-key-file ' . dir() . '/right.key');
my $at = "127.0.0.1:$sentinel->{port}/m";
my $ca = 'tls_ca=' . pem('ours');
my $nginx = edge(redis => "sentinels://$at $ca");

prepare();
ok(serving($nginx, $_, 5), "sentinel - TLS, $_ - served")
    for qw(status grant media);

# a Sentinel with TLS, a Redis with another certificate: the address counts

present('name');
try('a Redis without its address', "sentinels://$at $ca",
    qr/connect to Redis ended: its certificate is not accepted, IP address/);
try('both by their name', "sentinels://$at $ca tls_name=redis.example");
present('stranger');
try('a Redis of another authority', "sentinels://$at $ca",
    qr/connect to Redis ended: its certificate is not accepted, (?:unable|self.signed)/);
present('right');
try('the right Redis again', "sentinels://$at $ca");

# the Sentinel itself is verified

try('a Sentinel of another name', "sentinels://$at $ca tls_name=x.y",
    qr/a Sentinel does not tell .*certificate is not accepted, hostname/i);
try('a Sentinel of another authority', "sentinels://$at",
    qr/a Sentinel does not tell .*certificate is not accepted, (?:unable|self.signed)/);
try('no TLS to a Sentinel with it', "sentinel://$at",
    qr/a Sentinel does not tell .*(?:closed|no RESP2|cannot read)/);

in_order($nginx);
done_testing();


# served, or refused for this reason

sub try {
    my ($case, $words, $why) = @_;
    my $before = $why ? $nginx->log($why) : 0;

    $nginx->write_conf(http => http_config(redis => $words));
    $nginx->reload or die 'no reload';

    return ok(serving($nginx, 'media', 3), "sentinel - TLS, $case - served")
        if !$why;

    ok(wait_for(sub { $nginx->log($why) > $before }, 3),
       "sentinel - TLS, $case - the log says why");
    is(refusal(ask($nginx, 'media')), refused(), "sentinel - TLS, $case - 503");
}
