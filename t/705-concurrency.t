use strict;
use warnings;

# Many clients at once, some of whom leave: only what the contract knows is
# answered, a download is served at most once, and nothing is left over.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

my $REQUESTS = 500;
my $AT_ONCE = 40;

# what each kind may be answered, and what it is asked with

my %answers = (
    status => qr/\A200\z/,
    grant => qr/\A201\z/,
    media => qr/\A200\z/,
    download => qr/\A(?:200|410)\z/,
    forged => qr/\A404\z/,
    expired => qr/\A410\z/,
    unknown => qr/\A404\z/,
    stranger => qr/\A401\z/,
);

srand 20260311;

my $nginx = edge(workers => 2, redis => 'unix:' . redis_server()->path
                                         . ' timeout=5s');
my @pids = $nginx->workers;

prepare();
ok(serving($nginx, 'media', 2), 'many - before - served');

my @descriptors = map { descriptors($_) } @pids;
my @downloads = map { download_url() } 1 .. 20;
my $expired = media_url(grant(expires_at => time - 1));
my $redis = () = redis('CLIENT', 'LIST') =~ /^id=/mg;

my (@open, @wrong, %served, %count);

for my $n (1 .. $REQUESTS) {
    push @open, begin((sort keys %answers)[rand keys %answers]);
    finish(splice @open, rand @open, 1) if @open >= $AT_ONCE;
}

finish($_) for @open;
undef @open;

is(join("\n", @wrong), '', 'many - every answer is one the contract knows');
is(join(' ', grep { $served{$_} > 1 } sort keys %served), '',
   'many - no download was served twice');
cmp_ok(scalar keys %served, '>', 5, 'many - downloads were served');
is(scalar keys %count, scalar keys %answers, 'many - every kind was answered');
cmp_ok($count{status}, '>', 20, 'many - often enough');

ok(serving($nginx, $_, 2), "many - after it, $_ - served")
    for qw(status grant media download);
is(join(' ', map { descriptors($_) } @pids), "@descriptors",
   'many - as many descriptors as before');
is(scalar(() = redis('CLIENT', 'LIST') =~ /^id=/mg), $redis,
   'many - as many connections to Redis as before');

in_order($nginx, pids => \@pids);
done_testing();


# a request on its way; some of the clients will not wait for its answer

sub begin {
    my ($kind) = @_;
    my $url = $kind eq 'download' ? $downloads[rand @downloads]
            : $kind eq 'forged' ? media_url(token(key => 'x' x 32))
            : $kind eq 'expired' ? $expired
            : $kind eq 'unknown' ? '/api/calls/c_0/status' : $kind;

    my $client = $nginx->client;

    $kind eq 'stranger'
        ? $client->send_request('GET', '/api/calls/c_9/status', undef,
                                'Cookie: aidial_session=s_0')
        : start_asking($client, $url);

    return { kind => $kind, url => $url, client => $client,
             leaves => (undef, undef, undef, undef, 'close', 'abort')[rand 6] };
}


sub finish {
    my ($request) = @_;
    my ($kind, $client) = @$request{qw(kind client)};

    if (my $way = $request->{leaves}) {
        $client->$way;
        return;
    }

    my $answer = $client->response // { status => 'none', body => '' };

    $count{$kind}++;
    push @wrong, "$kind: $answer->{status}"
        if $answer->{status} !~ $answers{$kind} || $answer->{cut};

    return if $kind ne 'download' || $answer->{status} != 200;

    $served{ $request->{url} }++;
    push @wrong, 'download: other bytes' if $answer->{body} ne media_bytes();
}
