package Test::Aidial::Fault;

# What the tests of Redis faults and of the life cycle share: one way to ask
# each endpoint, one way to say what a refusal is, one way to say that nginx
# is still in order at the end, and a Redis that is healthy until told.
#
#     my $redis = middle();
#     my $nginx = edge(redis => 'unix:' . $redis->path . ' timeout=200ms');
#     prepare();
#     override(GET => "-LOADING x\r\n");
#     is(refusal(ask($nginx, 'status')), refused(), '...');
#     override();
#     ok(serving($nginx, 'status'), '...');
#     in_order($nginx);

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::UNIX;
use JSON::PP;
use Storable ();
use Test::More;
use Time::HiRes qw(sleep time);
use Test::Aidial::FakeRedis;
use Test::Aidial::Nginx;
use Test::Aidial::Process qw(spawn);

our @EXPORT = qw(edge prepare playback_url download_url media_bytes
                 ask start_asking in_flight timed refusal refused serving
                 load_begin load_end settled in_order descriptors
                 access_lines answered_as
                 middle override hold release lose passed_on bulk);

my @WHO = ('Cookie: aidial_session=s_1', same_origin());

my $playback;


# edge(redis => ..., grant_rate => ..., extra => ...): the words are those of
# http_config(), the rest is what Nginx->start() takes.  One worker unless told
# otherwise: then what is known of it is known of all.

sub edge {
    my (%option) = @_;
    my %word = map { exists $option{$_} ? ($_ => delete $option{$_}) : () }
        qw(redis grant_rate extra);

    return Test::Aidial::Nginx->start(http => http_config(%word), %option);
}


# the records of the examples, and a playback grant for ask(..., 'media'),
# with the words of grant()

sub prepare {
    records();
    $playback = grant(@_);
}


sub playback_url { media_url($playback // token()) }

sub download_url { media_url(grant(action => 'download')) }


# what the media origin has for the call of the examples

sub media_bytes {
    my ($root) = __FILE__ =~ m{\A(.*)/t/lib/Test/Aidial/};
    my $file = ($root // '.') . '/t/data/media/t_1/2026/c_9.mp3';

    open my $media, '<:raw', $file or die "$file: $!";
    local $/;
    return <$media>;
}


# ask($nginx or $client, status|grant|media|download): the answer

sub ask {
    my ($where, $what, %option) = @_;
    my $client = start_asking($where, $what);

    return $client->response(%option);
}


sub start_asking {
    my ($where, $what) = @_;
    my $client = $where->can('client') ? $where->client : $where;

    # "status", "grant", "media", "download", or a path

    if ($what eq 'status') {
        $client->send_request('GET', '/api/calls/c_9/status', undef, @WHO);

    } elsif ($what eq 'grant') {
        $client->send_request('POST', '/api/calls/c_9/grant',
                              '{"action": "playback"}', @WHO);
    } else {
        $client->send_request('GET', $what eq 'media' ? playback_url()
                              : $what eq 'download' ? download_url() : $what,
                              undef, @WHO);
    }

    return $client;
}


# the client of a request that waits for Redis: the debug log says when it has
# asked once more than before; "steps" when it is to have asked more often

sub in_flight {
    my ($nginx, $what, %option) = @_;
    my $asked = qr/aidial step: (?:identity|standing|records|issue|redemption)/;
    my $before = $nginx->log($asked);
    my $client = start_asking($nginx, $what);

    wait_for { $nginx->log($asked) >= $before + ($option{steps} // 1) }
        or die "no request waits for Redis\n";

    return $client;
}


# (the answer, how many seconds it took)

sub timed(&) {
    my ($code) = @_;
    my $begin = time;

    return (scalar $code->(), time - $begin);
}


# A refusal in one line, to be compared with refused(): status, code, header
# and member.  A body that is not a problem shows.

sub refusal {
    my ($answer) = @_;

    return 'no answer' if !$answer;

    my $problem = eval { decode_json($answer->{body}) };
    return "$answer->{status} with " . length($answer->{body}) . ' bytes'
        if ref $problem ne 'HASH';

    return join ' ', $answer->{status}, $problem->{code} // 'no code',
        map { $_ // '-' } $answer->{headers}{'retry-after'},
        $problem->{retry_after};
}


sub refused { '503 service_unavailable 1 1' }


# the endpoint serves within so many seconds

sub serving {
    my ($where, $what, $seconds) = @_;

    return wait_for {
        my $answer = ask($where, $what);
        $answer && $answer->{status} =~ /\A20[01]\z/;
    } $seconds;
}


# load_begin($nginx, $what, ...): a process that asks for these in turn, each
# over a connection of its own that it closes; load_end($load): a hash of what
# it was answered, with 0 for no answer

my $loads = 0;

sub load_begin {
    my ($nginx, @what) = @_;
    my $file = dir() . '/load-' . ++$loads;

    my $process = spawn("$file.err", sub {
        open my $out, '>>', $file or die "$file: $!";
        $out->autoflush(1);

        while (1) {
            my $answer = eval { ask($nginx, $what[0]) };

            print $out $answer && !$answer->{cut} ? $answer->{status} : 0, "\n";
            push @what, shift @what;
            sleep 0.005;
            exit if -e "$file.end";
        }
    });

    return { file => $file, process => $process };
}


sub load_end {
    my ($load) = @_;
    my %count;

    open my $end, '>', "$load->{file}.end" or die "$load->{file}.end: $!";
    wait_for { !$load->{process}->running } 10;

    open my $in, '<', $load->{file} or return {};
    chomp, $count{$_}++ while <$in>;

    return \%count;
}


# every delivery of a download has its end: no closing script is under way that
# would meet the next override()

sub settled {
    wait_for {
        my @events = map { $_->{event} } audit();

        grep({ /\Adownload\.(?:started|resumed)\z/ } @events)
            == grep { /\Adownload\.(?:completed|aborted|voided)\z/ } @events;
    } 3 or die 'a delivery has no end';
}


# The end of every file: the workers are the ones they were, nginx quits in
# time, and it said nothing alarming - after the quit, for an open socket is
# said at the very end.  "crit" allows lines of that kind that match, "killed"
# the line about a worker that the test killed.

sub in_order {
    my ($nginx, %option) = @_;
    my $allowed = $option{crit};

    is(join(' ', sort $nginx->workers), join(' ', sort @{ $option{pids} }),
       'the workers are the same') if $option{pids};
    ok($nginx->stop, 'nginx quits in time');

    my @bad = grep { !(defined $allowed && /\[crit\]/ && /$allowed/) }
        $nginx->log(qr/\[(?:alert|emerg|crit)\]|exited on signal/);

    @bad = grep { !/exited on signal 9/ } @bad if $option{killed};

    is(join('', @bad), '', 'nothing alarming in the log');
}


# how many files the process has open, once that stands still

sub descriptors {
    my ($pid) = @_;
    my ($count, $same) = (-1, 0);

    wait_for {
        my $now = () = glob "/proc/$pid/fd/*";

        $same = $now == $count ? $same + 1 : 0;
        $count = $now;
        $same == 10;
    } 2;

    return $count;
}


# waits until the access log has one more line of that status than before

sub answered_as {
    my ($nginx, $status, $before, $seconds) = @_;

    return wait_for { access_lines($nginx, $status) > $before } $seconds;
}


sub access_lines {
    my ($nginx, $status) = @_;

    open my $log, '<', dir_of($nginx) . '/access.log' or return 0;
    return scalar grep { /" $status \d+ "/ } <$log>;
}


sub dir_of { $_[0]{dir} }


sub bulk { '$' . length($_[0]) . "\r\n$_[0]\r\n" }


# middle(): a FakeRedis that hands each command to the real one and its reply
# back, octet for octet, but for what override() names.  An override takes
# effect with the next command and leaves connections alone.

sub middle {
    my (%script) = @_;
    my $said = dir() . '/override';

    redis_server();
    override();

    return Test::Aidial::FakeRedis->start(dir(), %script,
        '*' => sub { _between($said, @_) });
}


# override('GET aidial:x' => ..., EVALSHA => ...): as FakeRedis' script, with
# constants only, or by the first two words ("EVALSHA <sha>"); a hash without "reply" is about the reply of the real one,
# of which "swap", a pair, replaces a part.  override() forgets them all.

sub override {
    my (%script) = @_;
    my $said = dir() . '/override';

    Storable::nstore(\%script, "$said.new");
    rename "$said.new", $said or die "$said: $!";
}


# hold($command): its replies are not sent before release()

my $held = 0;

sub hold {
    my ($command) = @_;

    override($command => { until => dir() . '/release-' . ++$held });
}


sub release {
    override();

    open my $file, '>', dir() . "/release-$held" or die "release: $!";
}


# lose($command, $times, $how): the real one does it, but the next replies are
# lost: $how is "close", "never", or the bytes that come instead

my $lost = 0;

sub lose {
    my ($command, $times, $how) = @_;

    override($command => { lose => $times, how => $how, id => ++$lost });
}


my %lost;

sub _between {
    my ($said, @words) = @_;
    my $script = Storable::retrieve($said);
    my $line = join ' ', @words;

    for my $key ($line, "$words[0] $words[1]", $words[0]) {
        next if !exists $script->{$key};

        my $answer = $script->{$key};
        return $answer if ref $answer ne 'HASH' || exists $answer->{reply};

        if ($answer->{lose}) {
            my $reply = passed_on(@words);

            return $lost{ $answer->{id} }++ < $answer->{lose}
                ? $answer->{how} : $reply;
        }

        my $reply = passed_on(@words);
        my ($from, $to) = @{ $answer->{swap} // [ '', '' ] };

        $reply =~ s/\Q$from/$to/;
        return { %$answer, reply => $reply };
    }

    return passed_on(@words);
}


# what the real Redis says, for a FakeRedis with ideas of its own

my $upstream;

sub passed_on {
    my (@words) = @_;

    $upstream //= IO::Socket::UNIX->new(Peer => redis_server()->path)
        // return 'close';

    my $text = '*' . @words . "\r\n";
    $text .= '$' . length($_) . "\r\n$_\r\n" for @words;
    syswrite $upstream, $text;

    my $reply = eval { _raw() };
    return $reply if defined $reply;

    undef $upstream;
    return 'close';
}


# one reply as it came

sub _raw {
    my $line = readline($upstream) // die "closed\n";
    my ($type, $count) = $line =~ /\A(.)(-?\d*)/;

    return $line if $type =~ /[-+:]/ || $count < 0;
    return join '', $line, map { _raw() } 1 .. $count if $type eq '*';

    read($upstream, my $data, $count + 2) == $count + 2 or die "closed\n";
    return $line . $data;
}


1;
