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
use Test::Aidial::Race::Dice qw(one_of);
use Test::Aidial::Race::Story::Download;
use Test::Aidial::Race::Story::Playback;
use Test::Aidial::Race::Story::Refused;

# a story's class, for each kind

my %CLASS = (download => 'Download', playback => 'Playback',
             map { $_ => 'Refused' } qw(hidden withdrawn limited));


sub begin {
    my ($class, $race, $kind, $over) = @_;
    my $self = bless { race => $race, kind => $kind, over => $over,
                       action => 'download', tries => 0, rounds => 0 }, $class;

    $self->as($kind)->tell;
}


sub as { bless $_[0], __PACKAGE__ . "::$CLASS{ $_[1] }" }

sub _end { $_[0]{over}->() }

# who gets no grant does not run to ask for the next one: an outage would be
# full of such stories

sub _give_up { $_[0]->_later(0.2, $_[0]{over}) }

sub _site { $_[0]{race}{site} }

sub _later { $_[0]{race}{clients}->at($_[1], $_[2]) }


# all but the last edge, which limits how often

sub _free_edge { 1 + int rand(($_[0]->_site->edges) - 1) }

sub _any_edge { 1 + int rand(scalar $_[0]->_site->edges) }


sub _choose {
    my ($self, $who, $call) = @_;
    my $user = $self->_site->user($who);

    @$self{qw(who call)} = ($who, $call // one_of(
        grep { $self->_site->recording($_)->{size} >= $self->{race}{least} }
        $self->_site->calls($user->{tenant})));
    $self->{size} = $self->_site->recording($self->{call})->{size};

    # somebody else; for a user with two sessions also the other one

    $self->{others} = [ grep {
        my $other = $self->_site->user($_);
        "$other->{tenant} $other->{user}" ne "$user->{tenant} $user->{user}"
    } qw(first second foreign) ];
    $self->{again} = { first => 'again', again => 'first' }->{$who};
}


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


1;
