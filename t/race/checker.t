use strict;
use warnings;

# The checker on histories that are written down here: nothing is found in
# one that is right, and what is wrong with each of the others is named.

use lib 't/lib';
use Test::More;
use Test::Aidial::Race::Checker;

my %SITE = (
    user => {
        first => { tenant => 't_1', user => 'u_1', sid => 's_1' },
        again => { tenant => 't_1', user => 'u_1', sid => 's_2' },
        second => { tenant => 't_1', user => 'u_2', sid => 's_3' },
        limited => { tenant => 't_1', user => 'u_3', sid => 's_4' },
    },
    recording => { c_1 => { size => 3_000_000 } },
    rate => { per_second => 2, burst => 5 }, edges => [ 1, 2 ],
);

my ($history, $entries);


# ---- what is right

story();
is(found(), '', 'checker - a story that is right - nothing');

# ---- what is wrong: each changes the story

my @wrong = (
    # to clients

    'a second delivery' => 'double opening' => sub {
        get(20, 4, got => 3_000_000, cut => '');
    },
    'octets of another recording' => 'foreign' => sub {
        request(2)->{wrong} = 'at 16: 0002:0000000016';
    },
    'octets for another user' => 'double opening status' => sub {
        get(20, 2.5, who => 'second', got => 16);
    },
    'another status' => 'status' => sub { request(4)->{status} = 500 },
    'another code' => 'status' => sub { request(4)->{code} = 'x' },
    '503 without a fault' => 'silence' => sub {
        @{ request(4) }{qw(status code)} = (503, 'service_unavailable');
    },
    '503 behind a fault' => 'silence' => sub {
        @{ request(4) }{qw(status code)} = (503, 'service_unavailable');
        fault(silent => 1, t0 => 1, t1 => 2);
    },
    '503 of another edge' => 'silence' => sub {
        @{ request(4) }{qw(status code)} = (503, 'service_unavailable');
        fault(silent => 1, t0 => 3, t1 => 4, edge => 2);
    },
    'cut without a fault' => 'cut' => sub { request(2)->{cut} = 'server' },
    'no answer without a fault' => 'cut' => sub {
        @{ request(4) }{qw(status cut)} = (0, 'server');
    },
    'no end' => 'hung' => sub { request(2)->{cut} = 'time' },
    'an expired grant' => 'status' => sub {
        request(4)->{code} = 'grant_expired';
    },
    'a limit for the others' => 'entry status' => sub {
        @{ request(1) }{qw(status code)} = (429, 'rate_limited');
    },

    # the opening

    'no entry of the start' => 'closing double opening' => sub {
        drop('download.started');
    },
    'two entries of the start' => 'double opening' => sub {
        entry('download.started', 2, 2.02, attempt => 'a2');
    },
    'an entry of one that was refused' => 'closing double opening' => sub {
        entry('download.started', 4, 4, attempt => 'a4');
    },
    'an entry without a request' => 'double opening' => sub {
        entry_of('download.started')->{request} = 0;
        entry_of('download.started')->{user_agent} = 'x';
    },

    # the resume

    'resumed by another session' => 'double' => sub {
        request(3)->{who} = 'again';
    },
    'resumed with another tag' => 'double' => sub { request(3)->{tag} = '"b"' },
    'resumed without a tag' => 'double' => sub { request(3)->{tag} = undef },
    'resumed up to an end' => 'double' => sub { request(3)->{to} = 2_000_000 },
    'resumed from too far' => 'bytes double' => sub {
        request(3)->{from} = request(3)->{first} = 1_300_000;
    },
    'resumed from elsewhere' => 'bytes double' => sub {
        request(3)->{first} = 1_100_000;
    },
    'resumed as a whole' => 'double' => sub { request(3)->{status} = 200 },
    'resumed while it runs' => 'double' => sub {
        entry_of('download.aborted')->{at} = 3.1;
    },
    'resumed with too much again' => 'double' => sub {
        @{ request(3) }{qw(from first got)} = (1, 1, 2_999_999);
        @{ entry_of('download.completed') }{qw(bytes first_byte last_byte)}
            = (2_999_999, 1, 2_999_999);
        @{ entry_of('download.aborted') }{qw(bytes last_byte)}
            = (1_600_001, 1_600_000);
        @{ request(2) }{qw(got)} = (1_600_001);
    },
    'a resume that is right is refused' => 'withheld' => sub {
        @{ request(3) }{qw(status media got code)}
            = (410, 0, 0, 'grant_used');
        drop('download.resumed');
        drop('download.completed');
    },
    'refused and never used' => 'withheld' => sub {
        splice @$history, 1, 2;
        drop("download.$_") for qw(started aborted resumed completed);
    },

    # the closing

    'no entry of the end' => 'closing' => sub { drop('download.completed') },
    'two entries of the end' => 'closing' => sub {
        entry('download.completed', 3, 3.5, attempt => 'a3', status => 206,
              bytes => 2_000_000, first_byte => 1_000_000,
              last_byte => 2_999_999, duration_ms => 9);
    },
    'an end that comes late' => 'closing' => sub {
        entry_of('download.completed')->{at} = 39;
    },
    'an end without a start' => 'closing' => sub {
        entry('download.aborted', 4, 4.5, attempt => 'a4', status => 206,
              bytes => 1, first_byte => 0, last_byte => 0, duration_ms => 9);
    },
    'fewer bytes than were got' => 'bytes' => sub {
        entry_of('download.completed')->{bytes}--;
    },
    'more bytes than there is room for' => 'bytes' => sub {
        @{ entry_of('download.aborted') }{qw(bytes last_byte)}
            = (1_600_000, 1_599_999);
    },
    'void, and it was not' => 'bytes double' => sub {
        entry_of('download.aborted')->{event} = 'download.voided';
    },
    'aborted, and it was not' => 'bytes' => sub {
        entry_of('download.completed')->{event} = 'download.aborted';
    },
    'other bytes' => 'bytes' => sub {
        entry_of('download.aborted')->{first_byte} = 16;
    },

    # the grant

    'no entry of the grant' => 'entry fence' => sub { drop('grant.issued') },
    'two entries of the grant' => 'entry' => sub {
        entry('grant.issued', 1, 1.5);
    },
    'an entry of another grant' => 'entry' => sub {
        entry('grant.issued', 1, 1.5)->{grant} = 'f' x 32;
    },
    'of a Redis that is dead' => 'fence' => sub {
        $_->{life} = 1 for grep { $_->{at} > 2.9 } @$entries;
    },
    'refused without an entry' => 'entry' => sub {
        drop('grant.refused');
    },
    'the owner of what is hidden' => 'entry' => sub {
        entry_of('grant.refused')->{client} = 'cl_2';
    },
    'more grants than the rate allows' => 'rate' => sub {
        limited($_, 10 + $_ / 100) for 40 .. 46;
    },
    'two bounded entries' => 'bound' => sub {
        get(20, 8, status => 410, code => 'grant_used', media => 0);
        entry('media.refused', 4, 9, count => 1);
    },
    'more refusals than there were' => 'entry' => sub {
        entry_of('media.refused')->{count} = 2;
    },
    'refusals without an entry' => 'entry' => sub { drop('media.refused') },

    # a playback

    'played without an entry' => 'opening' => sub {
        drop('playback.started');
    },
    'played and not closed' => 'bytes closing' => sub {
        drop('playback.closed');
    },
    'played, and not all of it is entered' => 'bytes' => sub {
        entry_of('playback.closed')->{ranges} = '0-98,200-299';
    },
    'played, and more is entered' => 'bytes' => sub {
        entry_of('playback.closed')->{bytes} = 201;
    },

    'played and closed twice' => 'bytes closing' => sub {
        push @$entries, { %{ entry_of('playback.closed') }, at => 8.5 };
    },

    # the stream

    'another user' => 'entry' => sub {
        entry_of('download.started')->{user} = 'u_2';
    },
    'another call' => 'entry' => sub {
        entry_of('download.started')->{call} = 'c_2';
    },
    'another tenant' => 'entry' => sub {
        entry_of('download.started')->{stream} = 't_2';
    },
    'a field less' => 'entry' => sub {
        delete entry_of('download.started')->{edge};
    },
    'a field more' => 'entry' => sub {
        entry_of('download.started')->{fields}++;
    },
    'an unknown event' => 'entry' => sub {
        entry('download.else', 4, 9);
    },

    # nginx and Redis

    'an edge that comes back late' => 'recovery' => sub {
        push @$history, { what => 'kill', t0 => 20 },
            map { { what => 'recovery', edge => $_, seconds => $_, up => 20 } }
            1, 2;
    },
    'an edge that does not come back' => 'recovery' => sub {
        push @$history, { what => 'kill', t0 => 20 },
            { what => 'recovery', edge => 1, seconds => 0.1, up => 20 };
    },
);

while (my ($name, $kinds, $change) = splice @wrong, 0, 3) {
    story();
    $change->();
    is(found(), $kinds, "checker - $name - $kinds");
}

# ---- what looks wrong and is not

my @right = (
    '503 during a fault' => sub {
        @{ request(4) }{qw(status code)} = (503, 'service_unavailable');
        drop('media.refused');
        fault(silent => 1, t0 => 3, t1 => 3.2);
    },
    'a worker was killed' => sub {
        request(3)->{cut} = 'server';
        request(3)->{got}--;
        entry_of('download.completed')->{event} = 'download.aborted';
        fault(cuts => 1, t0 => 3, t1 => 3.1);
    },
    'the worker that was the origin was killed' => sub {
        @{ request(4) }{qw(status code)} = (502, 'media_unavailable');
        drop('media.refused');
        fault(cuts => 1, t0 => 3, t1 => 3.2);
    },
    'another process than its worker was killed, and it is resumed' => sub {
        request(2)->{cut} = 'server';
        fault(cuts => 1, t0 => 2, t1 => 2.1);
    },
    'given back before' => sub {
        get(20, 1.8, status => 0, cut => 'client', media => 0);
        entry('download.started', 20, 1.8, attempt => 'v');
        entry('download.voided', 20, 1.9, attempt => 'v', status => 0,
              bytes => 0, first_byte => '', last_byte => '',
              duration_ms => 1);
    },
    'a grant that nobody heard of' => sub {
        drop('grant.refused');
        @{ request(9) }{qw(status code)} = (503, 'service_unavailable');
        delete request(9)->{hidden};
        fault(silent => 1, t0 => 8, t1 => 9);
        entry('grant.issued', 9, 9)->{grant} = 'e' x 32;
    },
    'closed again by a Redis that did not know' => sub {
        push @$entries, { %{ entry_of('playback.closed') }, at => 8.5,
                          life => 1 };
    },
    'a start that Redis took with it' => sub {
        push @$history, { %{ request(1) }, id => 50, grant => 'k', t0 => 10,
                          t1 => 10.1 };
        entry('grant.issued', 50, 10.05);
        get(51, 11, grant => 'k', issue => 50, status => 503, media => 0,
            code => 'service_unavailable');
        entry('download.started', 51, 11, attempt => 'k');
        fault(silent => 1, t0 => 11, t1 => 12);
        push @$history, { what => 'kill', t0 => 12 },
            map { { what => 'recovery', edge => $_, seconds => 0.1, up => 12 } }
            1, 2;
    },
    'grants as the rate allows' => sub {
        limited($_, 10 + $_ / 100) for 40 .. 45;
        limited(46, 10.91);
    },
);

while (my ($name, $change) = splice @right, 0, 2) {
    story();
    $change->();
    is(found(), '', "checker - $name - nothing");
}

# ---- figures

story();
my $checker = checker();
my %count = $checker->counts;
is($count{deliveries}, 2, 'checker - deliveries are counted');
is($count{resumes}, 1, 'checker - resumes are counted');
is($count{burned} // 0, 0, 'checker - nothing is burned');

story();
@{ request(2) }{qw(status got media)} = (0, 0, 0);
splice @$history, 2, 1;
drop('download.resumed');
drop('download.completed');
$checker = checker();
%count = $checker->counts;
is($count{burned}, 1, 'checker - a burned grant is counted');

done_testing();


# a download that is broken off, resumed and then refused; a playback; a
# refusal

sub story {
    ($history, $entries) = ([], []);

    push @$history, { what => 'issue', id => 1, grant => 'g', t0 => 1,
                      t1 => 1.1, status => 201, who => 'first', edge => 1,
                      call => 'c_1', action => 'download', cut => '',
                      story => 'download', method => 'POST' };
    entry('grant.issued', 1, 1.05);

    get(2, 2, got => 1_000_000, cut => 'client');
    entry('download.started', 2, 2.01, attempt => 'a2');
    entry('download.aborted', 2, 2.9, attempt => 'a2', status => 200,
          bytes => 1_200_000, first_byte => 0, last_byte => 1_199_999,
          duration_ms => 9);

    get(3, 3, role => 'resume', status => 206, from => 1_000_000, tag => '"a"',
        first => 1_000_000, got => 2_000_000, length => 2_000_000);
    entry('download.resumed', 3, 3.01, attempt => 'a3');
    entry('download.completed', 3, 3.3, attempt => 'a3', status => 206,
          bytes => 2_000_000, first_byte => 1_000_000, last_byte => 2_999_999,
          duration_ms => 9);

    get(4, 4, role => 'late', status => 410, code => 'grant_used', media => 0);
    entry('media.refused', 4, 4.1, count => 1);

    push @$history, { what => 'issue', id => 5, grant => 'p', t0 => 5,
                      t1 => 5.1, status => 201, who => 'first', edge => 1,
                      call => 'c_1', action => 'playback', cut => '',
                      story => 'playback', method => 'POST' };
    entry('grant.issued', 5, 5.05);
    get(6, 6, grant => 'p', action => 'playback', status => 206, from => 0,
        to => 99, got => 100, length => 100);
    get(7, 7, grant => 'p', action => 'playback', status => 206, from => 200,
        to => 299, first => 200, got => 100, length => 100);
    entry('playback.started', 6, 6.01);
    entry('playback.closed', 7, 8, status => 206, bytes => 200,
          first_byte => 0, last_byte => 299, duration_ms => 9,
          ranges => '0-99,200-299');

    push @$history, { what => 'issue', id => 9, t0 => 9, t1 => 9.1,
                      status => 404, code => 'recording_not_found',
                      who => 'first', edge => 1, call => 'c_9', hidden => 't_2',
                      action => 'download', cut => '', story => 'hidden',
                      method => 'POST' };
    entry('grant.refused', 9, 9.05);
}


sub get {
    my ($id, $at, %more) = @_;

    push @$history, { what => 'media', id => $id, role => 'get', grant => 'g',
                      issue => 1, action => 'download', who => 'first',
                      edge => 1, method => 'GET', t0 => $at, t1 => $at + 0.5,
                      status => 200, first => 0, got => 0, media => 1,
                      length => 3_000_000, cut => '', etag => '"a"', %more };
}


sub entry {
    my ($event, $id, $at, %more) = @_;
    my $r = request($id);
    my $user = $SITE{user}{ $r->{who} };
    my $issue = $r->{what} eq 'issue' ? $r
                : $r->{grant} eq 'p' ? request(5) : request(1);

    my $entry = {
        event => $event, user => $user->{user}, tenant => $user->{tenant},
        stream => $user->{tenant}, call => $issue->{call},
        action => $issue->{action}, grant => $r->{grant} // '',
        user_agent => "race/$id", at => $at, life => 0, id => "$at",
        (map { $_ => 'x' } qw(role client project decision reasons session
                              remote_addr request_id edge time)), %more };

    $entry->{fields} = 17 + keys %more;
    push @$entries, $entry;

    return $entry;
}


sub limited {
    my ($id, $at) = @_;

    push @$history, { what => 'issue', id => $id, grant => "l$id", t0 => $at,
                      t1 => $at, status => 201, who => 'limited', edge => 2,
                      call => 'c_1', action => 'download', cut => '',
                      story => 'limited', method => 'POST' };
    entry('grant.issued', $id, $at);
}


sub fault {
    push @$history, { what => 'fault', kind => 'x', edge => 0, slack => 1, @_ };
}


sub request { (grep { ($_->{id} // 0) == $_[0] } @$history)[0] }

sub entry_of { (grep { $_->{event} eq $_[0] } @$entries)[0] }

sub drop {
    my ($event) = @_;

    @$entries = grep { $_->{event} ne $event } @$entries;
}


sub checker {
    @$entries = sort { $a->{at} <=> $b->{at} } @$entries;

    my $checker = Test::Aidial::Race::Checker->new(
        history => $history, entries => $entries, site => \%SITE);
    $checker->check;

    return $checker;
}


sub found {
    my %kind = map { $_->{kind} => 1 } @{ checker()->{wrong} };

    return join ' ', sort keys %kind;
}
