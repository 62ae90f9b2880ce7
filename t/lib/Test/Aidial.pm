package Test::Aidial;

# Test::Nginx with the module loaded, a private Redis and a media origin:
#
#     use lib 't/lib';
#     use Test::Aidial 'no_plan';
#
#     run_tests();
#
#     __DATA__
#
#     === TEST 1: status - a call in scope - 200
#     --- request
#     GET /api/calls/c_9/status
#     --- more_headers
#     Cookie: aidial_session=s_1
#     --- error_code: 200
#
# Each block starts with an empty Redis that holds the three records of the
# examples (session s_1, call c_9, tenant t_1); then its "eval" sections and
# its "--- init" run, with the functions of Test::Aidial::World (redis,
# http_config, locations, ...) and Test::Aidial::Portal (session, call,
# tenant, grant, media_url, ...).  A block without http_config or config gets
# the default one; one without no_error_log may log neither alert nor crit.

use strict;
use warnings;

BEGIN {
    $ENV{TEST_NGINX_RANDOMIZE} //= 1;
    $ENV{TEST_NGINX_BINARY} //= '/usr/sbin/nginx';
}

use Test::Nginx::Socket -Base;
use Test::Aidial::World qw(:DEFAULT redis_server fresh_origin);
use Test::Aidial::Portal;

no strict 'refs';

# Test::Base evaluates sections in a package of its own, Test::Nginx evaluates
# "init" in another one.

for my $name (@Test::Aidial::World::EXPORT, @Test::Aidial::Portal::EXPORT) {
    *{"${_}::$name"} = \&{$name}
        for qw(main Test::Base::Filter Test::Nginx::Util);
}

use strict 'refs';

$ENV{TEST_NGINX_LOAD_MODULES} = $Test::Nginx::Util::LoadModules = module();
$ENV{TEST_NGINX_AIDIAL_DIR} = dir();
$ENV{TEST_NGINX_REDIS_SOCK} = redis_server()->path;

no_long_string();

# sections are evaluated per block, after its Redis is ready, and not all of
# them before the first block

filters_delay();

add_block_preprocessor(sub {
    my $block = shift;

    fresh_origin();
    $ENV{TEST_NGINX_ORIGIN} = origin();

    redis('FLUSHALL');
    records();

    $block->run_filters;

    $block->set_value('http_config', http_config())
        if !defined $block->http_config;
    $block->set_value('config', locations()) if !defined $block->config;
    $block->set_value('no_error_log', "[alert]\n[crit]")
        if !defined $block->no_error_log && !defined $block->must_die;
    $block->set_value('suppress_stderr', 1) if defined $block->must_die;
});


1;
