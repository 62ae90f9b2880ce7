# The session cookie: which one is meant, and what is none.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $names = join '', map { "location = /$_->[0] {
        aidial_recording status c_9;
        aidial_recording_session_cookie $_->[1];
    }\n" } [ 'host', '__Host-portal' ], [ 'express', 'connect.sid' ];

my $nginx = Test::Aidial::Nginx->start(
    http => http_config(extra => 'large_client_header_buffers 4 32k;'),
    server => locations($names));
my $client = $nginx->client;

records();
session(sid => 's_2');
session(sid => 'x' x 128);
session(sid => 'A-z_0.9:');
session(sid => 'x' x 129);
session(sid => 'a b');

my $LONG = 'x' x 8192;

# the Cookie lines, and whether they open the session

table('/api/calls/c_9/status',
    [ 'one', 1, 'aidial_session=s_1' ],
    [ 'none', 0 ],
    [ 'an empty line', 0, '' ],
    [ 'empty value', 0, 'aidial_session=' ],
    [ 'name alone', 0, 'aidial_session' ],
    [ 'no name', 0, '=s_1' ],
    [ 'unknown session', 0, 'aidial_session=s_none' ],
    [ 'twice the same', 1, 'aidial_session=s_1; aidial_session=s_1' ],
    [ 'two different ones', 0, 'aidial_session=s_1; aidial_session=s_2' ],
    [ 'two different ones, the other first', 0,
      'aidial_session=s_none; aidial_session=s_1' ],
    [ 'one and an empty one', 0, 'aidial_session=s_1; aidial_session=' ],
    [ 'an empty one and one', 0, 'aidial_session=; aidial_session=s_1' ],
    [ 'two lines, the same', 1, 'aidial_session=s_1', 'aidial_session=s_1' ],
    [ 'two lines, different', 0, 'aidial_session=s_1', 'aidial_session=s_2' ],
    [ 'two lines, the second one has it', 1, 'a=b', 'aidial_session=s_1' ],
    [ 'quoted', 0, 'aidial_session="s_1"' ],
    [ 'percent-encoded', 0, 'aidial_session=s%5f1' ],
    [ 'name in upper case', 0, 'AIDIAL_SESSION=s_1' ],
    [ 'name with a capital, beside the right one', 1,
      'Aidial_session=s_2; aidial_session=s_1' ],
    [ 'value in another case', 0, 'aidial_session=S_1' ],
    [ 'behind a comma', 0, 'a=b, aidial_session=s_1' ],
    [ 'comma in the value', 0, 'aidial_session=s_1, a=b' ],
    [ 'behind a semicolon without a blank', 1, 'a=b;aidial_session=s_1' ],
    [ 'blanks around', 1, " a=b ;  \taidial_session = s_1 \t; c=d" ],
    [ 'blank in the value', 0, 'aidial_session=a b' ],
    [ 'last semicolon', 1, 'aidial_session=s_1;' ],
    [ 'empty pairs', 1, ';; ;aidial_session=s_1;;' ],
    [ 'another name with this one at its end', 0, 'xaidial_session=s_1' ],
    [ 'another name that begins with this one', 0, 'aidial_session2=s_1' ],
    [ 'value that looks like the pair', 0, 'a=aidial_session=s_1' ],
    [ 'equals sign in the value', 0, 'aidial_session=s_1=' ],
    [ 'all marks', 1, 'aidial_session=A-z_0.9:' ],
    [ '128 characters', 1, 'aidial_session=' . 'x' x 128 ],
    [ '129 characters', 0, 'aidial_session=' . 'x' x 129 ],
    [ '8 KiB', 0, "aidial_session=$LONG" ],
    [ 'behind 8 KiB of another one', 1, "a=$LONG; aidial_session=s_1" ],
    [ 'slash', 0, 'aidial_session=../s_1' ],
    [ 'line break of Redis', 0, 'aidial_session=s_1%0d%0a' ],
    [ 'octet over 127', 0, "aidial_session=s_1\xe9" ],
    [ 'star', 0, 'aidial_session=*' ],
    [ 'braces of the key template', 0, 'aidial_session={sid}' ],
);

table('/host',
    [ '__Host- name', 1, '__Host-portal=s_1' ],
    [ '__Host- name in another case', 0, '__host-portal=s_1' ],
    [ '__Host- name without its prefix', 0, 'portal=s_1' ],
    [ '__Host- name with a dash for the underscore', 0, '--Host-portal=s_1' ],
    [ '__Host- name beside the default one', 1,
      'aidial_session=s_2; __Host-portal=s_1' ],
);

table('/express',
    [ 'connect.sid', 1, 'connect.sid=s_1' ],
    [ 'connect_sid', 0, 'connect_sid=s_1' ],
    [ 'Connect.sid', 0, 'Connect.sid=s_1' ],
    [ 'connectXsid, the dot is no pattern', 0, 'connectXsid=s_1' ],
);

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub table {
    my ($uri, @rows) = @_;

    for my $row (@rows) {
        my ($title, $open, @cookies) = @$row;
        my $answer = $client->get($uri, map { "Cookie: $_" } @cookies);

        if ($open) {
            is($answer->{status}, 200, "session cookie - $title - 200");

        } else {
            is_problem($answer, 401, 'session_required',
                       "session cookie - $title - 401 session_required");
        }
    }
}
