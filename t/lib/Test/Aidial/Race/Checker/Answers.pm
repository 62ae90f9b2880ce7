package Test::Aidial::Race::Checker::Answers;

# What clients were answered, one by one: the status is one that the contract
# has for such a request, 503 and broken connections have a fault as their
# cause, and no octet is one of another recording.

use strict;
use warnings;


sub check {
    my ($checker) = @_;

    for my $r (@{ $checker->{issue} }) {
        $checker->add('grants asked for');
        _one($checker, $r, _issue($checker, $r));
    }

    for my $r (@{ $checker->{media} }) {
        $checker->add('attempts');
        _one($checker, $r, _media($checker, $r));
    }

    _recovery($checker);
}


# the answers that are right for a request: "status code", or the status alone

sub _issue {
    my ($checker, $r) = @_;
    my @right = $r->{who} eq 'limited' ? '429 rate_limited' : ();

    return (@right, '404 recording_not_found')
        if grep { ($r->{hidden} // '') eq $_ } qw(t_2 project);
    return (@right, '403 recording_blocked') if $r->{hidden};

    # a snapshot of Redis may have known less of consent

    push @right, '403 recording_blocked' if $r->{story} eq 'withdrawn'
        && $checker->killed($r->{t0} - 1, $r->{t1});

    return (@right, '201');
}


sub _media {
    my ($checker, $r) = @_;
    my $issue = $checker->{grant}{ $r->{grant} }{issue};

    return '404 recording_not_found'
        if !$checker->same_user($r->{who}, $issue->{who});

    # what Redis did not know any more is judged before consent is

    my @right = $checker->killed($issue->{t0}, $r->{t1})
                ? '410 grant_expired' : ();

    return (@right, '403 recording_blocked') if $r->{role} eq 'withdrawn';

    # a whole recording may be a range of it

    push @right, '200', defined $r->{from} ? '206' : ();
    return @right if $r->{action} eq 'playback';

    push @right, '410 grant_used';
    push @right, '503 delivery_running' if defined $r->{tag};

    # nothing is left to resume: there is no 206 of that

    push @right, '502 media_unavailable'
        if defined $r->{tag} && $r->{from}
           && $r->{from} >= $checker->{site}{recording}{ $issue->{call} }{size};

    return @right;
}


sub _one {
    my ($checker, $r, @right) = @_;
    my $is = join ' ', $r->{status}, $r->{media} ? () : $r->{code} // ();
    my $head = ($r->{method} // '') eq 'HEAD';
    my $said = "request $r->{id} (" . ($r->{role} // $r->{story}) . ')';

    $is = '201' if $is =~ /\A201/;

    $checker->wrong('foreign', $r->{grant}, "$said: $r->{wrong}")
        if defined $r->{wrong};
    $checker->wrong('hung', $r->{grant}, "$said: no end in time")
        if $r->{cut} eq 'time';

    $checker->add("answers $r->{status}");
    _cut($checker, $r, $said) if $r->{cut} eq 'server' && !$r->{half_closed};

    # the answer to a HEAD does not say why

    @right = map { s/ .*//r } @right if $head;
    return if !$r->{status} || grep { $_ eq $is } @right;

    return $checker->excused('silent', $r)
           || $checker->wrong('silence', $r->{grant}, "$said: $is")
        if $is eq '503 service_unavailable' || $head && $is eq '503';

    return if $r->{status} =~ /\A40[134]\z/ && $checker->excused('shifts', $r);

    # the worker that was killed may have been the one that was the origin

    return if $r->{status} == 502 && $checker->excused('cuts', $r);

    $checker->wrong('status', $r->{grant}, "$said: $is, and not "
                    . join ' or ', @right);
}


sub _cut {
    my ($checker, $r, $said) = @_;

    $checker->add('cut by the edge');
    $checker->wrong('cut', $r->{grant}, "$said: cut behind $r->{got} octets")
        if !$checker->excused('cuts', $r);
}


# service is back within a second of Redis, when nothing else is in its way

sub _recovery {
    my ($checker) = @_;

    for my $r (@{ $checker->{recovery} }) {
        next if grep { $_->{kind} !~ /\Akill/ && $_->{silent}
                       && (!$_->{edge} || $_->{edge} == $r->{edge})
                       && $_->{t1} + $_->{slack} >= $r->{up}
                       && $_->{t0} <= $r->{up} + $r->{seconds} }
                @{ $checker->{fault} };

        $checker->wrong('recovery', undef,
                        "edge $r->{edge} took $r->{seconds} s")
            if $r->{seconds} > 1 + $checker->stalled($r->{up}, $r->{up} + 2);
    }

    $checker->wrong('recovery', undef, 'an edge did not come back')
        if @{ $checker->{recovery} } < @{ $checker->{kill} }
           * scalar @{ $checker->{site}{edges} };
}


1;
