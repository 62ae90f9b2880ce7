package Test::Aidial::Race::Checker::Download;

# A download grant is one use.  Its entries, in the order of the stream, must
# be a walk through these states:
#
#     fresh   -- started -->  running   -- completed, aborted -->  ended
#     ended   -- resumed -->  running   -- voided -->  what it was before
#
# and every octet that a client has seen must belong to a step of that walk.

use strict;
use warnings;

my $RESUMES = 16;
my $LATE = 35;      # seconds: a lease, and what it takes to see that it is over
my $OVERLAP = 4 * 1024 * 1024;


sub check {
    my ($checker) = @_;

    _attempts($checker);

    for my $id (sort keys %{ $checker->{grant} }) {
        my $grant = $checker->{grant}{$id};

        next if ($grant->{action} // '') ne 'download';

        my $use = { id => $id, grant => $grant, state => 'fresh', sent => 0,
                    overlap => 0, resumes => 0, size => _size($checker, $id),
                    seen => {}, past => [] };

        _walk($checker, $use);
        _delivered($checker, $use);
        _withheld($checker, $use);
    }
}


sub _size {
    my ($checker, $id) = @_;
    my $issue = $checker->{grant}{$id}{issue} or return 0;

    return $checker->{site}{recording}{ $issue->{call} }{size};
}


sub _opens { $_[0]{event} =~ /\Adownload\.(?:started|resumed)\z/ }

sub _closes { $_[0]{event} =~ /\Adownload\.(?:completed|aborted|voided)\z/ }


# each attempt is opened once and closed once; a Redis that was killed may
# have forgotten that it was

sub _attempts {
    my ($checker) = @_;
    my (%opened, %closed);

    for my $entry (@{ $checker->{entries} }) {
        my $of = _opens($entry) ? \%opened : _closes($entry) ? \%closed : next;

        push @{ $of->{ $entry->{attempt} // '' } }, $entry;
    }

    for my $attempt (sort keys %opened) {
        my ($first, @more) = @{ $opened{$attempt} };

        $checker->wrong('opening', $first->{grant}, "attempt $attempt: opened "
                        . (1 + @more) . ' times') if @more;
        $checker->wrong('closing', $first->{grant},
                        "attempt $attempt: never closed")
            if !$closed{$attempt} && !_forgotten($checker, $first);
    }

    for my $attempt (sort keys %closed) {
        my ($first, @more) = @{ $closed{$attempt} };

        $checker->wrong('closing', $first->{grant},
                        "attempt $attempt: closed and never opened")
            if !$opened{$attempt};
        $checker->wrong('closing', $first->{grant}, "attempt $attempt: closed "
                        . (1 + @more) . ' times')
            if grep { $_->{life} == $first->{life} } @more;
    }
}


# A Redis that was killed takes the entry of the start with it (only we have
# read it before).  Of an edge that never heard of the start nobody asks for
# an end.

sub _forgotten {
    my ($checker, $entry) = @_;
    my $request = $entry->{request} // return;

    return $request->{status} =~ /\A(?:0|503)\z/
           && $checker->killed($entry->{at}, $entry->{at} + $LATE);
}


sub _walk {
    my ($checker, $use) = @_;

    for my $entry (@{ $use->{grant}{entries} }) {
        _open($checker, $use, $entry) if _opens($entry);
        _close($checker, $use, $entry)
            if _closes($entry) && !$use->{closed}{ $entry->{attempt} }++;

        $use->{life} = $entry->{life} if $entry->{event} eq 'grant.issued';
        push @{ $use->{past} }, { %$use{qw(state sent overlap resumes session
                                           tag)}, at => $entry->{at} };
    }
}


sub _open {
    my ($checker, $use, $entry) = @_;
    my ($id, $event, $request) = ($use->{id}, @$entry{qw(event request)});

    $checker->wrong('fence', $id, "$event by a Redis that did not issue it")
        if $entry->{life} != ($use->{life} // -1);

    if (!$request || $request->{what} ne 'media' || $request->{grant} ne $id) {
        $checker->wrong('opening', $id, "$event without a request");
        return;
    }

    $checker->wrong('opening', $id, "request $request->{id}: $event twice")
        if $use->{seen}{ $request->{id} };
    $checker->wrong('opening', $id, "request $request->{id}: $event, and it "
                    . "was answered $request->{status}")
        if $request->{method} ne 'GET'
           || $request->{status} !~ /\A(?:0|200|206|304|412|416|502|503)\z/;

    my $right = $event eq 'download.started' ? 'fresh' : 'ended';
    $checker->wrong('double', $id, "request $request->{id}: $event of a grant "
                    . "that is $use->{state}") if $use->{state} ne $right;

    _resume($checker, $use, $request) if $event eq 'download.resumed';

    if ($event eq 'download.started') {
        $use->{session} = $request->{who};
        $use->{tag} = $request->{etag};
    }

    $use->{seen}{ $request->{id} } = { %$entry, before => $use->{state},
                                       from => $request->{from} };
    $use->{attempt}{ $entry->{attempt} } = $request->{id};
    @$use{qw(state running)} = ('running', $request->{id});
}


# what is wrong with a resume of the use as it is, or nothing

sub _illegal {
    my ($use, $request) = @_;
    my $from = $request->{from} // 0;
    my $half = int $use->{size} / 2;
    my $most = $half < $OVERLAP ? $half : $OVERLAP;

    return 'of another session' if $request->{who} ne ($use->{session} // '');
    return 'without the entity tag'
        if !defined $request->{tag}
           || defined $use->{tag} && $request->{tag} ne $use->{tag};
    return 'with an end' if defined $request->{to};
    return "from $from, and $use->{sent} were sent"
        if $from < 1 || $from > $use->{sent};
    return 'once too often' if $use->{resumes} >= $RESUMES;
    return 'of too much again'
        if $use->{overlap} + $use->{sent} - $from > $most;
    return;
}


sub _resume {
    my ($checker, $use, $request) = @_;
    my $why = _illegal($use, $request);

    $checker->wrong('double', $use->{id},
                    "request $request->{id}: resumes $why") if $why;
    $checker->wrong('double', $use->{id}, "request $request->{id}: resumes, "
                    . "and was answered $request->{status}")
        if $request->{status} == 200
           || $request->{status} == 206 && $request->{first} != $request->{from};
}


# the end of a delivery, and what it says that the client got

sub _close {
    my ($checker, $use, $entry) = @_;
    my $number = $use->{attempt}{ $entry->{attempt} // '' } // return;
    my $opening = $use->{seen}{$number};
    my $request = $opening->{request};

    $opening->{closing} = $entry;
    $checker->wrong('closing', $use->{id}, sprintf 'request %d: %s, %.0f s '
                    . 'behind its end', $number, $entry->{event},
                    $entry->{at} - $request->{t1})
        if $entry->{at} > $request->{t1} + $LATE;
    _bytes($checker, $use->{id}, $request, $entry);

    return if $use->{state} ne 'running' || $use->{running} ne $number;

    if ($entry->{event} eq 'download.voided') {
        $use->{state} = $opening->{before};
        return;
    }

    if ($opening->{event} eq 'download.resumed') {
        $use->{resumes}++;
        $use->{overlap} += $use->{sent} - $opening->{from};
    }

    my $sent = length($entry->{last_byte} // '') ? $entry->{last_byte} + 1 : 0;

    $use->{sent} = $sent if $sent > $use->{sent};
    $use->{state} = 'ended';
}


sub _bytes {
    my ($checker, $id, $request, $entry) = @_;
    my ($got, $bytes) = ($request->{got}, $entry->{bytes} // 0);
    my $said = "request $request->{id}, $entry->{event}: $bytes, and the "
               . "client got $got";

    # a problem's body is none of the recording

    $got = 0 if !$request->{media};

    if ($entry->{event} eq 'download.voided') {
        $checker->wrong('bytes', $id, $said) if $got || $bytes;
        return;
    }

    my $most = $request->{cut} ? $got + $checker->between
                               : $got;

    $checker->wrong('bytes', $id, $said) if $bytes < $got || $bytes > $most;
    $checker->wrong('bytes', $id, "$said and read it to the end")
        if $request->{media} && !$request->{cut}
           && $entry->{event} ne 'download.completed';

    return if !$bytes || !$request->{media};

    my ($first, $last) = @$entry{qw(first_byte last_byte)};
    $checker->wrong('bytes', $id, "$said, from $first to $last and not from "
                    . $request->{first})
        if $first != $request->{first} || $last - $first + 1 != $bytes;
}


# what clients saw, whatever the stream says

sub _delivered {
    my ($checker, $use) = @_;
    my ($id, @whole) = ($use->{id});
    my $any = 0;

    for my $r (@{ $use->{grant}{media} }) {
        next if !$checker->got_media($r);

        my $opening = $use->{seen}{ $r->{id} };

        $any++;
        $checker->add('deliveries');
        $checker->wrong('opening', $id, "request $r->{id}: got $r->{got} "
                        . 'octets and has no entry') if !$opening;
        push @whole, $r->{id}
            if !$opening || $opening->{event} ne 'download.resumed';
    }

    $checker->add('resumes', $any - @whole);
    $checker->add('double deliveries', @whole - 1) if @whole > 1;
    $checker->wrong('double', $id, "delivered to requests @whole")
        if @whole > 1;

    # spent, and nobody has anything of it

    my @spent = grep { ($_->{closing}{event} // '') ne 'download.voided' }
                values %{ $use->{seen} };
    return if !@spent || $any;

    $checker->add('burned');
    $checker->add('burned by faults')
        if !grep { $_->{request}{cut} eq 'client'
                   || $_->{request}{half_closed} } @spent;
}


# A grant that is refused as used was used; a resume that is right is given.

sub _withheld {
    my ($checker, $use) = @_;
    my @used = grep { ($_->{code} // '') eq 'grant_used' } @{ $use->{grant}{media} };

    $checker->wrong('withheld', $use->{id},
                    "request $used[0]{id}: used, and it never was")
        if @used && !%{ $use->{seen} };

    # a worker that was killed has closed the grant, and without Redis the
    # entity tag may not be kept: no entry says so

    return if grep { $checker->excused('cuts', $_)
                     || $checker->excused('silent', $_) }
              map { $_->{request} } values %{ $use->{seen} };

    for my $r (grep { $_->{role} eq 'resume' } @used) {
        my $then = _still($use, $r) or next;

        $checker->wrong('withheld', $use->{id}, "request $r->{id}: a resume "
                        . "from $r->{from} of $then->{sent} was refused")
            if $then->{state} eq 'ended' && !_illegal($then, $r);
    }
}


# the use as it was during a request, if it did not change meanwhile

sub _still {
    my ($use, $r) = @_;
    my $then;

    for my $past (@{ $use->{past} }) {
        return if $past->{at} >= $r->{t0} - 0.01 && $past->{at} <= $r->{t1} + 0.01;
        $then = $past if $past->{at} < $r->{t0};
    }

    return $then && { %$then, size => $use->{size} };
}


1;
