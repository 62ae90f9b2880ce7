# The module loads into the packaged nginx, which reads a configuration that
# uses it, and answers.  It shows the process nothing of what it is made of.

use lib 't/lib';
use Test::Aidial 'no_plan';
use Test::More;

my $module = module();
my $nginx = $ENV{TEST_NGINX_BINARY};

my @exported = map { (split)[-1] } `nm -D --defined-only $module`;

is_deeply([ sort @exported ],
    [ qw(ngx_aidial_recording_header_module ngx_aidial_recording_module
         ngx_module_names ngx_module_order ngx_modules) ],
    'exports only what nginx looks up');

my @needed = `ldd $module`;

is(scalar(grep { /hiredis/ } @needed), 0, 'hiredis is inside');
is(scalar(grep { /not found/ } @needed), 0, 'every library is there');

open my $conf, '>', dir() . '/nginx.conf' or die;
print $conf "load_module $module;\npid nginx.pid;\nevents { }\nhttp {\n",
    "access_log off;\n",
    map({ "${_}_temp_path $_;\n" } qw(client_body proxy fastcgi uwsgi scgi)),
    http_config(),
    "server { listen unix:", dir(), "/edge.sock;\n", locations(), "}\n}\n";
close $conf;

my $said = `$nginx -t -p @{[ dir() ]} -c @{[ dir() ]}/nginx.conf \\
    -e @{[ dir() ]}/error.log 2>&1`;

# nginx refuses a module that was built for another version or signature

like($said, qr/test is successful/, 'nginx -t is content');

run_tests();

__DATA__

=== TEST 1: load - the default locations - status answers 200
--- request
GET /api/calls/c_9/status
--- more_headers
Cookie: aidial_session=s_1
--- response_body_like: "call_id": ?"c_9"
--- error_code: 200



=== TEST 2: load - the default locations - a granted media URL plays
--- request eval
"GET " . media_url(grant())
--- more_headers
Cookie: aidial_session=s_1
Range: bytes=10-13
--- response_body chomp
0123
--- response_headers
Content-Type: audio/mpeg
Content-Range: bytes 10-13/1000
--- error_code: 206

