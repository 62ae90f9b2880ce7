# The token: one text, one owner, one place, one life.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha256);
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Answer;

my $key2 = 'another-key-of-more-than-32-octets';
my $dir = dir();

open my $file, '>', "$dir/k2.key" or die "$dir/k2.key: $!";
print $file $key2;
close $file;

my @two_keys = (http => http_config(grant_key => "k2 $dir/k2.key",
    extra => "aidial_recording_grant_key k1 $dir/k1.key;"));
my $nginx = Test::Aidial::Nginx->start(@two_keys);
my $client = $nginx->client;

records();

my $answer404 = $client->get('/recordings/x', session())->{body};


sub case {
    my ($what, $url, $word, @headers) = @_;
    my $client = $nginx->client;

    is_answer($client->get($url, @headers ? @headers : session()), $word,
        "media - $what - " . ($word =~ /\A\d/ ? $word : status_of($word)));
}


# ---- the text

my $token = grant();
my $text = media_url($token);

is_answer($client->get($text, session()), '200', 'media - untouched - 200');

# every character, changed to each of its neighbours in the alphabet

my $passed = 0;

for my $i (0 .. length($token) - 1) {
    my $old = substr $token, $i, 1;

    for my $new (grep { $_ ne $old } 'A', 'B', '.', '-') {
        my $changed = $token;

        substr $changed, $i, 1, $new;
        my $got = $client->get(media_url($changed), session());
        next if $got && $got->{status} == 404 && $got->{body} eq $answer404;

        $passed++;
        diag("character $i changed to $new");
    }
}

is($passed, 0, 'media - any character changed - 404, the same answer');

my $cut = grep {
    my $got = $client->get(media_url(substr $token, 0, $_), session());
    $got->{status} != 404 || $got->{body} ne $answer404;
} 0 .. length($token) - 1;

is($cut, 0, 'media - truncated anywhere - 404, the same answer');

case('extended', "$text$_", 'recording_not_found')
    for 'A', '.', '=', '-', '/', '%20', ';', ',', '.A', "/$token", '#x';
case('nothing', '/recordings/', 'recording_not_found');
case('a dot', '/recordings/.x', 'recording_not_found');
case('769 characters', media_url('A' x 725 . '.' . 'A' x 43),
    'recording_not_found');
case('4000 characters', media_url('A' x 4000), 'recording_not_found');
case('a query', "$text?x=1", 'recording_not_found');
case('a query without content', "$text?", 'recording_not_found');
case('in the other case', media_url(lc $token), 'recording_not_found');

# ---- the owner, the place, the action

case('another user of the tenant', media_url(grant(user => 'u_82')),
    'recording_not_found');
case('the same user id of another tenant', media_url(grant(tenant => 't_2')),
    'recording_not_found');
case('another call, unknown', media_url(grant(call => 'c_10')),
    'recording_not_found');
case('another client', media_url(grant(client => 'cl_2')),
    'recording_not_found');
case('another project, in scope', media_url(grant(project => 'p_2')),
    'recording_not_found');
case('client and project shifted', media_url(grant(
    scope => substr sha256("aidial-recording-scope-v1\0\5cl_1p\2_1"), 0, 16)),
    'recording_not_found');
case('an action of 0', media_url(grant(action => 0)), 'recording_not_found');
case('an action of 3', media_url(grant(action => 3)), 'recording_not_found');
case('version 2', media_url(grant(version => 2)), 'recording_not_found');
case('a MAC of zeros', media_url(grant(mac => "\0" x 32)),
    'recording_not_found');

call(id => 'c_10', project_id => 'p_2');
case('the token of another call', media_url(grant(call => 'c_10')),
    'recording_not_found');
case('the other call, its own token',
    media_url(grant(call => 'c_10', project => 'p_2')), '200');

# ---- presented by another session

session(sid => 's_2', user_id => 'u_82');
session(sid => 's_3', tenant_id => 't_2');
session(sid => 's_4', project_ids => [ 'p_2' ]);
session(sid => 's_5', client_id => 'cl_2');
session(sid => 's_6', project_ids => []);
session(sid => 's_7', created_at => time);

for my $sid ([ 2, 'another user' ], [ 3, 'the same id in another tenant' ],
             [ 4, 'lost the project' ], [ 5, 'moved to another client' ],
             [ 6, 'has no project' ])
{
    case("the session is of a user who $$sid[1]", $text,
        'recording_not_found', "Cookie: aidial_session=s_$$sid[0]");
}

case('another session of the same user', $text, '200',
    'Cookie: aidial_session=s_7');

# ---- the call moves

for my $move ([ project_id => 'p_2' ], [ client_id => 'cl_2' ],
              [ tenant_id => 't_2' ], [ project_id => undef ],
              [ raw => '[]' ], [ raw => '{' ])
{
    call(@$move);
    case("the call moved: $$move[0] " . ($$move[1] // 'lost'), $text,
        'recording_not_found');
}

redis('DEL', 'aidial:call:c_9');
case('the call is gone', $text, 'recording_not_found');
call();
case('the call is back', $text, '200');

# ---- the life

case('expired', media_url(grant(expires_at => time - 1)), 'grant_expired');
case('expired now', media_url(grant(expires_at => time)), 'grant_expired');
case('expired, a download', media_url(grant(action => 'download',
    expires_at => time - 1)), 'grant_expired');
case('not registered', media_url(token()), 'grant_expired');
case('not registered, a download', media_url(token(action => 'download')),
    'grant_expired');

# what Redis knows of a grant must be what the token says

for my $action (qw(playback download)) {
    my $other = $action eq 'playback' ? 'download' : 'playback';
    my $id = substr "$action-registered", 0, 16;

    grant(action => $other, id => $id);
    case("registered for a $other, a $action",
         media_url(token(action => $action, id => $id)), 'grant_expired');
}

case('forged and expired', media_url(token(key => $key2,
    expires_at => time - 1)), 'recording_not_found');
case('expired, of another user', media_url(grant(user => 'u_82',
    expires_at => time - 1)), 'recording_not_found');

redis('FLUSHALL');
records();
case('Redis lost the grant', $text, 'grant_expired');

# ---- keys

$text = media_url(grant());
my $second = media_url(grant(key_id => 'k2', key => $key2));

case('signed by the first key', $second, '200');
case('signed by the second key', $text, '200');
case('one key under the name of the other', media_url(grant(key_id => 'k2')),
    'recording_not_found');
case('a key that is not configured', media_url(grant(key_id => 'k3')),
    'recording_not_found');

$nginx->write_conf(http => http_config(grant_key => "k2 $dir/k2.key"));
ok($nginx->reload, 'nginx reloads without the key k1');
case('the key was removed', $text, 'recording_not_found');
case('the other key stays', $second, '200');

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming in the error log');

done_testing();
