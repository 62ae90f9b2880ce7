# aidial_recording_grant_rate: what it takes and what it does not.

use lib 't/lib';
use Test::Aidial 'no_plan';

# the words, and the line of the error log when they are refused

sub Test::Base::Filter::words {
    my ($words) = @_;

    return http_config() =~ s/(aidial_recording_grant_rate) off;/$1 $words;/r;
}

# "--- posts: N": so many at once are let in, and the next one is not

push @Test::Nginx::Util::BlockPreprocessors, sub {
    my ($block) = @_;
    my $count = $block->posts // return;

    $block->set_value('pipelined_requests', [
        map { qq{POST /g/\n{"action":"playback"}} } 1 .. $count + 1 ]);
    $block->set_value('more_headers',
        "Content-Type: application/json\n" . portal());
    $block->set_value('error_code', [ (201) x $count, 429 ]);
    $block->set_value('config',
                      'location /g/ { aidial_recording grant c_9; }');
};

run_tests();

__DATA__

=== TEST 1: grant_rate - default - burst of 10, so 11 at once
--- http_config eval: words('off') =~ s/aidial_recording_grant_rate off;//r
--- posts: 11



=== TEST 2: grant_rate - a rate alone - burst of 0
--- http_config eval: words('rate=1r/m')
--- posts: 1



=== TEST 3: grant_rate - burst=0 - one at once
--- http_config eval: words('rate=1r/s burst=0')
--- posts: 1



=== TEST 4: grant_rate - burst=3 - four at once
--- http_config eval: words('rate=30r/m burst=3')
--- posts: 4



=== TEST 5: grant_rate - the slowest rate and the largest burst - taken
--- http_config eval: words('rate=1r/m burst=10000')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201



=== TEST 6: grant_rate - the fastest rate - taken
--- http_config eval: words('rate=1000r/s')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- request
POST /g/
{"action": "playback"}
--- more_headers eval: "Content-Type: application/json\n" . portal()
--- error_code: 201



=== TEST 7: grant_rate - twice - does not start
--- http_config eval: words('off; aidial_recording_grant_rate rate=1r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" directive is duplicate



=== TEST 8: grant_rate - in a server - does not start
--- config
    aidial_recording_grant_rate rate=1r/s;
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" directive is not allowed here



=== TEST 9: grant_rate - no word - does not start
--- http_config eval: words('')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_grant_rate" directive



=== TEST 10: grant_rate - three words - does not start
--- http_config eval: words('rate=1r/s burst=1 nodelay')
--- must_die
--- error_log
[emerg]
invalid number of arguments in "aidial_recording_grant_rate" directive



=== TEST 11: grant_rate - off and a burst - does not start
--- http_config eval: words('off burst=1')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "off", expected



=== TEST 12: grant_rate - a burst first - does not start
--- http_config eval: words('burst=1 rate=1r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "burst=1", expected



=== TEST 13: grant_rate - a rate of 0 - does not start
--- http_config eval: words('rate=0r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=0r/s", expected "off", or "rate=Nr/s" or "rate=Nr/m" with N of 1 to 1000



=== TEST 14: grant_rate - a rate over 1000 - does not start
--- http_config eval: words('rate=1001r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=1001r/s", expected



=== TEST 15: grant_rate - a negative rate - does not start
--- http_config eval: words('rate=-1r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=-1r/s", expected



=== TEST 16: grant_rate - a rate an hour - does not start
--- http_config eval: words('rate=10r/h')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=10r/h", expected



=== TEST 17: grant_rate - a rate without a unit - does not start
--- http_config eval: words('rate=10')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=10", expected



=== TEST 18: grant_rate - no number - does not start
--- http_config eval: words('rate=r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=r/s", expected



=== TEST 19: grant_rate - something behind the unit - does not start
--- http_config eval: words('rate=1r/sx')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=1r/sx", expected



=== TEST 20: grant_rate - a fraction - does not start
--- http_config eval: words('rate=0.5r/s')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "rate=0.5r/s", expected



=== TEST 21: grant_rate - a burst over 10000 - does not start
--- http_config eval: words('rate=1r/s burst=10001')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "burst=10001", expected "burst=N" with N of 0 to 10000



=== TEST 22: grant_rate - a negative burst - does not start
--- http_config eval: words('rate=1r/s burst=-1')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "burst=-1", expected



=== TEST 23: grant_rate - an empty burst - does not start
--- http_config eval: words('rate=1r/s burst=')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "burst=", expected



=== TEST 24: grant_rate - another word - does not start
--- http_config eval: words('rate=1r/s nodelay')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "nodelay", expected



=== TEST 25: grant_rate - another first word - does not start
--- http_config eval: words('on')
--- must_die
--- error_log
[emerg]
"aidial_recording_grant_rate" does not take "on", expected
