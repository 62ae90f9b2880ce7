# The directives that limit what a user takes, and how long a response runs
# unwatched: what they take and what they do not.

use lib 't/lib';
use Test::Aidial 'no_plan';

# the words of one directive; none: it is not said, and its default holds

sub Test::Base::Filter::words {
    my ($name, $words) = @_;
    my $config = http_config() =~ s/aidial_recording_$name off;//r;

    return defined $words ? "aidial_recording_$name $words;\n$config" : $config;
}

# "--- gets: N": so many at once are let in, and the next one is not

push @Test::Nginx::Util::BlockPreprocessors, sub {
    my ($block) = @_;
    my $count = $block->gets // return;

    $block->set_value('pipelined_requests', [ ('GET /s/') x ($count + 1) ]);
    $block->set_value('more_headers', session());
    $block->set_value('error_code', [ (200) x $count, 429 ]);
    $block->set_value('config',
                      'location /s/ { aidial_recording status c_9; }')
        if !$block->config || $block->config !~ m{/s/};
};

run_tests();

__DATA__

=== TEST 1: streams - the fewest - taken
--- http_config eval: words('streams', '1')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 2: streams - the most - taken
--- http_config eval: words('streams', '10000')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 3: streams - off - taken
--- http_config eval: words('streams', 'off')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 4: streams - none - does not start
--- http_config eval: words('streams', '0')
--- must_die
--- error_log
[emerg]
"aidial_recording_streams" does not take "0", expected "off", or 1 to 10000


=== TEST 5: streams - too many - does not start
--- http_config eval: words('streams', '10001')
--- must_die
--- error_log
[emerg]
"aidial_recording_streams" does not take "10001", expected "off", or 1 to 10000


=== TEST 6: streams - a negative number - does not start
--- http_config eval: words('streams', '-1')
--- must_die
--- error_log
[emerg]
"aidial_recording_streams" does not take "-1", expected "off", or 1 to 10000


=== TEST 7: streams - no number - does not start
--- http_config eval: words('streams', '8s')
--- must_die
--- error_log
[emerg]
"aidial_recording_streams" does not take "8s", expected "off", or 1 to 10000


=== TEST 8: streams - another word - does not start
--- http_config eval: words('streams', 'on')
--- must_die
--- error_log
[emerg]
"aidial_recording_streams" does not take "on", expected "off", or 1 to 10000


=== TEST 9: bandwidth - the least - taken
--- http_config eval: words('bandwidth', '1k')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 10: bandwidth - the most - taken
--- http_config eval: words('bandwidth', '1024m')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 11: bandwidth - off - taken
--- http_config eval: words('bandwidth', 'off')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 12: bandwidth - too little - does not start
--- http_config eval: words('bandwidth', '1023')
--- must_die
--- error_log
[emerg]
"aidial_recording_bandwidth" does not take "1023", expected "off", or 1k to 1024m bytes a second


=== TEST 13: bandwidth - too much - does not start
--- http_config eval: words('bandwidth', '1025m')
--- must_die
--- error_log
[emerg]
"aidial_recording_bandwidth" does not take "1025m", expected "off", or 1k to 1024m bytes a second


=== TEST 14: bandwidth - nothing - does not start
--- http_config eval: words('bandwidth', '0')
--- must_die
--- error_log
[emerg]
"aidial_recording_bandwidth" does not take "0", expected "off", or 1k to 1024m bytes a second


=== TEST 15: bandwidth - a unit that nginx does not have here - does not start
--- http_config eval: words('bandwidth', '1g')
--- must_die
--- error_log
[emerg]
"aidial_recording_bandwidth" does not take "1g", expected "off", or 1k to 1024m bytes a second


=== TEST 16: bandwidth - another word - does not start
--- http_config eval: words('bandwidth', 'fast')
--- must_die
--- error_log
[emerg]
"aidial_recording_bandwidth" does not take "fast", expected "off", or 1k to 1024m bytes a second


=== TEST 17: recheck - the shortest - taken
--- http_config eval: words('recheck', '100ms')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 18: recheck - the longest - taken
--- http_config eval: words('recheck', '1h')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 19: recheck - off - taken
--- http_config eval: words('recheck', 'off')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 20: recheck - too short - does not start
--- http_config eval: words('recheck', '99ms')
--- must_die
--- error_log
[emerg]
"aidial_recording_recheck" does not take "99ms", expected "off", or a time of 100ms to 1h


=== TEST 21: recheck - never - does not start
--- http_config eval: words('recheck', '0')
--- must_die
--- error_log
[emerg]
"aidial_recording_recheck" does not take "0", expected "off", or a time of 100ms to 1h


=== TEST 22: recheck - too long - does not start
--- http_config eval: words('recheck', '2h')
--- must_die
--- error_log
[emerg]
"aidial_recording_recheck" does not take "2h", expected "off", or a time of 100ms to 1h


=== TEST 23: recheck - a negative time - does not start
--- http_config eval: words('recheck', '-1s')
--- must_die
--- error_log
[emerg]
"aidial_recording_recheck" does not take "-1s", expected "off", or a time of 100ms to 1h


=== TEST 24: recheck - another word - does not start
--- http_config eval: words('recheck', 'soon')
--- must_die
--- error_log
[emerg]
"aidial_recording_recheck" does not take "soon", expected "off", or a time of 100ms to 1h


=== TEST 25: media_rate - the slowest, and the largest burst - taken
--- http_config eval: words('media_rate', 'rate=1r/m burst=10000')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 26: media_rate - the fastest - taken
--- http_config eval: words('media_rate', 'rate=1000r/s')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 27: media_rate - off - taken
--- http_config eval: words('media_rate', 'off')
--- request
GET /api/calls/c_9/status
--- more_headers eval: session()
--- error_code: 200


=== TEST 28: media_rate - a rate of 0 - does not start
--- http_config eval: words('media_rate', 'rate=0r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_media_rate" does not take "rate=0r/s", expected "off", or "rate=Nr/s" or "rate=Nr/m" with N of 1 to 1000


=== TEST 29: media_rate - a rate over 1000 - does not start
--- http_config eval: words('media_rate', 'rate=1001r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_media_rate" does not take "rate=1001r/s", expected "off", or "rate=Nr/s" or "rate=Nr/m" with N of 1 to 1000


=== TEST 30: media_rate - a rate without a unit - does not start
--- http_config eval: words('media_rate', 'rate=10')
--- must_die
--- error_log
[emerg]
"aidial_recording_media_rate" does not take "rate=10", expected "off", or "rate=Nr/s" or "rate=Nr/m" with N of 1 to 1000


=== TEST 31: media_rate - a burst alone - does not start
--- http_config eval: words('media_rate', 'burst=1')
--- must_die
--- error_log
[emerg]
"aidial_recording_media_rate" does not take "burst=1", expected "off", or "rate=Nr/s" or "rate=Nr/m" with N of 1 to 1000


=== TEST 32: media_rate - another word - does not start
--- http_config eval: words('media_rate', 'on')
--- must_die
--- error_log
[emerg]
"aidial_recording_media_rate" does not take "on", expected "off", or "rate=Nr/s" or "rate=Nr/m" with N of 1 to 1000


=== TEST 33: media_rate - a burst over 10000 - does not start
--- http_config eval: words('media_rate', 'rate=1r/s burst=10001')
--- must_die
--- error_log
[emerg]
"aidial_recording_media_rate" does not take "burst=10001", expected "burst=N" with N of 0 to 10000


=== TEST 34: streams - twice - does not start
--- http_config eval: words('streams', '8; aidial_recording_streams 8')
--- must_die
--- error_log
[emerg]
"aidial_recording_streams" directive is duplicate


=== TEST 35: streams - no word - does not start
--- http_config eval: words('streams', '')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_streams" directive


=== TEST 36: bandwidth - twice - does not start
--- http_config eval: words('bandwidth', '1m; aidial_recording_bandwidth 1m')
--- must_die
--- error_log
[emerg]
"aidial_recording_bandwidth" directive is duplicate


=== TEST 37: bandwidth - no word - does not start
--- http_config eval: words('bandwidth', '')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_bandwidth" directive


=== TEST 38: recheck - twice - does not start
--- http_config eval: words('recheck', '2s; aidial_recording_recheck 2s')
--- must_die
--- error_log
[emerg]
"aidial_recording_recheck" directive is duplicate


=== TEST 39: recheck - no word - does not start
--- http_config eval: words('recheck', '')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_recheck" directive


=== TEST 40: media_rate - twice - does not start
--- http_config eval: words('media_rate', 'rate=1r/s; aidial_recording_media_rate rate=1r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_media_rate" directive is duplicate


=== TEST 41: media_rate - no word - does not start
--- http_config eval: words('media_rate', '')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_media_rate" directive


=== TEST 42: media_rate - default - burst of 40, so 41 at once
--- http_config eval: words('media_rate')
--- gets: 41


=== TEST 43: media_rate - burst=2 - three at once
--- http_config eval: words('media_rate', 'rate=1r/m burst=2')
--- gets: 3


=== TEST 44: media_rate - a rate alone - burst of 0
--- http_config eval: words('media_rate', 'rate=1r/m')
--- gets: 1


=== TEST 45: media_rate - of the location, not of http - inherited unless said
--- http_config eval: words('media_rate', 'rate=1r/m burst=1')
--- config
    location /s/ {
        aidial_recording status c_9;
        aidial_recording_media_rate rate=1r/m burst=2;
    }
--- gets: 3
