use strict;
use warnings;

# Redis answers with an error: 503 for every endpoint, whichever command met
# it, and never a byte of media.  What becomes of the connection depends on
# the error; when it has passed, service is back.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;

# keep: the next request uses the same connection.  drop: it is closed, the
# server cannot serve or is not believed.  deny: closed, and not tried again
# for five seconds.

my @errors = (
    [ 'LOADING Redis is loading the dataset in memory' => 'drop' ],
    [ 'READONLY You can\'t write against a read only replica.' => 'drop' ],
    [ 'MASTERDOWN Link with MASTER is down' => 'drop' ],
    [ 'OOM command not allowed when used memory > \'maxmemory\'.' => 'keep' ],
    [ 'BUSY Redis is busy running a script.' => 'keep' ],
    [ 'MISCONF Redis is configured to save RDB snapshots' => 'keep' ],
    [ 'NOREPLICAS Not enough good replicas to write.' => 'keep' ],
    [ 'NOAUTH Authentication required.' => 'deny' ],
    [ 'WRONGPASS invalid username-password pair' => 'deny' ],
    [ 'NOPERM this user has no permissions to run it' => 'keep' ],
    [ 'MOVED 3999 127.0.0.1:6381' => 'keep' ],
    [ 'ASK 3999 127.0.0.1:6381' => 'keep' ],
    [ 'CLUSTERDOWN The cluster is down' => 'keep' ],
    [ 'TRYAGAIN Multiple keys request during rehashing' => 'keep' ],
    [ 'EXECABORT Transaction discarded because of errors.' => 'keep' ],
    [ 'ERR unknown command' => 'keep' ],
    [ 'UNKILLABLE Sorry the script already executed writes' => 'drop' ],
    [ 'WHATEVER nobody has heard of this' => 'drop' ],
    [ '' => 'drop' ],
    [ 'NOSCRIPTS are not NOSCRIPT' => 'drop' ],
    [ 'X' x 65536 => 'drop' ],
);

# the command that meets the error, for each endpoint

my %meets = (status => 'GET aidial:tenant:t_1', grant => 'EVALSHA',
             media => 'HMGET', download => 'EVALSHA');

my $middle = middle();
my $nginx = edge(redis => 'unix:' . $middle->path);
my $media = media_bytes();

prepare();
ok(serving($nginx, 'media', 2), 'redis - no error - served');

for my $row (@errors) {
    my ($error, $fate) = @$row;
    my ($name) = $error =~ /\A(\S*)/;

    $name = length $name > 40 ? length($name) . ' bytes' : $name || 'empty';

    # a worker that has no delay yet

    $nginx->reload or die 'no reload';
    serving($nginx, 'status', 2) or die 'not served';

    for my $what ($fate eq 'deny' ? 'media' : sort keys %meets) {
        meets_error($name, $error, $fate, $what);
    }
}

# a status that meets it at its first command, a media request at all of them

override(GET => "-BUSY x\r\n", HMGET => "-BUSY x\r\n");
is(refusal(ask($nginx, $_)), refused(), "redis - answers BUSY to all, $_ - 503")
    for qw(status grant media);
override();

in_order($nginx, crit => 'Redis (?:answered with the error "(?:NOPERM|NOAUTH|'
                         . 'WRONGPASS)|does not let us in)');
done_testing();


sub meets_error {
    my ($name, $error, $fate, $what) = @_;
    my $url = $what eq 'download' ? download_url() : $what;
    my $before = connections();

    override($meets{$what} => "-$error\r\n");

    my $answer = ask($nginx, $url);

    is(refusal($answer), refused(), "redis - answers $name, $what - 503");
    is(index($answer->{body}, substr $media, 0, 16), -1,
       "redis - answers $name, $what - not a byte of media")
        if $what eq 'media' || $what eq 'download';

    override();
    return denied($name) if $fate eq 'deny';

    # a grant that was not redeemed is as good as before

    ok(serving($nginx, $url, 2), "redis - $name has passed, $what - served");
    is(connections() > $before ? 'drop' : 'keep', $fate,
       "redis - answers $name, $what - connection: $fate");
}


# what a worker does five seconds later is the matter of another file

sub denied {
    my ($name) = @_;

    is(refusal(ask($nginx, 'status')), refused(),
       "redis - answered $name - 503 until it is tried again");
}


sub connections { scalar grep { $_ eq '+' } $middle->log }
