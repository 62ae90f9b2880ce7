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
use Test::Aidial::World qw(dir);

my $ROOT = dirname(__FILE__) . '/../../../../..';

# name => script, what is replaced and by what; "wrong" is the kind of finding
# it must lead to.  "race" are options that it needs to show.

my %DOWNLOAD = (kinds => { download => 1 });
my %RESUME = (%DOWNLOAD, grants => 250, resets => 0.6);
my %PLAYBACK = (kinds => { playback => 1 });
my %LIMITED = (kinds => { limited => 1 });

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
        to => 'if false then', forget => 0.004,
        race => { %DOWNLOAD, grants => 500 },
    },
    'all primaries are one' => {
        wrong => 'fence', fixed => 'f' x 40,
        race => { %DOWNLOAD, grants => 500, kills => 4, faults => 0.5,
                  only => 'kill', kill => [ 'old' ], late => 1 },
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
        race => \%RESUME,
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
        script => 'grant_close', wrong => 'closing', forget => 0.1,
        from => q{if held[4] then}, to => 'if false then',
        race => \%DOWNLOAD,
    },
    'close gives back what was delivered' => {
        script => 'grant_close', wrong => 'double',
        from => q{elseif event == 'download.voided' then},
        to => 'elseif true then', race => \%DOWNLOAD,
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
        to => 'if false then', forget => 0.02,
        race => { kinds => { playback => 1 }, grants => 500 },
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


# Every edge gets the broken script.  "forget" is the share of its calls whose
# answer is lost, so that the same attempt asks again; a small one, because an
# edge that loses its connections all the time asks nobody again.

sub wear {
    my ($site, $name) = @_;
    my $broken = $BROKEN{$name};

    return map { $_->proxy->fixed($broken->{fixed}) } $site->edges
        if $broken->{fixed};

    my $right = scripts()->{ $broken->{script} }
        // die "no script $broken->{script}";
    my $wrong = $right;

    # a script that changed must not make a control that controls nothing

    $wrong =~ s/\Q$broken->{from}\E/$broken->{to}/
        or die "$broken->{script}: nothing to break: $broken->{from}";

    my $sha = sha1_hex($right);

    for my $proxy (map { $_->proxy } $site->edges) {
        $proxy->broken($sha, $wrong);
        $proxy->arm('forget', count => 1000, share => $broken->{forget},
                    match => "^EVALSHA $sha ") if $broken->{forget};
    }
}


1;
