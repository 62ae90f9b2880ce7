package Check;

# What the checkers share: they complain, and end with an exit code.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(complain none read_file sources done);

my $found = 0;


sub complain {
    print join(':', @_), "\n";
    $found = 1;
}


# a check that finds nothing to check fails

sub none {
    print "nothing to check: no $_[0]\n";
    exit 1;
}


sub read_file {
    open my $file, '<', $_[0] or none($_[0]);
    local $/;
    return scalar <$file>;
}


# the C files under these directories; none of them may be empty

sub sources {
    my @all;

    for my $dir (@_) {
        my @files = split ' ', `find $dir -name '*.[ch]'`;
        none("C file under $dir") if !@files;
        push @all, sort @files;
    }

    return @all;
}


sub done { exit $found }


1;
