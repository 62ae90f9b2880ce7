package Test::Aidial::Portal;

# What a portal does: the records of docs/redis-contract.md, written with the
# values of its examples unless the test says otherwise; and grant tokens,
# made from docs/token-format.md and not from the module's code.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 sha256);
use Exporter 'import';
use JSON::PP;
use MIME::Base64 qw(encode_base64url);
use Test::Aidial::World qw(redis key_text);

our @EXPORT = qw(session call tenant json records portal same_origin
                 token grant epoch audit media_url);

my $JSON = JSON::PP->new->canonical->allow_nonref;

my %ACTION = (playback => 1, download => 2);
my $serial = 0;


sub json { $JSON->encode($_[0]) }


# session(sid => ..., member => value, ...): the header that carries it.  A
# member given as undef is left out; "raw" is the whole record as it stands.

sub session {
    my (%field) = @_;
    my $sid = delete $field{sid} // 's_1';

    _write("aidial:session:$sid", \%field, {
        user_id => 'u_81', role => 'client_manager', tenant_id => 't_1',
        client_id => 'cl_1', project_ids => [ 'p_1', 'p_2' ],
        expires_at => time + 3600, created_at => time - 60,
    });

    return "Cookie: aidial_session=$sid";
}


# call(id => ..., member => value, media => {...}): its id.  Members of
# "media" are laid over those of the example.

sub call {
    my (%field) = @_;
    my $id = delete $field{id} // 'c_9';

    my %media = (
        status => 'available', object => '/t_1/2026/c_9.mp3',
        content_type => 'audio/mpeg', size_bytes => 1000,
        duration_seconds => 183.4, filename => 'call-c_9.mp3',
    );

    $field{media} = _merge(\%media, $field{media})
        if ref $field{media} eq 'HASH';

    _write("aidial:call:$id", \%field, {
        tenant_id => 't_1', client_id => 'cl_1', project_id => 'p_1',
        consent => 'granted', playback_compliance => 'permitted',
        media => \%media,
    });

    return $id;
}


sub tenant {
    my (%field) = @_;
    my $id = delete $field{id} // 't_1';

    $field{$_} = $field{$_} ? JSON::PP::true : JSON::PP::false
        for grep { defined $field{$_} && $field{$_} =~ /\A[01]?\z/ }
            qw(staff_playback recording_download);

    _write("aidial:tenant:$id", \%field, {
        staff_playback => JSON::PP::true,
        recording_download => JSON::PP::true,
    });

    return $id;
}


# the three records of the examples: what each block starts with

sub records { session(); call(); tenant(); }


sub _write {
    my ($key, $field, $example) = @_;

    redis('SET', $key, $field->{raw} // json(_merge($example, $field)));
}


sub _merge {
    my ($example, $field) = @_;
    my %merged = (%$example, %{ $field // {} });

    delete $merged{$_} for grep { !defined $merged{$_} } keys %merged;

    return \%merged;
}


sub same_origin { 'Sec-Fetch-Site: same-origin' }


# the headers of the portal's own page, for --- more_headers eval: portal(...)

sub portal { session(@_) . "\n" . same_origin() }


# token(field => value, ...): fields action, expires_at, id (16 octets),
# client, project, tenant, user, call; key and key_id; payload for a whole
# payload of one's own, mac for a MAC of one's own

sub token {
    my (%field) = (
        action => 'playback', expires_at => time + 300, id => _id(),
        tenant => 't_1', user => 'u_81', call => 'c_9', client => 'cl_1',
        project => 'p_1', key_id => 'k1', key => key_text(), version => 1, @_
    );

    my $scope = substr sha256(_domain('scope')
        . pack('C/a* C/a*', @field{qw(client project)})), 0, 16;

    my $payload = $field{payload} // pack('C C/a* C Q> a16 a16 C/a* C/a* C/a*',
        $field{version}, $field{key_id},
        $ACTION{ $field{action} } // $field{action}, $field{expires_at},
        $field{id}, $field{scope} // $scope, @field{qw(tenant user call)});

    my $mac = $field{mac} // hmac_sha256(
        _domain('grant') . pack('N', length $payload) . $payload, $field{key});

    return encode_base64url($payload) . '.' . encode_base64url($mac);
}


# like token(), and registered in Redis as an issued grant is; "state" is
# the state that Redis is to hold, "epoch" the primary that registered it

sub grant {
    my (%field) = (action => 'playback', tenant => 't_1', state => 'fresh',
                   id => _id(), @_);

    my $key = "aidial:{$field{tenant}}:grant:" . unpack('H*', $field{id});

    redis('HSET', $key, action => $field{action}, state => $field{state},
          epoch => $field{epoch} // epoch());
    redis('EXPIRE', $key, 3600);

    return token(%field);
}


# the id of the primary, by which it fences grants: of the suite's, or of
# another Test::Aidial::Redis

sub epoch {
    my ($server) = @_;
    my @info = ('INFO', 'replication');
    my ($id) = ($server ? $server->command(@info) : redis(@info))
        =~ /^master_replid:([0-9a-f]{40})/m or die 'no master_replid';

    return $id;
}


# the entries of the tenant's audit stream, oldest first, as hashes; "event"
# picks those of a kind

sub audit {
    my ($event, $tenant) = @_;
    my $entries = redis('XRANGE', 'aidial:{' . ($tenant // 't_1') . '}:audit',
                        '-', '+');

    return grep { !defined $event || $_->{event} eq $event }
           map { +{ @{ $_->[1] } } } @$entries;
}


sub media_url { "/recordings/$_[0]" }


sub _domain { "aidial-recording-$_[0]-v1\0" }

sub _id { substr sha256(join ':', $$, time, rand, $serial++), 0, 16 }


1;
