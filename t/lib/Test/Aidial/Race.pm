package Test::Aidial::Race;

# A race: grants are asked for and used by many at once, while things break.
#
#     my $race = Test::Aidial::Race->new(seed => 7, site => $site,
#                                        grants => 1500, faults => 1);
#     my $checker = judge($race->run);
#
# Options:
#
#     grants   how many stories are told; seconds: no new one after that;
#              width: so many at a time; kinds: their weights
#     faults   how far they are apart: 1 is about a second, 0: there are none;
#              only: this one; pairs: at the edges others at the same time
#     kills    how often Redis is killed; kill: what it is to know then
#     resets   the share of clients that reset while they read
#     misuse   how many more resumes there are that break a rule
#     late     the share of grants that are tried again much later
#     idle     the share of grants that are not used at once
#     least    octets of the recordings that are used
#
# Every request, fault and recovery is a record in the history, an array of
# hashes; "what" says of which kind: issue, media, fault, kill, recovery.

use strict;
use warnings;

use Carp qw(confess);
use Test::Aidial::Process qw(spawn);
use Test::Aidial::Race::Clients;
use Test::Aidial::Race::Dice qw(one_of weighed);
use Test::Aidial::Race::Faults;
use Test::Aidial::Race::Story;
use Test::Aidial::World qw(dir);
use Time::HiRes qw(time);

# of stories, see Test::Aidial::Race::Story

my %KINDS = (download => 70, playback => 14, hidden => 8, withdrawn => 3,
             limited => 5);

my $LEASE = 35;    # seconds until what a lost worker did is over at the latest


sub new {
    my ($class, %option) = @_;

    return bless {
        grants => 100, width => 12, seconds => 60, faults => 0, kills => 0,
        kinds => \%KINDS, busy => {}, history => [], told => 0, telling => 0,
        pending => 0, probing => 0, ids => 0, redis_hears => 1, kill => [ qw(old empty) ],
        resets => 0.16, late => 0.3, idle => 0.1, least => 0, pairs => 0,
        misuse => 0,
        calm_grants => 30, settle => $LEASE,
        clients => Test::Aidial::Race::Clients->new, %option,
    }, $class;
}


sub site { $_[0]{site} }

sub clients { $_[0]{clients} }

sub history { $_[0]{history} }

sub record { my ($self, %fact) = @_; push @{ $self->{history} }, \%fact }


# run(): with faults, then without, then until everything is entered

sub run {
    my ($self) = @_;
    my @faults = $self->_faults;
    my $watchdog = $self->_watchdog;

    local $SIG{TERM} = sub { confess 'the race does not come to its end' };

    srand $self->{seed};

    $self->{begin} = time;
    $_->begin for @faults;
    $self->_tell($self->{grants}, $self->{seconds});

    $_->end for @faults;
    $self->record(what => 'calm', t0 => time);
    $self->_tell($self->{calm_grants}, 30);
    $self->_settle;
    $self->{end} = time;

    return $self;
}


sub _faults {
    my ($self) = @_;

    return if !$self->{faults};
    return (Test::Aidial::Race::Faults->new($self),
            $self->{pairs} ? Test::Aidial::Race::Faults->near($self) : ());
}


# A process that ends what hangs: who waits for a Redis that says nothing has
# no other clock.  It is there before the first client is.

sub _watchdog {
    my ($self) = @_;
    my ($race, $limit) = ($$, $self->{seconds} + $self->{settle} + 120);

    return spawn(dir() . '/watchdog.log', sub {
        sleep $limit;
        kill TERM => $race;
        exit 0;
    });
}


# tells so many stories, and comes back when the last one is over

sub _tell {
    my ($self, $count, $seconds) = @_;
    my $until = time + $seconds;
    my $left = $count;

    $self->clients->run(sub {
        while ($left > 0 && $self->{telling} < $self->{width}) {
            $left = 0 if time > $until;
            last if $left-- <= 0;
            $self->_one;
        }

        return $left <= 0 && !$self->{telling} && !$self->{pending}
               && !$self->{probing};
    });
}


sub _one {
    my ($self) = @_;

    $self->{told}++;
    $self->{telling}++;

    Test::Aidial::Race::Story->begin($self, weighed($self->{kinds}), sub {
        $self->{telling}--;
    });
}


# Every delivery that began has ended in the stream, or its time is up.  What
# a playback leaves behind is entered when the edges quit.

sub _settle {
    my ($self) = @_;
    my $until = time + $self->{settle};
    my %open;

    my $look = sub {
        for my $entry ($self->site->stream->read) {
            my $event = $entry->{event};

            $open{ $entry->{attempt} } = 1
                if $event =~ /\Adownload\.(?:started|resumed)\z/;
            delete $open{ $entry->{attempt} }
                if $event =~ /\Adownload\.(?:completed|aborted|voided)\z/;
        }
    };

    $open{ $_->{attempt} } = 1 for $self->_running;
    $look->();

    while (%open && time < $until) {
        my $next = time + 0.1;

        $self->clients->run(sub { time >= $next });
        $look->();
    }

    $self->{slow} = [ $self->site->stop ];
    $self->site->stream->read;
}


# the openings that were read without their end

sub _running {
    my ($self) = @_;
    my %open;

    for my $entry (@{ $self->site->stream->entries }) {
        $open{ $entry->{attempt} } = $entry
            if $entry->{event} =~ /\Adownload\.(?:started|resumed)\z/;
        delete $open{ $entry->{attempt} // '' }
            if $entry->{event} =~ /\Adownload\.(?:completed|aborted|voided)\z/;
    }

    return values %open;
}


# ask($story, %how): one request, recorded when it is over
#
#     what, role    for the record, like every other word that is not below
#     edge          number
#     who           name of the user
#     method        recorded as well
#     uri, headers, body
#     plan          what the client does, see Test::Aidial::Race::Clients
#     expected      the recording
#     group, done

my %OWN = map { $_ => 1 } qw(uri headers body plan expected group done);


sub ask {
    my ($self, %how) = @_;
    my $id = ++$self->{ids};
    my %record = map { $OWN{$_} ? () : ($_ => $how{$_}) } keys %how;

    $self->clients->begin({
        id => $id, port => $self->site->edge($how{edge})->port,
        request => _request($self->site->user($how{who})->{sid}, $id, %how),
        body => $how{expected}, head => $how{method} eq 'HEAD',
        group => $how{group}, %{ $how{plan} // {} },
        done => sub {
            my ($seen) = @_;
            my $record = { %record, id => $id, %$seen };

            push @{ $self->{history} }, $record;
            $how{done}->($record);
        },
    });
}


# the number of the request is the user agent: entries have it as a field

sub _request {
    my ($sid, $id, %how) = @_;
    my @headers = ('Host: localhost', "Cookie: aidial_session=$sid",
                   'Sec-Fetch-Site: same-origin', "User-Agent: race/$id",
                   'Connection: ' . one_of(qw(close keep-alive)),
                   @{ $how{headers} // [] });

    push @headers, 'Content-Type: application/json',
        'Content-Length: ' . length $how{body} if defined $how{body};

    return join("\r\n", "$how{method} $how{uri} HTTP/1.1", @headers, '', '')
           . ($how{body} // '');
}


1;
