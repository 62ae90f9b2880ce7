# The tenant record: absent, unusable and other values count as "false".

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use Test::More;
use Test::Aidial::Nginx;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;
my $said = 0;

records();

allows('both true', 1, 1, raw => '{"staff_playback":true,"recording_download":true}');
allows('both false', 0, 0, raw => '{"staff_playback":false,"recording_download":false}');
allows('playback alone', 1, 0, raw => '{"staff_playback":true}');
allows('download alone', 0, 1, raw => '{"recording_download":true}');
allows('no member', 0, 0, raw => '{}');
allows('unknown members', 1, 1, raw => '{"staff_playback":true,"x":[{}],"recording_download":true}');
allows('in another case', 0, 0, raw => '{"Staff_playback":true,"RECORDING_DOWNLOAD":true}');

allows("both $_", 0, 0, raw => "{\"staff_playback\":$_,\"recording_download\":$_}")
    for '1', '"true"', '"yes"', 'null', '[true]', '{}', '1.0';

unusable('empty', 'it is empty', '');
unusable('not JSON', 'it is not JSON', 'staff_playback=true');
unusable('TRUE', 'it is not JSON', '{"staff_playback":TRUE}');
unusable('an array', 'it is not an object', '[{"staff_playback":true}]');
unusable('a member twice', 'it repeats a member',
         '{"staff_playback":false,"staff_playback":true}');
unusable('nesting of 17', 'it nests too deep', '{"staff_playback":true,'
         . '"recording_download":true,"x":' . '[' x 16 . ']' x 16 . '}');
unusable('over 64 KiB', 'it is of the wrong type or over 64 KiB',
         '{"staff_playback":true,"x":"' . 'x' x 65536 . '"}');

redis('DEL', 'aidial:tenant:t_1');
both('absent', 0, 0);
is(scalar(() = $nginx->log(qr/\[error\]/)), $said,
   'tenant record - absent - no [error] line');

redis('HSET', 'aidial:tenant:t_1', 'staff_playback', 'true');
both('Redis type of HSET', 0, 0);

# another tenant's switches are nobody's business

redis('DEL', 'aidial:tenant:t_1');
tenant(id => 't_2');
both('of another tenant', 0, 0);

ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


# staff shows staff_playback, a manager shows recording_download

sub both {
    my ($title, $playback, $download) = @_;
    my %seen;

    for my $role (qw(client_staff client_manager)) {
        session(role => $role);
        $seen{$role} = eval { decode_json($client->get('/api/calls/c_9/status',
            'Cookie: aidial_session=s_1')->{body}) } // {};
    }

    is_deeply([ $seen{client_staff}{playback}{reasons},
                $seen{client_manager}{download}{reasons},
                $seen{client_manager}{playback}{reasons},
                $seen{client_staff}{download}{reasons} ],
              [ $playback ? [] : [ 'staff_playback_disabled' ],
                $download ? [] : [ 'missing_entitlement' ],
                [], [ 'role_restriction' ] ],
              "tenant record - $title - staff_playback $playback, "
              . "recording_download $download");
}


sub allows {
    my ($title, $playback, $download, @field) = @_;

    tenant(@field);
    both($title, $playback, $download);
}


sub unusable {
    my ($title, $why, $text) = @_;

    tenant(raw => $text);
    both($title, 0, 0);

    # two requests, two lines

    my @lines = $nginx->log(qr/\[error\]/);
    is_deeply([ map { /aidial: (.*? unusable: [^,]*)/ } @lines[$said .. $#lines] ],
              [ ("the tenant record \"t_1\" is unusable: $why") x 2 ],
              "tenant record - $title - an [error] line says which and why");
    $said = @lines;
}
