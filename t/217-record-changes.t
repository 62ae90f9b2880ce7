# A worker keeps what it has made of a record, and uses it only while Redis
# returns the same octets: a change counts from the next request on, and no
# record answers for another one.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Nginx;

records();

my $nginx = Test::Aidial::Nginx->start(workers => 1, server => locations(<<'END'));

    # the same records in the words of another portal

    location ~ ^/other/([^/]+)/status$ {
        aidial_recording status $1;
        aidial_recording_session_field projects /others;
    }
END

my $client = $nginx->client;

# each step changes one thing, between two requests that are answered from
# what the worker has by then

steady('at first', 'c_9', [ 200, 1, 1 ]);

call(consent => 'denied');
steady('consent withdrawn', 'c_9', [ 200, 0, 0 ]);
call();
steady('consent given', 'c_9', [ 200, 1, 1 ]);

tenant(recording_download => 0);
steady('download switched off', 'c_9', [ 200, 1, 0 ]);
tenant();

session(project_ids => [ 'p_2' ]);
steady('project taken away', 'c_9', [ 404 ]);
session(role => 'client_staff');
steady('another role', 'c_9', [ 200, 1, 0 ]);
session();

call(project_id => 'p_3');
steady('call moved', 'c_9', [ 404 ]);
call();
steady('call moved back', 'c_9', [ 200, 1, 1 ]);

redis('DEL', 'aidial:session:s_1');
steady('signed out', 'c_9', [ 401 ]);
session();
steady('signed in', 'c_9', [ 200, 1, 1 ]);

redis('SET', 'aidial:revoked-before:t_1:u_81', time);
steady('revoked', 'c_9', [ 401 ]);
redis('DEL', 'aidial:revoked-before:t_1:u_81');

redis('DEL', 'aidial:call:c_9');
steady('call deleted', 'c_9', [ 404 ]);
redis('DEL', 'aidial:tenant:t_1');
call();
steady('tenant deleted', 'c_9', [ 200, 1, 0 ]);
tenant();

# the octets are the same and the time is not

session(expires_at => time + 2);
steady('it will expire', 'c_9', [ 200, 1, 1 ]);
ok(wait_for { answer('c_9')->[0] == 401 }, 'it expires, unchanged');
session();

# the same octets under other names

call(id => 'c_9', media => { filename => undef });
call(id => 'c_8', media => { filename => undef });

for my $time (1, 2) {
    for my $id ('c_9', 'c_8') {
        my $url = media_url(grant(call => $id, action => 'download'));
        my $reply = $client->get($url, portal());

        like($reply->{headers}{'content-disposition'}, qr/\Q$id\E/,
             "$id is saved under its own name, time $time");
    }
}

session(sid => 's_2');
session(sid => 's_2', project_ids => [ 'p_9' ]);
steady('a session', 'c_9', [ 200, 1, 1 ]);
is_deeply(answer('c_9', 's_2'), [ 404 ], 'another one of the same user');
steady('the first again', 'c_9', [ 200, 1, 1 ]);

# the same octets read in two ways

session(project_ids => [ 'p_1' ], others => [ 'p_9' ]);

for my $time (1, 2) {
    is_deeply(answer('c_9'), [ 200, 1, 1 ], "one map, time $time");
    is($client->get('/other/c_9/status', portal_cookie())->{status}, 404,
       "another map, time $time");
}

$nginx->signal('HUP');
$client = $nginx->client;
is_deeply(answer('c_9'), [ 200, 1, 1 ], 'after a reload');

ok($nginx->stop, 'quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


# twice: as it is read, and as it is recalled

sub steady {
    my ($name, $call, $expect) = @_;

    is_deeply([ answer($call), answer($call) ], [ $expect, $expect ], $name);
}


# status, playback allowed, download allowed

sub answer {
    my ($call, $sid) = @_;
    my $reply = $client->get("/api/calls/$call/status", portal_cookie($sid));

    return [ $reply->{status} ] if $reply->{status} != 200;

    my $json = decode_json($reply->{body});

    return [ 200, map { $json->{$_}{allowed} ? 1 : 0 } qw(playback download) ];
}


sub portal_cookie { 'Cookie: aidial_session=' . ($_[0] // 's_1') }
