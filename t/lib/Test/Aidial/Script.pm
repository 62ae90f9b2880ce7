package Test::Aidial::Script;

# The Lua scripts as Redis runs them, without an edge:
#
#     my $reply = script('grant_redeem', [ $grant, $audit ], redeem(from => 5));
#
# issue(), begin(), redeem(), renew(), close_args() and count() make lists of
# arguments that are right but for what the test says: the names are those of
# the scripts' heads.  A script that answers with an error dies.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use Test::Aidial::Portal qw(epoch);
use Test::Aidial::World qw(redis);

our @EXPORT = qw(script fails keys_of fields issue begin redeem renew
                 close_args count wipe stream state);

my $LUA = abs_path(dirname(__FILE__)
                   . '/../../../../ngx_aidial_recording_module/redis/lua');

my $PREFIX = 'aidial:{t_1}:';
my %text;


sub script {
    my ($name, $keys, @args) = @_;

    $text{$name} //= _read("$LUA/$name.lua")
        =~ s/^--@ include (\S+)$/_read("$LUA\/lib\/$1")/megr;

    return redis('EVAL', $text{$name}, scalar @$keys, @$keys, @args);
}


# the error it answers with, or what it answers instead

sub fails {
    my ($name, $keys, @args) = @_;
    my $reply = eval { script($name, $keys, @args) };

    return $@ =~ s/\Aredis: error: //r =~ s/ script: .*//sr if !$reply;
    return "answered @$reply";
}


sub _read {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!";
    local $/;
    return <$in> =~ s/\n\z//r;
}


# the keys that a script takes

sub keys_of {
    my ($name) = @_;
    my %keys = (grant => $PREFIX . 'grant:g', rate => $PREFIX . 'rate:u_81',
                audit => $PREFIX . 'audit');

    return [ @keys{qw(grant rate audit)} ] if $name eq 'grant_issue';
    return [ @keys{qw(rate audit)} ] if $name eq 'audit_count';
    return [ $keys{grant} ] if $name eq 'grant_renew';
    return [ @keys{qw(grant audit)} ];
}


# the fifteen fields that come from an edge

sub fields {
    my (%field) = @_;
    my @names = qw(user role tenant client project call action decision
                   reasons grant session remote_addr request_id user_agent
                   edge);
    my %value = (user => 'u_81', role => 'client_manager', tenant => 't_1',
                 client => 'cl_1', project => 'p_1', call => 'c_9',
                 action => 'download', decision => 'allowed', reasons => '',
                 grant => 'g', session => 'digest', remote_addr => '127.0.0.1',
                 request_id => 'r', user_agent => 'test', edge => 'edge',
                 %field);

    return @value{@names};
}


sub _list {
    my ($names, $value, %given) = @_;
    my %field = %{ delete $given{fields} // {} };

    return (@{ { %$value, %given } }{@$names}, fields(%field));
}


sub issue {
    return _list([ qw(attempt epoch verdict action life interval burst) ],
                 { attempt => 'a', epoch => epoch(), verdict => 'allowed',
                   action => 'download', life => 60, interval => 0,
                   burst => 0 }, @_);
}


sub begin {
    return _list([ qw(attempt epoch) ],
                 { attempt => 'a', epoch => epoch() }, @_);
}


sub redeem {
    return _list([ qw(attempt epoch alive lease window from if_range) ],
                 { attempt => 'a', epoch => epoch(), alive => 1,
                   lease => 30_000, window => 900_000, from => '',
                   if_range => '' }, @_);
}


sub renew {
    my %value = (attempt => 'a', lease => 30_000, etag => '', size => 0, @_);

    return @value{qw(attempt lease etag size)};
}


sub close_args {
    return _list([ qw(attempt event known killed status bytes first last
                      duration ranges sent) ],
                 { attempt => 'a', event => 'download.aborted', known => 1,
                   killed => 0, status => 200, bytes => 100, first => 0,
                   last => 99, duration => 5, ranges => '', sent => 100 },
                 @_);
}


sub count {
    return _list([ qw(attempt event n) ],
                 { attempt => 'a', event => 'media.refused', n => 1 }, @_);
}


sub wipe { redis('FLUSHALL') }


# the events in the stream, in one line

sub stream {
    my $entries = redis('XRANGE', $PREFIX . 'audit', '-', '+');

    return join ' ', map { $_->[1][1] } @$entries;
}


sub state { redis('HGET', $PREFIX . 'grant:g', 'state') // 'none' }


1;
