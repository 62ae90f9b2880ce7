# Where a grant request may come from: Sec-Fetch-Site and Origin, each of them
# absent, right, wrong and repeated.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start(server => locations(<<'END'));
    location = /listed {
        aidial_recording grant c_9;
        aidial_recording_origin https://portal.example.com
                                http://other.example:8080;
    }
END
my $client = $nginx->client;
my $port = $nginx->port;
my $uri;

records();

# every Sec-Fetch-Site with every Origin; 1: goes on

my %SITE = (
    'same-origin' => 1, 'Same-Origin' => 1, 'same-site' => 0,
    'cross-site' => 0, none => 0, '' => 0, 'same-origin, same-origin' => 0,
    'same-origin ' => 1, 'same-originx' => 0, 'null' => 0,
);

my %ORIGIN = (
    "http://127.0.0.1:$port" => 1, "HTTP://127.0.0.1:$port" => 1,
    null => 0, '' => 0, "https://127.0.0.1:$port" => 0,
    'http://127.0.0.1' => 0, "http://127.0.0.1:$port/" => 0,
    "http://127.0.0.1:${port}0" => 0, "http://127.0.0.1:$port\@evil" => 0,
    'http://evil.example' => 0, "127.0.0.1:$port" => 0, '*' => 0,
    "http://127.0.0.1:$port http://evil.example" => 0,
    "http://xn127.0.0.1:$port" => 0,
);

$uri = '/api/calls/c_9/grant';

refused('neither header');

for my $site (sort keys %SITE) {
    judge($SITE{$site}, "site \"$site\"", "Sec-Fetch-Site: $site");

    judge($SITE{$site} && $ORIGIN{$_}, "site \"$site\", origin \"$_\"",
          "Sec-Fetch-Site: $site", "Origin: $_") for sort keys %ORIGIN;
}

judge($ORIGIN{$_}, "origin \"$_\" alone", "Origin: $_") for sort keys %ORIGIN;

# repeated headers count as the worst of their values

refused('two sites, the second one wrong',
        map { "Sec-Fetch-Site: $_" } qw(same-origin cross-site));
refused('two sites, the first one wrong',
        map { "Sec-Fetch-Site: $_" } qw(cross-site same-origin));
refused('two origins, the second one wrong', same_origin(),
        "Origin: http://127.0.0.1:$port", 'Origin: http://evil.example');
refused('two origins, the first one wrong', same_origin(),
        'Origin: http://evil.example', "Origin: http://127.0.0.1:$port");
refused('two origins, null behind', "Origin: http://127.0.0.1:$port",
        'Origin: null');

# other headers are nobody's word

refused('Referer alone', "Referer: http://127.0.0.1:$port/");
refused('X-Requested-With alone', 'X-Requested-With: XMLHttpRequest');
refused('forwarded', 'Origin: https://portal.example.com',
        'X-Forwarded-Proto: https', 'X-Forwarded-Host: portal.example.com');

# the whole Host is compared, its port included

goes('Host in upper case', 'Host: Portal.Example',
     'Origin: http://portal.example');
goes('Host with a port', 'Host: portal.example:8080',
     'Origin: http://portal.example:8080');
refused('Host with a port, origin without', 'Host: portal.example:8080',
        'Origin: http://portal.example');
refused('Host without a port, origin with one', 'Host: portal.example',
        'Origin: http://portal.example:8080');
refused('Host with the default port, origin without',
        'Host: portal.example:443', 'Origin: https://portal.example');

# the directive replaces the request's own origin

$uri = '/listed';

goes('listed', 'Origin: https://portal.example.com');
goes('listed, in another case', 'Origin: HTTPS://Portal.Example.COM');
goes('listed second, with a port', 'Origin: http://other.example:8080');
goes('listed, and no Origin', same_origin());
refused('listed, other scheme', 'Origin: http://portal.example.com');
refused('listed, other port', 'Origin: http://other.example');
refused('listed, a host in front', 'Origin: https://x.portal.example.com');
refused('listed, a host behind', 'Origin: https://portal.example.com.evil');
refused('listed, the own Host', "Origin: http://127.0.0.1:$port");
refused('listed, null', 'Origin: null', same_origin());
refused('listed, cross-site', 'Origin: https://portal.example.com',
        'Sec-Fetch-Site: cross-site');
refused('listed, neither header');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub judge {
    my ($allowed, @rest) = @_;

    return $allowed ? goes(@rest) : refused(@rest);
}


sub goes {
    my ($title, @headers) = @_;

    is(post(@headers)->{status}, 201, "grant from - $title - 201");
}


sub refused {
    my ($title, @headers) = @_;

    is_problem(post(@headers), 403, 'cross_site_request',
               "grant from - $title - 403 cross_site_request");
}


sub post {
    my (@headers) = @_;

    unshift @headers, "Host: 127.0.0.1:$port"
        if !grep { /^Host:/ } @headers;

    return $client->post($uri, '{"action": "playback"}',
                         'Cookie: aidial_session=s_1', @headers);
}
