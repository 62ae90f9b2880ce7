# What is counted of requests: valid text, every series from the start, each
# problem and reason by its code, grants and bytes by action; exact over two
# workers.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Delivery;
use Test::Aidial::Fault;
use Test::Aidial::Metrics;
use Test::Aidial::Nginx;

my $middle = middle();
my $large = large(8 << 20);
my $nginx = Test::Aidial::Nginx->start(workers => 2,
    http => large_http(redis => 'unix:' . $middle->path,
                       grant_rate => 'rate=1r/m burst=1'),
    server => locations(metrics_location() . large_media() . <<'END'));
    location /fail/ {
        aidial_recording media;
        proxy_pass http://origin/fail/;
    }
    location /one/ {
        aidial_recording media;
        aidial_recording_streams 1;
        aidial_recording_recheck 500ms;
        proxy_pass http://large/;
    }
END

my @same = same_origin();

records();


# ---- before the first request

my $text = metrics_text($nginx);
my $first = eval { parse($text) };

is($@, '', 'metrics - at the start - valid');
is_deeply([ grep { $first->{$_} > 0 } sort keys %$first ],
          [ sort grep { /\A(?:build_info|redis_|workers|zone_)/
                        && $first->{$_} > 0 } keys %$first ],
          'metrics - at the start - nothing is counted');
is($first->{workers}, 2, 'metrics - at the start - two workers');
is($first->{zone_size_bytes}, 1 << 20, 'metrics - the size of the zone');
cmp_ok($first->{zone_free_bytes}, '<', 1 << 20, 'metrics - some of it is used');
cmp_ok($first->{zone_free_bytes}, '>', 900_000, 'metrics - not much of it');
ok((grep { /\Abuild_info\{version="[\d.]+",nginx="[\d.]+"\}\z/ }
    keys %$first), 'metrics - the versions');

open my $changes, '<', 'CHANGES' or die "CHANGES: $!";
my ($version) = do { local $/; <$changes> } =~ /recording_module ([\d.]+)/;

like($text, qr/version="\Q$version\E"/, 'metrics - the version of CHANGES');

my ($rc, $said) = promtool_check($text);

SKIP: {
    skip 'no promtool here', 1 if !defined $rc;
    is("$rc $said", '0 ', 'metrics - promtool has nothing to say');
}


# ---- each problem

my %problems = map { /\Arefusals_total\{endpoint="media",code="(\w+)"\}/
                     ? ($1 => 1) : () } keys %$first;
my $user = 0;


# a user of its own, who is let in by the rate

sub somebody {
    $user++;
    return session(sid => "s_m$user", user_id => "u_m$user", @_);
}

sub own { grant(user => "u_m$user", @_) }

sub get { $nginx->client->get(@_) }

sub media { my ($token, @headers) = @_; get(media_url($token), @headers) }

sub post {
    my ($body, @headers) = @_;
    $nginx->client->post('/api/calls/c_9/grant', $body, @headers);
}


# is_counted($code, $endpoint, $status, sub { ... }): that answer, and nothing
# else counted but it

sub is_counted {
    my ($code, $endpoint, $status, $ask, %more) = @_;
    my $title = "metrics - $endpoint $code";
    my $before = scrape($nginx);
    my %expected = (
        qq(refusals_total{endpoint="$endpoint",code="$code"}) => 1,
        qq(requests_total{endpoint="$endpoint",code="$status"}) => 1,
        %more
    );

    $expected{"${code}_total"} = 1
        if $code =~ s/\Agrant_(expired|used)\z/grants_$1/;

    like(refusal($ask->()), qr/\A$status /, "$title - answered");

    my $changed;

    wait_for {
        $changed = changes($before, scrape($nginx),
                           qr/requests_total|refusals_total|grants_.*/);
        keys %$changed >= keys %expected;
    };

    is_deeply($changed, \%expected, "$title - counted, and nothing else");
    delete $problems{ $code =~ s/\Agrants_/grant_/r };
}


my $play = '{"action": "playback"}';

is_counted('invalid_request', 'grant', 400, sub {
    post('{', somebody(), @same);
});
is_counted('confirmation_required', 'grant', 400, sub {
    post('{"action": "download"}', somebody(), @same);
});
is_counted('session_required', 'status', 401, sub {
    get('/api/calls/c_9/status');
});
is_counted('session_required', 'media', 401, sub { media(grant()) });
is_counted('cross_site_request', 'grant', 403, sub {
    post($play, somebody(), 'Sec-Fetch-Site: cross-site');
});
is_counted('playback_only', 'media', 403, sub {
    media(grant(), session(), 'Sec-Fetch-Dest: document');
});
is_counted('recording_not_found', 'status', 404, sub {
    get('/api/calls/c_none/status', session());
});
is_counted('recording_not_found', 'media', 404, sub {
    media('nonsense', session());
});
is_counted('method_not_allowed', 'grant', 405, sub {
    get('/api/calls/c_9/grant', session());
});
is_counted('grant_expired', 'media', 410, sub {
    media(grant(expires_at => time - 1), session());
});
is_counted('grant_used', 'media', 410, sub {
    media(grant(action => 'download', state => 'closed'), session());
});
is_counted('request_too_large', 'grant', 413, sub {
    post('x' x 5000, somebody(), @same);
});
is_counted('unsupported_media_type', 'grant', 415, sub {
    post($play, somebody(), @same, 'Content-Type: text/plain');
});

call(id => 'c_fail', media => { object => '/500' });
is_counted('media_unavailable', 'media', 502, sub {
    get('/fail/' . grant(call => 'c_fail'), session());
}, 'grants_redeemed_total{action="playback"}' => 1);

is_counted('prefetch_refused', 'media', 503, sub {
    media(grant(), session(), 'Purpose: prefetch');
});

call(consent => 'missing', media => { status => 'removed' });
is_counted('recording_blocked', 'media', 403, sub { media(grant(), session()) });
is_deeply(family(scrape($nginx), 'blocked_total'),
          { 'reason="consent_missing"' => 1, 'reason="media_removed"' => 1 },
          'metrics - blocked - both reasons');
call();

# two are let in, the third is one too many

my $who = somebody();
my $grants = scrape($nginx);

is(post($play, $who, @same)->{status}, 201, 'metrics - a grant - 201');
is(post('{"action": "download", "confirm": true}', $who, @same)->{status},
   201, 'metrics - another one - 201');
settles($nginx, 'requests_total{endpoint="grant",code="201"}', 2);
is_deeply(changes($grants, scrape($nginx), qr/grants_issued_total/),
          { 'grants_issued_total{action="playback"}' => 1,
            'grants_issued_total{action="download"}' => 1 },
          'metrics - grants issued, by action');
is_counted('rate_limited', 'grant', 429, sub { post($play, $who, @same) });

override(GET => "-ERR an error\r\n");
is_counted('service_unavailable', 'status', 503, sub {
    get('/api/calls/c_9/status', 'Cookie: aidial_session=s_1');
});
override();


# ---- a download that runs

call(id => 'c_large', large_call());

my $token = download(call => 'c_large');
my $running = scrape($nginx);
my ($client, $answer) = part($nginx, "/large/$token", 1_000_000);

is_deeply(changes($running, scrape($nginx), qr/streams|grants_.*|sent_.*/),
          { 'streams{action="download"}' => 1,
            'grants_redeemed_total{action="download"}' => 1 },
          'metrics - a download runs - a stream, and no byte counted yet');
is_counted('delivery_running', 'media', 503, sub {
    resume($nginx, "/large/$token", 500_000);
});
is_counted('too_many_streams', 'media', 429, sub {
    ask_media($nginx, '/one/' . grant(call => 'c_large'));
});
$client->abort;
ok(settles($nginx, 'streams{action="download"}', 0),
   'metrics - it breaks off - no stream any more');

my $entry = last_entry('download.aborted');

is(scrape($nginx)->{'sent_bytes_total{action="download"}'}, $entry->{bytes},
   'metrics - it breaks off - the bytes of the audit trail');

my $rest = resume($nginx, "/large/$token", 500_000);

is($rest->{status}, 206, 'metrics - it is resumed - 206');
ok(settles($nginx, 'grants_resumed_total', 1),
   'metrics - it is resumed - counted');
ok(settles($nginx, 'sent_bytes_total{action="download"}',
           $entry->{bytes} + length $rest->{body}),
   'metrics - it is resumed - its bytes as well');
ok(settles($nginx, 'requests_total{endpoint="media",code="206"}', 1),
   'metrics - it is resumed - ended');


# ---- cut, for each kind of reason

my %CUT = (
    session_required => sub { redis('DEL', 'aidial:session:s_1') },
    recording_not_found => sub { redis('DEL', 'aidial:call:c_large') },
    recording_blocked => sub {
        call(large_call(), id => 'c_large', consent => 'denied');
    },
);

for my $reason (sort keys %CUT) {
    call(large_call(), id => 'c_large');
    session();

    my $before = scrape($nginx);
    my ($cut) = part($nginx, '/one/' . grant(call => 'c_large'), 1000);

    $CUT{$reason}->();
    ok(wait_for(sub {
        my $is = changes($before, scrape($nginx), qr/responses_cut_total/);
        keys %$is == 1
            && $is->{qq(responses_cut_total{reason="$reason"})} == 1;
    }), "metrics - cut, $reason - counted");
}

session();
call(large_call(), id => 'c_large');


# ---- what is not refused

my $served = scrape($nginx);

is(get('/api/calls/c_9/status', session())->{status}, 200, 'status - 200');
is(media(grant(), session())->{status}, 200, 'media - 200');
is(media(grant(), session(), 'Range: bytes=0-99')->{status}, 206,
   'media, a range - 206');
is(media(grant(), session(), 'Range: bytes=5000-')->{status}, 416,
   'media, no such range - 416');
is(media(grant(), session(), 'If-None-Match: ' . etag())->{status}, 304,
   'media, unchanged - 304');
is(media(grant(), session(), 'If-Match: "other"')->{status}, 412,
   'media, changed - 412');

$token = grant();
is(media($token, session())->{status}, 200, 'media, a grant - 200')
    for 1 .. 3;

$token = grant(action => 'download');
is(media($token, session())->{status}, 200, 'media, a download - 200');

my $now;

wait_for {
    $now = changes($served, scrape($nginx),
                   qr/requests_total|refusals_total|grants_.*|sent_.*/);
    ($now->{'requests_total{endpoint="media",code="200"}'} // 0) == 5
        && ($now->{'sent_bytes_total{action="download"}'} // 0) == 1000;
};

is_deeply($now, {
    'requests_total{endpoint="status",code="200"}' => 1,
    'requests_total{endpoint="media",code="200"}' => 5,
    'requests_total{endpoint="media",code="206"}' => 1,
    'requests_total{endpoint="media",code="304"}' => 1,
    'requests_total{endpoint="media",code="412"}' => 1,
    'requests_total{endpoint="media",code="416"}' => 1,
    'grants_redeemed_total{action="playback"}' => 6,
    'grants_redeemed_total{action="download"}' => 1,
    'sent_bytes_total{action="playback"}' => 4100,
    'sent_bytes_total{action="download"}' => 1000
}, 'metrics - served - counted, and nothing else');

is_deeply([ sort keys %problems ], [], 'metrics - every problem was provoked');
is_deeply([ sort keys %{ scrape($nginx) } ], [ sort keys %$first ],
          'metrics - the same series as in the beginning');

in_order($nginx);
done_testing();


sub promtool_check {
    my ($text) = @_;
    my $file = dir() . '/metrics.txt';

    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    CORE::close($out);

    return if !defined((promtool('--version'))[0]);

    my $said = `promtool check metrics <'$file' 2>&1`;

    return ($? >> 8, $said);
}
