# A rewrite that leads into a media location: there is no token in the raw
# URI, and none is left in what is logged.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;

my $log = dir() . '/uris.log';
my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra =>
        q(log_format uris '$uri|$document_uri|$request_uri|$request';)),
    server => <<"END");
    access_log $log uris;

    rewrite ^/server/(.*)\$ /recordings/\$1;

    location /location/ {
        rewrite ^/location/(.*)\$ /recordings/\$1 last;
    }

    location /other/ {
        aidial_recording media;
        rewrite ^/other/(.*)\$ /recordings/\$1 last;
    }

    location /recordings/ {
        aidial_recording media;
        proxy_pass http://origin/;
    }
END

records();

for my $prefix (qw(server location other)) {
    my $token = grant();
    my $answer = $nginx->client->get("/$prefix/$token", session());

    is($answer->{status}, 404, "media - rewritten from /$prefix/ - 404");
    like($answer->{body}, qr/"code":"recording_not_found"/,
         "media - rewritten from /$prefix/ - recording_not_found");

    my ($mac) = $token =~ /\.(.*)/;

    wait_for { logged() =~ m{/$prefix/} } 5;
    is(index(logged(), $mac), -1,
       "media - rewritten from /$prefix/ - no token in \$uri");

    # nginx's rewrite module notes what it does before anybody else is asked

    is(scalar(grep { index($_, $mac) >= 0 && !/\[(?:debug|notice)\]/ }
              $nginx->log), 0,
       "media - rewritten from /$prefix/ - no token in the error log");
}

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub logged {
    open my $file, '<', $log or return '';
    local $/;
    return <$file> // '';
}
