# aidial_recording_resume_window: default, inheritance, and what it does not
# take.  A resume is asked for on a grant that was redeemed some time ago.

use lib 't/lib';
use Test::Aidial 'no_plan';

# a download of this many seconds ago, of which the edge has sent 100 bytes

sub Test::Base::Filter::redeemed_ago {
    my ($seconds) = @_;
    my $token = grant(action => 'download', state => 'ended');
    my ($key) = @{ redis('KEYS', 'aidial:{t_1}:grant:*') };

    redis('HSET', $key, redeemed => (redis('TIME')->[0] - $seconds) * 1000,
          etag => etag(), size => 1000, sent => 100, overlap => 0,
          resumes => 0, session => digest());

    return 'GET ' . media_url($token);
}

# the keyed digest of the example's session, from docs/redis-contract.md

sub digest {
    require Digest::SHA;

    return substr Digest::SHA::hmac_sha256_hex(
        "aidial-recording-session-v1\0s_1", key_text()), 0, 32;
}

push @Test::Nginx::Util::BlockPreprocessors, sub {
    my ($block) = @_;

    $block->set_value('more_headers', join "\n", session(),
        'Range: bytes=100-', 'If-Range: ' . etag()) if $block->request;
};

run_tests();

__DATA__

=== TEST 1: resume_window - default, 14:55 ago - resumed
--- request eval: redeemed_ago(895)
--- error_code: 206



=== TEST 2: resume_window - default, 15:01 ago - 410
--- request eval: redeemed_ago(901)
--- error_code: 410



=== TEST 3: resume_window - in http, shorter - 410
--- http_config eval: http_config(extra => 'aidial_recording_resume_window 1m;')
--- request eval: redeemed_ago(61)
--- error_code: 410



=== TEST 4: resume_window - in http, in time - resumed
--- http_config eval: http_config(extra => 'aidial_recording_resume_window 1m;')
--- request eval: redeemed_ago(55)
--- error_code: 206



=== TEST 5: resume_window - server over http - resumed
--- http_config eval: http_config(extra => 'aidial_recording_resume_window 1m;')
--- config eval: 'aidial_recording_resume_window 1h;' . locations()
--- request eval: redeemed_ago(3500)
--- error_code: 206



=== TEST 6: resume_window - location over server - 410
--- config eval
'aidial_recording_resume_window 1h;'
. locations() =~ s/media;/media; aidial_recording_resume_window 90;/r
--- request eval: redeemed_ago(91)
--- error_code: 410



=== TEST 7: resume_window - location over server, in time - resumed
--- config eval
'aidial_recording_resume_window 1s;'
. locations() =~ s/media;/media; aidial_recording_resume_window 90;/r
--- request eval: redeemed_ago(85)
--- error_code: 206



=== TEST 8: resume_window - the longest - resumed
--- config eval
'aidial_recording_resume_window 364d;' . locations()
--- request eval: redeemed_ago(300 * 86400)
--- error_code: 206



=== TEST 9: resume_window - no time - does not start
--- config
    location /r/ {
        aidial_recording media;
        aidial_recording_resume_window later;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_resume_window" directive invalid value



=== TEST 10: resume_window - zero - does not start
--- http_config eval: http_config(extra => 'aidial_recording_resume_window 0;')
--- config
    location /r/ {
        aidial_recording media;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_resume_window" of location "/r/" is 0 seconds, expected 1 second to 364 days



=== TEST 11: resume_window - over a year - does not start
--- config
    location /r/ {
        aidial_recording media;
        aidial_recording_resume_window 365d;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_resume_window" of location "/r/" is 31536000 seconds, expected 1 second to 364 days



=== TEST 12: resume_window - twice in a location - does not start
--- config
    location /r/ {
        aidial_recording media;
        aidial_recording_resume_window 1m;
        aidial_recording_resume_window 2m;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_resume_window" directive is duplicate



=== TEST 13: resume_window - no word - does not start
--- config
    location /r/ {
        aidial_recording media;
        aidial_recording_resume_window;
    }
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_resume_window" directive



=== TEST 14: resume_window - milliseconds - does not start
--- config
    location /r/ {
        aidial_recording media;
        aidial_recording_resume_window 1500ms;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_resume_window" directive invalid value
