package Test::Aidial::Conformance;

# Runs the conformance kit against the test's private Redis:
#
#     my $run = conformance('--strict');
#     $run->{code}                        its exit code
#     $run->{out}, $run->{err}            what it says
#     $run->{key}{'aidial:call:c_9'}      { kind, conforms, faults, warnings }
#     $run->{sum}                         the last object
#
# The last two are there with --json, which conformance() adds and
# conformance_text() does not.

use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use Exporter 'import';
use File::Basename qw(dirname);
use JSON::PP;
use Test::Aidial::World qw(:DEFAULT redis_server);

our @EXPORT = qw(conformance conformance_text conformance_at kit hidden);

my $ROOT = abs_path(dirname(__FILE__) . '/../../../..');


sub kit {
    my $file = "$ROOT/build/conformance/conformance";

    die "$file is missing: run util/conformance/build.sh\n" unless -x $file;

    return $file;
}


# how a secret is shown: hidden('s_1') is "sha256:549ae8b0"

sub hidden { 'sha256:' . substr sha256_hex($_[0]), 0, 8 }


sub conformance {
    my $run = conformance_text('--json', @_);

    for my $line (split /\n/, $run->{out}) {
        my $object = JSON::PP->new->decode($line);

        if ($object->{key}) {
            die "$object->{key} twice" if $run->{key}{ $object->{key} };
            $run->{key}{ $object->{key} } = $object;
        } else {
            $run->{sum} = $object;
        }
    }

    return $run;
}


sub conformance_text {
    return conformance_at(@_, 'unix:' . redis_server()->path);
}


# all words of the command line are the caller's; it has 30 seconds

sub conformance_at {
    my (@words) = @_;
    my ($out, $err) = map { dir() . "/conformance.$_" } qw(out err);
    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $out;
        open STDERR, '>', $err;
        alarm 30;
        exec { kit() } 'conformance', @words;
        exit 127;
    }

    waitpid $pid, 0;

    return { code => $? & 127 ? "signal $?" : $? >> 8,
             out => _slurp($out), err => _slurp($err) };
}


sub _slurp {
    open my $file, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return scalar(<$file>) // '';
}


1;
