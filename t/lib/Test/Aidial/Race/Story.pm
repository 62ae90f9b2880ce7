package Test::Aidial::Race::Story;

# What happens to one grant, from the request for it to the last use.  Kinds:
#
#     download   a burst of everybody who might want it, over all edges; what
#                was broken off is resumed, rightly and wrongly; at last it is
#                tried once more
#     playback   bursts of ranges
#     hidden     grants for what the user may not hear: there are none
#     withdrawn  consent is withdrawn between the grant and its use
#     limited    more requests for grants than the rate allows
#
# A request's record has its "role": get, head, other (of another user),
# resume (as it should be), misuse (a resume that breaks a rule), late.

use strict;
use warnings;

use JSON::PP;
use MIME::Base64 qw(decode_base64url);

my $ROUNDS = 5;     # of resumes
my $TRIES = 8;      # while the delivery before still runs, or Redis is away


sub begin {
    my ($class, $race, $kind, $over) = @_;
    my $self = bless { race => $race, kind => $kind, over => $over,
                       action => 'download', tries => 0, rounds => 0 }, $class;

    my $code = $class->can("_$kind") or die "no story $kind";
    $self->$code;
}


sub _end { $_[0]{over}->() }

sub _site { $_[0]{race}{site} }

sub _later { $_[0]{race}{clients}->at($_[1], $_[2]) }


# ---- who asks for what

# all but the last edge, which limits how often

sub _free_edge { 1 + int rand(($_[0]->_site->edges) - 1) }

sub _any_edge { 1 + int rand(scalar $_[0]->_site->edges) }


sub _choose {
    my ($self, $who, $call) = @_;
    my $user = $self->_site->user($who);

    @$self{qw(who call)} = ($who, $call // one_of(
        $self->_site->calls($user->{tenant})));
    $self->{size} = $self->_site->recording($self->{call})->{size};

    # somebody else; for a user with two sessions also the other one

    $self->{others} = [ grep {
        my $other = $self->_site->user($_);
        "$other->{tenant} $other->{user}" ne "$user->{tenant} $user->{user}"
    } qw(first second foreign) ];
    $self->{again} = { first => 'again', again => 'first' }->{$who};
}


sub one_of { $_[ int rand @_ ] }


# asks for a grant; $then gets the record, with "grant" and "url" in this when
# there is one

sub _issue {
    my ($self, $then, %how) = @_;

    $self->{race}->ask(
        what => 'issue', story => $self->{kind}, who => $self->{who},
        edge => $self->_free_edge, call => $self->{call},
        action => $self->{action}, method => 'POST',
        uri => "/api/calls/$self->{call}/grant",
        body => $self->{action} eq 'playback' ? '{"action":"playback"}'
                : '{"action":"download","confirm":true}',
        done => sub {
            my ($record) = @_;

            $self->_granted($record) if $record->{status} == 201;
            $then->($record);
        }, %how);
}


# docs/token-format.md: the id stands in the payload

sub _granted {
    my ($self, $record) = @_;
    my $answer = eval { decode_json(delete $record->{text}) } // {};
    my ($payload) = ($answer->{url} // '') =~ m{([^/.]+)\.[^/.]+\z} or return;
    my $id = (unpack 'C C/a* C Q> a16', decode_base64url($payload))[4];

    $self->{url} = $answer->{url};
    $self->{grant} = $record->{grant} = unpack 'H*', $id;
    $self->{issue} = $record->{id};
}


sub _media {
    my ($self, $role, %how) = @_;
    my @headers = @{ delete $how{headers} // [] };

    push @headers, "Range: bytes=$how{from}-" . ($how{to} // '')
        if defined $how{from};
    push @headers, "If-Range: $how{tag}" if defined $how{tag};

    $self->{race}->ask(
        what => 'media', role => $role, grant => $self->{grant},
        issue => $self->{issue}, action => $self->{action},
        who => $self->{who}, edge => $self->_any_edge, method => 'GET',
        uri => $self->{url}, headers => \@headers,
        expected => $self->_site->body($self->{call}), %how);
}


# the requests of a burst meet; $then gets their records

sub _burst {
    my ($self, $then, @asked) = @_;
    my ($left, $group, @records) = (scalar @asked, {});

    for my $how (@asked) {
        my ($role, %how) = @$how;

        $self->_media($role, group => $group, %how, done => sub {
            push @records, $_[0];
            $then->(@records) if !--$left;
        });
    }
}


# what a client may do

sub _plan {
    my ($self) = @_;
    my $pick = rand;

    return { reset_at => int rand $self->{size} }
        if rand() < $self->{race}{resets};
    return { reset_in => rand 0.02 } if $pick < 0.07;
    return { slow => 0.002 + rand 0.006 } if $pick < 0.13;
    return { slow => 0.002, reset_at => int rand $self->{size} / 4 }
        if $pick < 0.17;
    return { half_close => 1 } if $pick < 0.2;
    return {};
}


# ---- a download

sub _download {
    my ($self) = @_;

    $self->_choose(one_of(qw(first first again second foreign)));
    $self->_issue(sub {
        return $self->_end if !$self->{grant};
        $self->_use;
    });
}


sub _use {
    my ($self) = @_;
    my $n = 2 + int rand 15;

    $self->_burst(sub { $self->_used(@_) }, map { $self->_wish } 1 .. $n);
}


sub _wish {
    my ($self) = @_;
    my $pick = rand;

    return [ 'head', method => 'HEAD' ] if $pick < 0.08;
    return [ 'other', who => one_of(@{ $self->{others} }) ] if $pick < 0.2;
    return [ 'get', plan => $self->_plan, who => $self->{again} ]
        if $pick < 0.27 && $self->{again};
    return [ 'get', plan => $self->_plan, from => 0 ] if $pick < 0.32;
    return [ 'get', plan => $self->_plan ];
}


# who got something is who may resume

sub _used {
    my ($self, @records) = @_;
    my ($won) = grep { $_->{media} && $_->{got} && $_->{method} eq 'GET' }
                @records;
    my ($tagged) = grep { defined $_->{etag} } @records;

    $self->{tag} //= $tagged->{etag} if $tagged;

    if (!$won) {
        return $self->_last if ++$self->{tries} > $TRIES
                               || !grep { $_->{status} == 503 || $_->{cut} }
                                  @records;
        return $self->_later(0.3, sub { $self->_use });
    }

    @$self{qw(winner tag)} = @$won{qw(who etag)};
    $self->{reached} = $won->{first} + $won->{got};

    return $self->_last if !$won->{cut} && rand > 0.2;
    return $self->_later(rand 0.05, sub { $self->_resume });
}


sub _resume {
    my ($self) = @_;
    my @right = map { $self->_right } 0 .. int rand 3;
    my @wrong = map { $self->_wrong } 1 .. int rand 4;

    $self->_burst(sub { $self->_resumed(@_) }, @right, @wrong);
}


sub _right {
    my ($self) = @_;
    my $from = $self->{reached};

    $from = $self->{size} - 1 if $from >= $self->{size};
    $from = 1 if $from < 1;

    return [ 'resume', who => $self->{winner}, from => $from,
             tag => $self->{tag}, plan => $self->_plan ];
}


sub _wrong {
    my ($self) = @_;
    my %right = (who => $self->{winner}, from => $self->{reached} || 1,
                 tag => $self->{tag});

    my @wrong = ({ tag => '"of-another"' }, { tag => undef }, { from => 0 },
                 { to => $self->{size} - 1 }, { tag => undef, from => undef },
                 { tag => "W/$self->{tag}" });

    push @wrong, { who => $self->{again} } if $self->{again};
    push @wrong, { from => $self->{size} - 1 }
        if $self->{reached} + 1_000_000 < $self->{size};

    return [ 'other', %right, who => one_of(@{ $self->{others} }) ]
        if rand() < 0.1;

    return [ 'misuse', %right, %{ one_of(@wrong) } ];
}


sub _resumed {
    my ($self, @records) = @_;
    my ($won) = sort { $b->{got} <=> $a->{got} }
        grep { $_->{status} == 206 && $_->{got} } @records;
    my $again = grep { $_->{status} == 503 || $_->{cut} } @records;

    if ($won) {
        my $reached = $won->{first} + $won->{got};

        $self->{reached} = $reached if $reached > $self->{reached};
        $again = 0 if !$won->{cut};
        $self->{rounds}++;
    }

    return $self->_last if !$again || ++$self->{tries} > $TRIES
                           || $self->{rounds} >= $ROUNDS;
    return $self->_later($won ? rand 0.05 : 0.3, sub { $self->_resume });
}


# once more, now and then after others had their turn: Redis may have been
# killed and have forgotten the use

sub _last {
    my ($self) = @_;

    my $race = $self->{race};

    return $self->_media('late', done => sub { $self->_end })
        if rand() >= $race->{late};

    $race->{pending}++;
    $self->_later(0.3 + rand 1.5, sub {
        $self->_media('late', done => sub { $race->{pending}-- });
    });
    $self->_end;
}


# ---- a playback

sub _playback {
    my ($self) = @_;

    $self->{action} = 'playback';
    $self->_choose(one_of(qw(first second foreign)));
    $self->_issue(sub {
        return $self->_end if !$self->{grant};
        $self->_play(1 + int rand 3);
    });
}


sub _play {
    my ($self, $rounds) = @_;
    my @asked = map { $self->_range } 1 .. 2 + int rand 7;

    $self->_burst(sub {
        return $self->_end if $rounds <= 1;
        $self->_later(rand 0.05, sub { $self->_play($rounds - 1) });
    }, @asked);
}


sub _range {
    my ($self) = @_;
    my $pick = rand;
    my $from = int rand $self->{size};

    return [ 'head', method => 'HEAD' ] if $pick < 0.1;
    return [ 'other', who => one_of(@{ $self->{others} }) ] if $pick < 0.2;
    return [ 'get', plan => $self->_plan ] if $pick < 0.3;
    return [ 'get', plan => $self->_plan, from => 0 ] if $pick < 0.5;
    return [ 'get', plan => $self->_plan, from => $from,
             to => $from + int rand($self->{size} - $from) ] if $pick < 0.7;
    return [ 'get', plan => $self->_plan, from => $from ];
}


# ---- what nobody may hear

sub _hidden {
    my ($self) = @_;
    my $kind = one_of(qw(t_2 denied project));

    $self->{action} = one_of(qw(playback download));
    $self->_choose(one_of(qw(first second)),
                   one_of($self->_site->calls($kind)));
    $self->_issue(sub { $self->_end }, hidden => $kind);
}


# the records of these calls change, so that one story at a time has one

sub _withdrawn {
    my ($self) = @_;
    my $race = $self->{race};
    my ($call) = grep { !$race->{busy}{$_} } $self->_site->calls('withdrawn');

    return $self->_download if !$call || !$race->{redis_hears};

    $race->{busy}{$call} = 1;
    $self->{action} = one_of(qw(playback download));
    $self->_choose('first', $call);
    $self->_issue(sub {
        return $self->_given_back if !$self->{grant} || !$self->_consent(0);
        $self->_burst(sub { $self->_given_back },
            map { [ 'withdrawn', plan => $self->_plan ] } 1 .. 4);
    });
}


# false when Redis cannot be told at the moment

sub _consent {
    my ($self, $granted) = @_;

    return if !$self->{race}{redis_hears};

    $self->_site->write_call($self->{call}, 'withdrawn',
                             consent => $granted ? 'granted' : 'denied');
    return 1;
}


sub _given_back {
    my ($self) = @_;

    return $self->_later(0.1, sub { $self->_given_back })
        if !$self->_consent(1);

    delete $self->{race}{busy}{ $self->{call} };
    $self->_end;
}


# ---- more than the rate allows: whatever is asked for counts

sub _limited {
    my ($self) = @_;
    my $left = 3 + int rand 6;
    my ($edge) = scalar $self->_site->edges;
    my @calls = map { one_of($self->_site->calls($_)) } qw(t_1 t_1 t_2);

    for (1 .. $left) {
        my $call = one_of(@calls);

        $self->_choose('limited', $call);
        $self->{grant} = undef;
        $self->_issue(sub { $self->_end if !--$left }, edge => $edge,
                      ($self->_site->recording($call)->{tenant} eq 't_2'
                       ? (hidden => 't_2') : ()));
    }
}


1;
