# What aidial_recording_playback_ttl and aidial_recording_download_ttl do not
# take.

use lib 't/lib';
use Test::Aidial 'no_plan';

run_tests();

__DATA__

=== TEST 1: playback_ttl - no time - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_playback_ttl soon;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_playback_ttl" directive invalid value



=== TEST 2: playback_ttl - zero - does not start
--- http_config eval
http_config(extra => 'aidial_recording_playback_ttl 0;')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_playback_ttl" of location "/g/" is 0 seconds, expected 1 second to 364 days



=== TEST 3: playback_ttl - over a year, more than Redis is asked to remember - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_playback_ttl 2y;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_playback_ttl" of location "/g/" is 63072000 seconds, expected 1 second to 364 days



=== TEST 4: playback_ttl - twice in a location - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_playback_ttl 1m;
        aidial_recording_playback_ttl 2m;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_playback_ttl" directive is duplicate



=== TEST 5: download_ttl - no time - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_download_ttl soon;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_download_ttl" directive invalid value



=== TEST 6: download_ttl - zero - does not start
--- http_config eval
http_config(extra => 'aidial_recording_download_ttl 0;')
--- config
    location /g/ {
        aidial_recording grant c_9;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_download_ttl" of location "/g/" is 0 seconds, expected 1 second to 364 days



=== TEST 7: download_ttl - over a year, more than Redis is asked to remember - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_download_ttl 2y;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_download_ttl" of location "/g/" is 63072000 seconds, expected 1 second to 364 days



=== TEST 8: download_ttl - twice in a location - does not start
--- config
    location /g/ {
        aidial_recording grant c_9;
        aidial_recording_download_ttl 1m;
        aidial_recording_download_ttl 2m;
    }
--- must_die
--- error_log
[emerg]
"aidial_recording_download_ttl" directive is duplicate
