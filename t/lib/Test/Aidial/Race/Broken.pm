package Test::Aidial::Race::Broken;

# The scripts of the module, broken on purpose: each must be caught, or the
# checker proves nothing.  The proxies put the broken text in the place of
# the right one, so that the module is the one that is to be tested.
#
#     for my $name (Test::Aidial::Race::Broken::names()) { ... }
#     Test::Aidial::Race::Broken::wear($site, $name);

use strict;
use warnings;

use Digest::SHA qw(sha1_hex);
use File::Basename qw(dirname);
use Test::Aidial::World qw(dir redis);

my $ROOT = dirname(__FILE__) . '/../../../../..';

# name => script, what is replaced and by what; "wrong" is the kind of finding
# it must lead to.  "race" are options that it needs to show.

my %DOWNLOAD = (kinds => { download => 1 });
my %RESUME = (%DOWNLOAD, grants => 60, resets => 0.6, misuse => 6,
              least => 3_000_000);
my %PLAYBACK = (kinds => { playback => 1 });
my %LIMITED = (kinds => { limited => 1 });
my %LONG = (grants => 100_000, seconds => 5);

my %BROKEN = (
    'redeem does not look at the state' => {
        script => 'grant_redeem', wrong => 'double',
        from => q{local state = held[3]}, to => q{local state = 'fresh'},
        race => \%DOWNLOAD,
    },
    'redeem enters nothing' => {
        script => 'grant_redeem', wrong => 'opening',
        from => q{enter(KEYS[2], 'download.started', AUDIT, }
                . q{{ 'attempt', attempt })},
        to => '', race => \%DOWNLOAD,
    },
    'redeem does not know its own attempt again' => {
        script => 'grant_redeem', wrong => 'opening',
        from => q{if state == 'running' and held[4] == attempt then},
        to => 'if false then', forget => 1,
        race => { %DOWNLOAD, %LONG },
    },
    'all primaries are one' => {
        script => 'all', wrong => 'fence', fixed => 'f' x 40,
        from => 'if id == ARGV[2] then', to => 'if true then',
        race => { %DOWNLOAD, %LONG, kills => 2, faults => 0.5, width => 40,
                  only => 'kill_redis', kill => [ 'old' ], late => 1, idle => 1 },
    },
    'resume does not look at the session' => {
        script => 'grant_redeem', wrong => 'double',
        from => q{use[1] == session and}, to => '', race => \%RESUME,
    },
    'resume does not look at If-Range' => {
        script => 'grant_redeem', wrong => 'double',
        from => q{and ARGV[7] == etag}, to => '', race => \%RESUME,
    },
    'resume begins anywhere' => {
        script => 'grant_redeem', wrong => 'double',
        from => q{or from > sent}, to => '', race => \%RESUME,
    },
    'resume repeats as much as it likes' => {
        script => 'grant_redeem', wrong => 'double',
        from => q{math.min(OVERLAP, math.floor(size / 2))}, to => 'size * 16',
        race => { %RESUME, grants => 120, least => 200_000 },
    },
    'renewal forgets the entity tag' => {
        script => 'grant_renew', wrong => 'withheld',
        from => q{if ARGV[3] ~= '' and}, to => 'if false and',
        race => \%RESUME,
    },
    'close enters nothing' => {
        script => 'grant_close', wrong => 'closing',
        from => q{enter(KEYS[2], event, AUDIT, more)}, to => '',
        race => \%DOWNLOAD,
    },
    'close does not know its own attempt again' => {
        script => 'grant_close', wrong => 'closing', forget => 1,
        from => q{if held[4] then}, to => 'if false then',
        race => { %DOWNLOAD, %LONG },
    },
    'close gives back what was delivered' => {
        script => 'grant_close', wrong => 'double',
        from => q{elseif event == 'download.voided' or ARGV[6] == '0' then},
        to => 'elseif true then', race => \%DOWNLOAD,
    },
    'close gives back what a killed worker had' => {
        script => 'grant_close', wrong => 'double',
        from => q{if held[1] == 'closed' or ARGV[4] == '1' or lapsed then}
                . qq{\n    redis.call('HSET', KEYS[1], 'state', 'closed')},
        to => q{if ARGV[4] == '1' then }
              . q{redis.call('HSET', KEYS[1], 'state', 'fresh')},
        race => { %RESUME, faults => 0.3, only => 'workers' },
    },
    'close enters other bytes' => {
        script => 'grant_close', wrong => 'bytes',
        from => q{'bytes', ARGV[6]}, to => q{'bytes', '0'},
        race => \%DOWNLOAD,
    },
    'begin enters nothing' => {
        script => 'grant_begin', wrong => 'opening',
        from => q{enter(KEYS[2], 'playback.started', AUDIT)}, to => '',
        race => \%PLAYBACK,
    },
    'issue enters nothing' => {
        script => 'grant_issue', wrong => 'entry',
        from => q{enter(KEYS[3], 'grant.issued', AUDIT)}, to => '',
        race => { kinds => { download => 1, playback => 1 } },
    },
    'issue does not know its own attempt again' => {
        script => 'grant_issue', wrong => 'entry',
        from => q{if redis.call('EXISTS', KEYS[1]) == 1 then},
        to => 'if false then', forget => 1,
        race => { %PLAYBACK, %LONG },
    },
    'issue does not count' => {
        script => 'grant_issue', wrong => 'rate',
        from => q{tat = math.max(tat, instant) + interval}, to => '',
        race => \%LIMITED,
    },
    'entries without bound' => {
        script => 'grant_issue', wrong => 'bound',
        from => q{if wait > 0 and wait <= MINUTE then}, to => 'if false then',
        race => \%LIMITED,
    },
);


sub names { sort keys %BROKEN }

sub of { $BROKEN{ $_[0] } }


# the texts that the build puts into the module

sub scripts {
    my $header = dir() . '/scripts.h';

    system("$ROOT/util/embed-lua.sh", $header,
           glob "$ROOT/ngx_aidial_recording_module/redis/lua/*.lua") == 0
        or die "util/embed-lua.sh: $?";

    open my $in, '<', $header or die "$header: $!";
    local $/;
    my $text = <$in>;
    my %script;

    while ($text =~ /ngx_aidial_redis_lua_(\w+)\[\] =\n([^;]*);/g) {
        my ($name, $octal) = ($1, $2);
        $script{$name} = join '', map { chr oct } $octal =~ /\\(\d{3})/g;
    }

    return \%script;
}


# Every edge gets the broken script, or all that have the line.  "forget": now
# and then its answer is lost, so that the same attempt asks again; not more
# often, because an edge that loses one connection behind the other does not
# ask again.  "fixed": what every Redis calls itself.

sub wear {
    my ($site, $name) = @_;
    my $broken = $BROKEN{$name};
    my $scripts = scripts();
    my @names = grep { $broken->{script} eq 'all' || $broken->{script} eq $_ }
                sort keys %$scripts;
    my $worn = 0;

    for my $right (@$scripts{@names}) {
        my $wrong = $right;

        next if $wrong !~ s/\Q$broken->{from}\E/$broken->{to}/;

        $worn++;
        _hand_out($_->proxy, $broken, sha1_hex($right), $wrong)
            for $site->edges;
    }

    # a script that changed must not make a control that controls nothing

    die "$broken->{script}: nothing to break: $broken->{from}" if !$worn;

    # an edge asks who Redis is when it connects

    redis('CLIENT', 'KILL', 'USER', 'edge') if $broken->{fixed};
}


sub _hand_out {
    my ($proxy, $broken, $sha, $text) = @_;

    $proxy->broken($sha, $text);
    $proxy->fixed($broken->{fixed}) if $broken->{fixed};
    $proxy->arm('forget', count => 1000, pause => 1.3,
                match => "^EVALSHA $sha ") if $broken->{forget};
}


1;
