# The scripts, asked by hand: what is out of bounds or of the wrong type leaves
# no trace.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Portal;
use Test::Aidial::Script;
use Test::Aidial::World;

my $EPOCH = epoch();

my %make = (grant_issue => \&issue, grant_begin => \&begin,
            grant_redeem => \&redeem, grant_renew => \&renew,
            grant_close => \&close_args, audit_count => \&count);

# what each argument may not be, and the largest that it may

my $INTEGER = [ '', '-1', '1.5', '1e3', '0x1', ' 1', '1 ', "1\n", 'nan',
                'inf', '9' x 17 ];

my %bad = (
    grant_issue => {
        attempt => [ '', 'x' x 65 ], epoch => [ '', 'a' x 39, 'a' x 41 ],
        verdict => [ '', 'yes', 'allowed ' ], action => [ '', 'both' ],
        life => [ @$INTEGER, 0, 31_536_001 ],
        interval => [ @$INTEGER, 3_600_000_001 ],
        burst => [ @$INTEGER, 1_000_001 ],
    },
    grant_begin => {
        attempt => [ '', 'x' x 65 ], epoch => [ '', 'a' x 39, 'a' x 41 ],
    },
    grant_redeem => {
        attempt => [ '', 'x' x 65 ], epoch => [ '', 'a' x 39, 'a' x 41 ],
        alive => [ '', 2, 'yes' ], lease => [ @$INTEGER, 3_600_001 ],
        window => [ @$INTEGER, 31_536_000_001 ],
        from => [ grep({ $_ ne '' } @$INTEGER), '9007199254740992' ],
        if_range => [ 'x' x 257 ],
    },
    grant_renew => {
        attempt => [ '', 'x' x 65 ], lease => [ @$INTEGER, 0, 10_000_000 ],
        etag => [ 'x' x 257 ], size => $INTEGER,
    },
    grant_close => {
        attempt => [ '', 'x' x 65 ],
        event => [ '', 'download.started', 'media.refused', 'x' ],
        status => $INTEGER, bytes => $INTEGER, duration => $INTEGER,
        map({ $_ => [ grep { $_ ne '' } @$INTEGER ] } qw(first last sent)),
        ranges => [ 'x' x 513 ],
    },
    audit_count => {
        attempt => [ '', 'x' x 65 ],
        event => [ '', 'grant.issued', 'download.started' ], n => $INTEGER,
    },
);

my %most = (
    grant_issue => [ attempt => 'x' x 64, life => 31_536_000,
                     interval => 3_600_000_000, burst => 1_000_000 ],
    grant_begin => [ attempt => 'x' x 64 ],
    grant_redeem => [ attempt => 'x' x 64, lease => 3_600_000,
                      window => 31_536_000_000, from => '9007199254740991',
                      if_range => 'x' x 256 ],
    grant_renew => [ attempt => 'x' x 64, lease => 9_999_999,
                     etag => 'x' x 256, size => '9' x 16 ],
    grant_close => [ attempt => 'x' x 64, bytes => '9007199254740991',
                     ranges => 'x' x 512 ],
    audit_count => [ attempt => 'x' x 64, n => '9007199254740991' ],
);


# everything Redis holds, in one text

sub everything {
    return join "\n", map {
        my $type = redis('TYPE', $_);
        my $value = $type eq 'hash' ? redis('HGETALL', $_)
                    : $type eq 'stream' ? redis('XRANGE', $_, '-', '+')
                    : redis('DUMP', $_);

        "$_ $type " . json($value);
    } sort @{ redis('KEYS', '*') };
}


# a fresh grant, or a download that runs

sub prepare {
    my ($name) = @_;

    wipe();
    return if $name eq 'grant_issue';

    script('grant_issue', keys_of('grant_issue'), issue(
        action => $name eq 'grant_begin' ? 'playback' : 'download'));
    script('grant_redeem', keys_of('grant_redeem'), redeem())
        if $name =~ /renew|close/;
}


sub leaves_no_trace {
    my ($title, $name, $keys, @args) = @_;
    my $before = everything();
    my $error = fails($name, $keys, @args);

    like($error, qr/\A(?:ERR|WRONGTYPE) aidial: /, "$title - an error");
    is(everything(), $before, "$title - no trace");
}


for my $name (sort keys %make) {
    my ($make, $keys) = ($make{$name}, keys_of($name));

    prepare($name);

    for my $argument (sort keys %{ $bad{$name} }) {
        for my $value (@{ $bad{$name}{$argument} }) {
            my $shown = length $value > 20 ? length($value) . ' bytes'
                                           : $value =~ s/\n/\\n/r;

            leaves_no_trace("$name - $argument \"$shown\"", $name, $keys,
                            $make->($argument => $value));
        }
    }

    # too few arguments and keys, and too many

    my @right = $make->();

    leaves_no_trace("$name - an argument too few", $name, $keys,
                    @right[0 .. $#right - 1]);
    leaves_no_trace("$name - an argument too many", $name, $keys, @right, '');
    leaves_no_trace("$name - no argument", $name, $keys);
    leaves_no_trace("$name - a key too many", $name, [ @$keys, 'k' ], @right);
    leaves_no_trace("$name - a key too few", $name,
                    [ @$keys[0 .. $#$keys - 1] ], @right);

    # the fields of the entry

    if ($name ne 'grant_renew') {
        leaves_no_trace("$name - $_ of 513 bytes", $name, $keys,
                        $make->(fields => { $_ => 'x' x 513 }))
            for qw(user role reasons user_agent edge);
    }

    # keys of another type: what reads a grant may find none, but writes nothing

    for my $i (0 .. $#$keys) {
        for my $type (qw(SET SADD RPUSH)) {
            prepare($name);
            redis('DEL', $keys->[$i]);
            redis($type, $keys->[$i], 'x');

            my $before = everything();
            my $answer = fails($name, $keys, $make->());

            like($answer, qr/\AWRONGTYPE aidial: |\Aanswered 0 a 0 \z/,
                 "$name - key $i by $type - refused");
            is(everything(), $before, "$name - key $i by $type - no trace");
        }
    }

    # the largest of each is taken

    prepare($name);

    my @reply = @{ script($name, $keys, $make->(@{ $most{$name} })) };

    is(scalar @reply, 4, "$name - the largest of each - four elements");
    is($reply[1], 'x' x 64, "$name - the largest of each - the echo");
}

done_testing();
