# A running delivery holds a lease that its edge renews.  A lease that has
# lapsed closes the grant, whatever the edge says later.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Test::Aidial::Origin;
use Time::HiRes qw(sleep time);

my $USED = '410 grant_used - -';

my $bytes = large(4 << 20);
my $never = Test::Aidial::Origin->start('*' => 'never');
my $nginx = Test::Aidial::Nginx->start(workers => 2, http => large_http(),
    server => locations(large_media() . <<"END"));
    location /slow/ {
        aidial_recording media;
        limit_rate 100k;
        proxy_pass http://large/;
    }
    location /never/ {
        aidial_recording media;
        proxy_pass http://unix:@{[ $never->path ]}:/;
    }
END

records();
call(large_call());


sub lease { redis('HGET', grant_key($_[0]), 'lease') }

sub now_ms {
    my ($seconds, $micros) = @{ redis('TIME') };

    return $seconds * 1000 + int $micros / 1000;
}


# a slow one, and one whose origin does not answer: both are renewed in time

my %token = (slow => download(), never => download());
my %client = map { $_ => narrow($nginx) } keys %token;

$client{$_}->send_request('GET', "/$_/$token{$_}", undef, session())
    for keys %token;
ok(wait_for(sub { state_of($token{$_}) eq 'running' }),
   "media - lease, $_ - it runs") for sort keys %token;

my $begin = now_ms();
my %lease = map { $_ => lease($token{$_}) } keys %token;

for (sort keys %token) {
    cmp_ok($lease{$_} - $begin, '>', 28_000, "media - lease, $_ - 30 seconds");
    cmp_ok($lease{$_} - $begin, '<=', 30_000, "media - lease, $_ - no longer");
}

# ---- lapsed: another GET finds it, and closes the grant for ever

my $token = download();
my ($client, $part) = part($nginx, "/slow/$token", 50_000);

redis('HSET', grant_key($token), lease => now_ms() - 1);
is(refusal(resume($nginx, "/slow/$token", 50_000)), $USED,
   'media - the lease has lapsed, resume - 410 grant_used');
is(state_of($token), 'closed',
   'media - the lease has lapsed - the grant is closed');

# its edge lives after all: what it delivered is entered, the grant stays shut

is($client->read_bytes(50_000), substr($bytes, 50_000, 50_000),
   'media - the lease has lapsed - the delivery goes on');
$client->abort;
is(events($token, 2), 'started aborted',
   'media - the lease has lapsed - the end is entered');
is(refusal(resume($nginx, "/slow/$token", 50_000)), $USED,
   'media - the lease has lapsed, the end is known - 410 grant_used');
is(state_of($token), 'closed', 'media - the lease has lapsed - still closed');

# ---- lapsed while the origin is silent: a voided delivery does not open it

$token = download();
$client = $nginx->client;
$client->send_request('GET', "/never/$token", undef, session());
wait_for { state_of($token) eq 'running' } or die 'not redeemed';
redis('HSET', grant_key($token), lease => now_ms() - 1);
is(refusal(ask_media($nginx, "/never/$token", 'Range: bytes=1-',
                     'If-Range: "x"')), $USED,
   'media - the lease has lapsed, no byte yet - 410 grant_used');
$client->abort;
is(events($token, 2), 'started voided',
   'media - the lease has lapsed, no byte - the end is entered');
is(refusal(ask_media($nginx, "/large/$token")), $USED,
   'media - the lease has lapsed, no byte - the grant stays closed');

# ---- lapsed, and the end is the first that is heard of it

my %begin = (
    aborted => sub { (part($nginx, "/slow/$_[0]", 50_000))[0] },
    voided => sub {
        my ($of) = @_;
        my $silent = $nginx->client;

        $silent->send_request('GET', "/never/$of", undef, session());
        wait_for { state_of($of) eq 'running' } or die 'not redeemed';
        return $silent;
    },
);

for my $end (sort keys %begin) {
    $token = download();
    $client = $begin{$end}->($token);
    redis('HSET', grant_key($token), lease => now_ms() - 1);
    $client->abort;
    is(events($token, 2), "started $end",
       "media - the lease has lapsed, $end - the end is entered");
    is(state_of($token), 'closed',
       "media - the lease has lapsed, $end - the grant is closed");
    is(refusal(ask_media($nginx, "/large/$token")), $USED,
       "media - the lease has lapsed, $end - 410 grant_used");
}

# ---- the grant outlives the lease and what may be resumed

$token = download(expires_at => time + 1);
redis('EXPIRE', grant_key($token), 2);
($client, $part) = part($nginx, "/slow/$token", 1000);
cmp_ok(redis('PTTL', grant_key($token)), '>', 900_000,
       'media - redeemed - the grant is kept for the resume window');

# ---- ten seconds later

sleep 0.1 while now_ms() < $begin + 11_000;

for (sort keys %token) {
    cmp_ok(lease($token{$_}), '>=', $lease{$_} + 9_000,
           "media - lease, $_, ten seconds later - renewed");
    is(state_of($token{$_}), 'running',
       "media - lease, $_, ten seconds later - it runs");
}

is(events($token{slow}, 1), 'started', 'media - lease, renewed - not entered');

# ---- the end of the delivery is the end of its lease

$_->abort for values %client, $client;
is(events($token{slow}, 2), 'started aborted', 'media - lease, slow - ended');
is(events($token{never}, 2), 'started voided', 'media - lease, never - ended');
is(resume($nginx, "/large/$token{slow}", 1000)->{status}, 206,
   'media - lease, it has ended, resume - 206');
is(ask_media($nginx, "/large/$token{never}")->{status}, 200,
   'media - lease, it was given back - 200');

in_order($nginx);
done_testing();
