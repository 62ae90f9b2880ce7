package Test::Aidial::Cut;

# What the tests of withdrawn responses share.
#
#     my ($client, $answer) = running($nginx, $url, 10_000);
#     redis('DEL', 'aidial:session:s_1');
#     is(drain($client, $answer), 'reset', 'cut');
#     is(cut_entry()->{reasons}, 'session_required', 'why');

use strict;
use warnings;

use Errno qw(ECONNRESET);
use Exporter 'import';
use IO::Select;
use JSON::PP;
use Test::Aidial::Delivery;
use Test::Aidial::Portal;
use Time::HiRes qw(time);

our @EXPORT = qw(running verdict take drain cut_entry);


# as part() and ask_media(), but the session's record stays as it is

my $COOKIE = 'Cookie: aidial_session=s_1';

sub running {
    my ($nginx, $url, $n, %option) = @_;
    my $client = $option{client} // narrow($nginx);

    $client->send_request('GET', $url, undef, $COOKIE);
    my $answer = $client->response(head => 1) // die 'no answer';

    $answer->{status} == 200 or die "$url: $answer->{status}";
    $answer->{body} = $n ? $client->read_bytes($n) : '';

    return ($client, $answer);
}


# what the next request gets, in one line: status, code, reasons

sub verdict {
    my ($nginx, $url, @headers) = @_;
    my $answer = $nginx->client->get($url, $COOKIE, @headers) // return 'none';
    my $body = eval { decode_json($answer->{body}) } // {};

    return join ' ', grep { defined } $answer->{status}, $body->{code},
        $body->{reasons} && join ',', @{ $body->{reasons} };
}


# takes what has come, at most so many bytes; true when there was something

sub take {
    my ($client, $most) = @_;

    return if $client->{lost}
              || !IO::Select->new($client->{socket})->can_read(0);

    my $n = sysread $client->{socket}, $client->{in}, $most,
                    length $client->{in};

    $client->{lost} = defined $n ? 'closed'
                      : $! == ECONNRESET ? 'reset' : "error $!" if !$n;

    return $n;
}


# reads to the end: "reset", "closed", "complete", or "runs" when it did not
# end in time

sub drain {
    my ($client, $answer, $seconds) = @_;
    my $until = time + ($seconds // 5);
    my $length = $answer->{headers}{'content-length'};

    while (!$client->{lost}) {
        return 'complete'
            if defined $length && got($client, $answer) >= $length;

        my $left = $until - time;

        return 'runs' if $left <= 0;

        IO::Select->new($client->{socket})->can_read($left);
        take($client, 65536);
    }

    return $client->{lost};
}


# the one entry of a cut, as soon as it is there

sub cut_entry {
    my ($seconds) = @_;
    my @all = entries('media.cut', 1, $seconds);

    return @all == 1 ? $all[0] : { event => 'entries: ' . scalar @all };
}


1;
