package Test::Aidial::FaultProxy::Resp;

# Where a message of RESP ends, and no more: commands are arrays of strings,
# replies are of RESP2.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(take_command encode_command take_reply);


# the words of the first command, which $raw gets as it came

sub take_command {
    my ($text, $raw) = @_;
    my @words;

    pos($$text) = 0;
    $$text =~ /\G\*(\d+)\r\n/gc or return;

    for (1 .. $1) {
        $$text =~ /\G\$(\d+)\r\n/gc or return;
        my ($at, $length) = (pos $$text, $1);

        return if length $$text < $at + $length + 2;
        push @words, substr $$text, $at, $length;
        pos($$text) = $at + $length + 2;
    }

    $$raw = substr $$text, 0, pos $$text, '';

    return \@words;
}


sub encode_command {
    return join '', '*' . @_ . "\r\n",
        map { '$' . length($_) . "\r\n$_\r\n" } @_;
}


# the first whole reply, or nothing; RESP2, any depth

sub take_reply {
    my ($text) = @_;
    my $more = 1;

    pos($$text) = 0;

    while ($more--) {
        $$text =~ /\G([-+:\$*])([^\r\n]*)\r\n/gc or return '';

        $more += $2 if $1 eq '*' && $2 > 0;
        next if $1 ne '$' || $2 < 0;

        return '' if length $$text < pos($$text) + $2 + 2;
        pos($$text) += $2 + 2;
    }

    return substr $$text, 0, pos $$text, '';
}


1;
