# Media responses in flight, per user, over the workers of this edge: exact,
# and no slot stays taken, whatever becomes of the client or the worker.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Cut;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Http2;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Time::HiRes qw(sleep time);

my $TOO_MANY = qr/\A429 too_many_streams \S+ 1\z/;

large(8 << 20);
my $never = Test::Aidial::Origin->start('*' => 'never');
my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => large_http(streams => 3),
    server => locations(large_media('limit_rate 50k;') . <<"END"));
    location /off/ {
        aidial_recording media;
        aidial_recording_streams off;
        limit_rate 50k;
        proxy_pass http://large/;
    }
    location /never/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $never->path ]}:/;
    }
    listen unix:@{[ socket_path() ]} http2;
END

records();
call(large_call());

my $user = 0;

# a user with a cookie, and links of its own

sub somebody {
    $user++;

    return { id => "u_s$user",
             cookie => session(sid => "s_s$user", user_id => "u_s$user") };
}

sub link_of { '/large/' . grant(user => shift->{id}, @_) }

sub ask_as {
    my ($who, $url, @headers) = @_;

    return $nginx->client->get($url // link_of($who), $who->{cookie},
                               @headers);
}

# one that runs: its client

sub run {
    my ($who, $url) = @_;
    my $client = narrow($nginx);

    $client->send_request('GET', $url // link_of($who), undef, $who->{cookie});
    my $answer = $client->response(head => 1) // die 'no answer';

    return $answer->{status} == 200 ? $client : undef;
}

# asked by HEAD, which takes none itself

sub full {
    my ($of) = @_;

    return $nginx->client->head(link_of($of), $of->{cookie})->{status} == 429;
}

# all that it may have, over both workers

sub fill {
    my ($who, @url) = @_;
    my @client = map { run($who, $url[$_]) // die 'not served' } 0 .. 2;

    full($who) or die 'there is room for more';
    return @client;
}

# wait until there is room for one, and for no more than that

sub has_room {
    my ($who, $rooms, $name) = @_;
    my @client;

    ok(wait_for(sub { push @client, run($who) // (); @client == $rooms }),
       "$name - room for $rooms");
    ok(full($who), "$name - and for no more");
    return @client;
}


# ---- three, and no more; playback or download, whichever link

my $who = somebody();
my $link = link_of($who);
my @client = (run($who, $link), run($who, $link),
              run($who, link_of($who, action => 'download')));
is((grep { $_ } @client), 3, 'streams - three run');
like(refusal(ask_as($who, $link)), $TOO_MANY, 'streams - the same link - 429');

my $download = link_of($who, action => 'download');
like(refusal(ask_as($who, $download)), $TOO_MANY, 'streams - a download - 429');
is(state_of($download), 'fresh', 'streams - refused - the link is not spent');
is($nginx->client->head($link, $who->{cookie})->{status}, 429,
   'streams - HEAD - 429 as GET');
is(ask_as(somebody())->{cut}, 1, 'streams - somebody else - served');
is(refusal(ask_as({ %$who, id => 'u_81' })), '404 recording_not_found - -',
   'streams - somebody else\'s link - 404');
call(large_call(), consent => 'denied');
like(refusal(ask_as($who, $link)), qr/\A403 recording_blocked/,
     'streams - what the policy refuses - 403');
call(large_call());

# ---- HEAD takes none

$client[0]->abort;
ok(wait_for(sub { $nginx->client->head($link, $who->{cookie})->{status}
                      == 200 }), 'streams - HEAD, room for one - 200');
$nginx->client->head($link, $who->{cookie}) for 1 .. 5;
push @client, has_room($who, 1, 'streams - after HEAD');

$_->abort for @client[1 .. $#client];
@client = has_room($who, 3, 'streams - all are gone');
$_->abort for @client;

# ---- the ways in which a response ends

my %end = (
    'reset' => sub { $_[0]->abort },
    'closed' => sub { $_[0]->close },
);

for my $end (sort keys %end) {
    my $of = somebody();
    my @running = fill($of);

    $end{$end}->(shift @running);
    push @running, has_room($of, 1, "streams - $end");
    $_->abort for @running;
}

# completed: a small one, asked for again and again, never fills

$who = somebody();
call(id => 'c_small');
@client = (run($who), run($who));
my @status = map { $nginx->client->get(media_url(grant(user => $who->{id},
    call => 'c_small')), $who->{cookie})->{status} } 1 .. 12;
is("@status", join(' ', (200) x 12), 'streams - completed ones make room');
$_->abort for @client;

# an origin that does not answer, and a client that leaves meanwhile

$who = somebody();
@client = map { $nginx->client } 1 .. 3;
$_->send_request('GET', '/never/' . grant(user => $who->{id}), undef,
                 $who->{cookie}) for @client;
ok(wait_for(sub { full($who) }), 'streams - the origin is silent - full');
$_->abort for @client;
@client = has_room($who, 3, 'streams - the origin is silent, clients left');
$_->abort for @client;

# cut

$who = somebody();
my @running = fill($who);
call(large_call(), consent => 'denied');
drain($_, { body => '', headers => {} }) for @running;
call(large_call());
has_room($who, 3, 'streams - cut');

# ---- HTTP/2: each stream is one, and a reset gives it back

$who = somebody();
my $h2 = Test::Aidial::Http2->new(socket_path(), window => 1 << 30);
my @stream = map { $h2->request('GET', link_of($who), undef, $who->{cookie}) }
    1 .. 3;
ok(wait_for(sub { full($who) }), 'streams - HTTP/2 - full');
my $fourth = $h2->wait($h2->request('GET', link_of($who), undef,
                                    $who->{cookie}));
is($fourth->{status}, 429, 'streams - HTTP/2, one more - 429');
$h2->reset($stream[0]);
@running = has_room($who, 1, 'streams - HTTP/2, one is reset');
$_->abort for @running;
$h2->close;
has_room($who, 3, 'streams - HTTP/2, the connection is gone');

# ---- exact: many at once over both workers

$who = somebody();
@client = map { narrow($nginx) } 1 .. 30;
my $url = link_of($who);
$_->send_request('GET', $url, undef, $who->{cookie}) for @client;
my %count;
$count{ ($_->response(head => 1) // { status => 'none' })->{status} }++
    for @client;
is_deeply(\%count, { 200 => 3, 429 => 27 }, 'streams - 30 at once - three run');
$_->abort for @client;

# ---- a player that seeks: the end of the old response comes a little later

$who = somebody();
@client = fill($who);
my $seek = narrow($nginx);
$seek->send_request('GET', $url = link_of($who), undef, $who->{cookie});
sleep 0.05;
$client[0]->abort;
is(($seek->response(head => 1) // {})->{status}, 200,
   'streams - one ends right behind the request - served');
$_->abort for @client[1, 2], $seek;

# ... and one that leaves while it waits for room takes none

$who = somebody();
@client = fill($who);
my @leaving = map { $nginx->client } 1 .. 3;
$_->send_request('GET', link_of($who), undef, $who->{cookie}) for @leaving;
sleep 0.05;
$_->abort for @leaving, @client;
@client = has_room($who, 3, 'streams - left while waiting');
$_->abort for @client;

# ---- off

$who = somebody();
@client = map { run($who, '/off/' . grant(user => $who->{id})) } 1 .. 6;
is((grep { $_ } @client), 6, 'streams - off - as many as there are');
ok(full($who), 'streams - off - they count where there is a limit');
$_->abort for @client;
has_room($who, 3, 'streams - off - and make room there');

# ---- a reload: the old worker's responses count, and their ends as well

$who = somebody();
@client = fill($who);
$nginx->reload(1);
ok(wait_for(sub { $nginx->workers > 2 || full($who) }),
   'streams - reload - there are old workers');
ok(full($who), 'streams - reload - the old ones count');
$_->abort for @client;
@client = has_room($who, 3, 'streams - reload - and make room');
$_->abort for @client;

# ---- a worker that is killed: its slots come back

$who = somebody();
@client = fill($who);
my @old = $nginx->workers;
$nginx->signal('KILL', $_) for @old;
ok(wait_for(sub { my %now = map { $_ => 1 } $nginx->workers;
                  keys %now >= 2 && !grep { $now{$_} } @old }, 10),
   'streams - workers killed - others took over');
has_room($who, 3, 'streams - workers killed');

in_order($nginx, killed => 1);

# ---- without the directive there are eight

$nginx = Test::Aidial::Nginx->start(
    http => large_http() =~ s/aidial_recording_streams off;//r,
    server => locations(large_media('limit_rate 50k;')));
$who = somebody();
@client = map { run($who) } 1 .. 8;
is((grep { $_ } @client), 8, 'streams - default - eight');
ok(full($who), 'streams - default - and no more');
$_->abort for @client;
in_order($nginx);

done_testing();
