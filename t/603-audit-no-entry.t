# No entry, no grant and no byte: whatever keeps Redis from writing the entry,
# the answer is 503, and nothing is spent.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $STREAM = 'aidial:{t_1}:audit';
my $LAST_ID = '18446744073709551615-18446744073709551615';

my $nginx = Test::Aidial::Nginx->start(workers => 2);
my $media = media_bytes();

# [ what is wrong, how it comes, how it goes ]

my @faults = (
    [ 'the stream is a string', sub { redis('SET', $STREAM, 'x') },
      sub { redis('DEL', $STREAM) } ],
    [ 'the stream is a hash', sub { redis('HSET', $STREAM, 'x', 1) },
      sub { redis('DEL', $STREAM) } ],
    [ 'the stream is full', sub { redis('XADD', $STREAM, $LAST_ID,
                                        'x', 1) },
      sub { redis('DEL', $STREAM) } ],
    [ 'XADD is not permitted', sub { acl('-xadd') }, sub { acl('+xadd') } ],
    [ 'the key is not permitted', sub { acl('resetkeys',
          map { "~aidial:$_:*" } qw(session call tenant revoked-before
                                    {t_1}:grant {t_1}:rate)) },
      sub { acl('allkeys') } ],
    [ 'scripts are not permitted', sub { acl('-evalsha', '-eval') },
      sub { acl('+evalsha', '+eval') } ],
    [ 'memory is at its end', sub { redis('CONFIG', 'SET', 'maxmemory', 1) },
      sub { redis('CONFIG', 'SET', 'maxmemory', 0) } ],
    [ 'too few replicas',
      sub { redis('CONFIG', 'SET', 'min-replicas-to-write', 1) },
      sub { redis('CONFIG', 'SET', 'min-replicas-to-write', 0) } ],
);

# writes nothing itself, as ask_media() does

sub play {
    my ($token, @headers) = @_;

    return $nginx->client->get(media_url($token),
                               'Cookie: aidial_session=s_1', @headers);
}


sub acl { redis('ACL', 'SETUSER', 'default', @_) }


# a download of which 100 bytes were sent

sub begun {
    my $token = download();

    play($token, 'Range: bytes=0-99');
    events($token, 2);

    return $token;
}


sub no_media {
    my ($title, $answer) = @_;

    is(refusal($answer), refused(), "$title - 503");
    is(index($answer->{body}, substr $media, 0, 16), -1,
       "$title - not a byte of media");
}


# an attempt that was given up may be remembered, so that it stays dead

sub all_of {
    my ($token) = @_;

    return join(' ', @{ redis('HGETALL', grant_key($token)) })
           =~ s/ dead:[0-9a-f]{32} 1//gr;
}


for my $fault (@faults) {
    my ($name, $comes, $goes) = @$fault;

    redis('DEL', $STREAM);
    records();

    my %token = (playback => grant(), download => download(),
                 resume => begun());
    my @resume = ('Range: bytes=100-', 'If-Range: ' . etag());
    my %before = map { $_ => all_of($token{$_}) } keys %token;

    redis('DEL', $STREAM);
    redis('DEL', 'aidial:{t_1}:rate:u_81');
    $comes->();

    my $grants = () = @{ redis('KEYS', 'aidial:{t_1}:grant:*') };

    is(refusal(ask($nginx, 'grant')), refused(), "$name, a grant - 503");
    is(() = @{ redis('KEYS', 'aidial:{t_1}:grant:*') }, $grants,
       "$name, a grant - none is registered");

    for my $what (sort keys %token) {
        no_media("$name, $what",
                 play($token{$what},
                           $what eq 'resume' ? @resume : ()));
        is(all_of($token{$what}), $before{$what}, "$name, $what - not spent");
    }

    is($nginx->client->head(media_url($token{download}),
                            'Cookie: aidial_session=s_1')->{status}, 200,
       "$name, HEAD - 200, it needs no entry");
    $goes->();
    serving($nginx, 'grant', 8) or die "$name does not go";

    is(play($token{$_},
                 $_ eq 'resume' ? @resume : ())->{status},
       $_ eq 'resume' ? 206 : 200, "$name, it has passed, $_ - served")
        for sort keys %token;
    is(join(' ', map { scalar audit($_) } qw(playback.started
             download.started download.resumed)), '1 1 1',
       "$name, it has passed - each is entered once");
}

# ---- a playback that has its entry needs no other one

my $token = grant();

play($token);
redis('RENAME', $STREAM, 'aside');
redis('SET', $STREAM, 'x');
is(play($token, 'Range: bytes=5-9')->{body},
   substr($media, 5, 5), 'a playback that has begun goes on - 206');
redis('RENAME', 'aside', $STREAM);

# ---- the trail is never trimmed

my $length = redis('XLEN', $STREAM);

redis('XADD', $STREAM, '*', 'event', 'x') for 1 .. 2_000;
ask($nginx, 'grant') for 1 .. 5;
is(redis('XLEN', $STREAM), $length + 2_005, 'the stream is not trimmed');
is(redis('PTTL', $STREAM), -1, 'the stream does not end');

in_order($nginx, crit => 'does not let us in|may evict|answered with');
done_testing();
