# Playback: as many GETs as one likes within the life of the grant.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::Aidial::Answer;

run_tests();

__DATA__

=== TEST 1: media - a playback grant - 200, every byte and header
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- answer: 200



=== TEST 2: media - what the store says of the file passes - validators
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- response_headers eval
"ETag: " . etag() . "\n"
. "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\n"
. "Accept-Ranges: bytes\n"
. "!Set-Cookie\n!Content-Range\n!Content-Encoding\n!Vary\n"
--- response_body eval: whole()



=== TEST 3: media - HEAD - 200 without a body
--- request eval: "HEAD " . media_url(grant())
--- more_headers eval: session()
--- answer: 200



=== TEST 4: media - one playback grant, many requests - 200 each time
--- request eval
my $url = media_url(grant());
[ "GET $url", "HEAD $url", "GET $url", "GET $url", "GET $url" ]
--- more_headers eval: session()
--- answer: 200 200 200 200 200



=== TEST 5: media - the type is the record's, not the origin's - audio/ogg
--- init: call(media => { content_type => 'audio/ogg' });
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- type: audio/ogg
--- answer: 200



=== TEST 6: media - a type that is not audio - application/octet-stream
--- init: call(media => { content_type => 'text/html' });
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- type: application/octet-stream
--- answer: 200



=== TEST 7: media - a type with parameters - application/octet-stream
--- init: call(media => { content_type => 'audio/mpeg; charset=utf-8' });
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- type: application/octet-stream
--- answer: 200



=== TEST 8: media - a type without anything - application/octet-stream
--- init: call(media => { content_type => undef });
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- type: application/octet-stream
--- answer: 200



=== TEST 9: media - the headers of the origin's own - none passes
--- init: call(media => { object => '/headers' });
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- response_headers
Cache-Control: private, no-store
Content-Disposition: inline
Content-Type: audio/mpeg
Set-Cookie:
X-Origin:
--- response_body
headers



=== TEST 10: media - an admin of the client - 200
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session(role => 'client_admin')
--- answer: 200



=== TEST 11: media - staff, whose tenant allows playback - 200
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session(role => 'client_staff')
--- answer: 200



=== TEST 12: media - a session with all projects - 200
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session(project_ids => [ '*' ])
--- answer: 200



=== TEST 13: media - no session - 401
--- request eval: "GET " . media_url(grant())
--- answer: session_required



=== TEST 14: media - Redis is silent - 503
--- http_config eval: http_config(redis => 'unix:' . dir() . '/nobody.sock')
--- request eval: "GET " . media_url(grant())
--- more_headers eval: session()
--- answer: service_unavailable
