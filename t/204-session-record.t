# The session record: what is signed in, and what is unusable.  An unusable
# record is said in one [error] line, with a digest of the session's id.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA 'sha256_hex';
use Test::More;
use Test::Aidial::Nginx;
use Test::Aidial::Problem;

my $nginx = Test::Aidial::Nginx->start;
my $client = $nginx->client;
my $NAME = 'sha256:' . substr sha256_hex('s_1'), 0, 8;
my $said = 0;

records();

stands('the example');
stands('without the optional times', expires_at => undef, created_at => undef);
stands('expires in a second or two', expires_at => time + 2);
stands('expires in the last second there is', expires_at => 99999999999);
stands('unknown members', more => { a => [ 1, { b => undef } ] });
stands('star for all projects', project_ids => [ '*' ]);
stands('star among others', project_ids => [ 'p_7', '*' ]);
stands('user of 128 characters', user_id => 'u' x 128);
stands('user with all marks', user_id => 'A-z_0.9:');
stands('role nobody knows', role => 'janitor');
stands('project twice', project_ids => [ 'p_1', 'p_1' ]);
stands('white space around', raw => " \n\t"
       . json({ %{ example() } }) . "\r\n ");
stands('nesting of 16', raw => with('"x":' . '[' x 15 . ']' x 15));
stands('64 KiB', raw => padded(65536));

# integers are identifiers

call(tenant_id => 7, client_id => 0, project_id => 9007199254740991);
stands('integers', user_id => 81, tenant_id => 7, client_id => 0,
       project_ids => [ 9007199254740991 ]);
stands('integers as text', tenant_id => '7', client_id => '0',
       project_ids => [ '9007199254740991' ]);
call();

# no scope, but signed in

outside('no projects', project_ids => undef);
outside('empty projects', project_ids => []);
outside('another project', project_ids => [ 'p_10', 'P_1' ]);

# dead, and nothing to say about it

dead('expired a second ago', expires_at => time - 1);
dead('expires now', expires_at => time);
dead('expired at the epoch', expires_at => 0);

# unusable

for my $member (qw(user_id role tenant_id client_id)) {
    my $field = $member =~ s/_id//r;
    my $why = "it has no usable $field";

    unusable("no $member", $why, $member => undef);
    unusable("$member empty", $why, $member => '');
    unusable("$member null", $why, raw => changed($member, 'null'));
    unusable("$member an object", $why, $member => {});
    unusable("$member an array", $why, $member => [ 'u_81' ]);
    unusable("$member true", $why, raw => changed($member, 'true'));
    unusable("$member of 129 characters", $why, $member => 'x' x 129);
    next if $member eq 'role';
    unusable("$member with a blank", $why, $member => 'a b');
    unusable("$member with a slash", $why, $member => 'a/b');
    unusable("$member of UTF-8", $why, $member => "\xc3\xa9");
    unusable("$member a star", $why, $member => '*');
    unusable("$member negative", $why, raw => changed($member, '-1'));
    unusable("$member a fraction", $why, raw => changed($member, '1.0'));
    unusable("$member of 2^53", $why,
             raw => changed($member, '9007199254740992'));
}

for my $bad ('"p_1"', '{}', 'null', '1', 'true', '[1.5]', '[null]', '[""]',
             '["p_1",["p_2"]]', '["a b"]', '["p_*"]', '["**"]')
{
    unusable("project_ids $bad", 'its projects are not usable',
             raw => changed('project_ids', $bad));
}

for my $member (qw(expires_at created_at)) {
    for my $bad (100000000000, 1795329999000, '"1795329999"', 'null', 'true',
                 '1795329999.5', '-1', '[]', '1e9')
    {
        unusable("$member $bad", "its $member is not usable",
                 raw => changed($member, $bad));
    }
}

unusable('empty', 'it is empty', raw => '');
unusable('not JSON', 'it is not JSON', raw => 'hello');
unusable('an array', 'it is not an object', raw => '[]');
unusable('a string', 'it is not an object', raw => '"s_1"');
unusable('null', 'it is not an object', raw => 'null');
unusable('cut', 'it is not JSON', raw => substr json(example()), 0, -1);
unusable('text behind', 'it has text behind the object',
         raw => json(example()) . '{}');
unusable('a member twice', 'it repeats a member',
         raw => with('"role":"client_admin"'));
unusable('a member twice, far inside', 'it repeats a member',
         raw => with('"x":{"y":[{"a":1,"a":1}]}'));
unusable('a member twice, escaped', 'it repeats a member',
         raw => with('"r\u006fle":"client_admin"'));
unusable('nesting of 17', 'it nests too deep',
         raw => with('"x":' . '[' x 16 . ']' x 16));
unusable('nesting of 10000', 'it nests too deep',
         raw => with('"x":' . '[' x 10000 . ']' x 10000));
unusable('not UTF-8', 'it is not UTF-8', raw => with("\"x\":\"\xff\""));
unusable('NUL', 'it has a NUL character', raw => with("\"x\":\"\0\""));
unusable('byte order mark', 'it is not JSON',
         raw => "\xef\xbb\xbf" . json(example()));
unusable('64 KiB and a byte', 'it is of the wrong type or over 64 KiB',
         raw => padded(65537));

for my $type ([ RPUSH => 'x' ], [ SADD => 'x' ], [ HSET => 'user_id', 'u_81' ],
              [ ZADD => 1, 'x' ])
{
    redis('DEL', 'aidial:session:s_1');
    redis($type->[0], 'aidial:session:s_1', @$type[1 .. $#$type]);
    says("Redis type of $type->[0]", 'it is of the wrong type or over 64 KiB');
    redis('DEL', 'aidial:session:s_1');
}

is(scalar(() = $nginx->log(qr/\[error\] (?!.*record "$NAME" is unusable)/)), 0,
   'session record - no other [error] line');
ok($nginx->stop, 'nginx quits in time');
is_deeply([ $nginx->alerts ], [], 'nothing alarming');
done_testing();


sub example {
    return { user_id => 'u_81', role => 'client_manager', tenant_id => 't_1',
             client_id => 'cl_1', project_ids => [ 'p_1' ],
             expires_at => time + 3600, created_at => time - 60 };
}


sub with { json(example()) =~ s/\}\z/,$_[0]}/r }


sub changed {
    my ($member, $value) = @_;

    return json({ %{ example() }, $member => '@@' }) =~ s/"\@\@"/$value/r;
}


sub padded {
    my ($size) = @_;
    my $text = with('"x":"@"');

    return $text =~ s/@/'x' x ($size - length($text) + 1)/er;
}


sub ask {
    my (@field) = @_;
    my $cookie = 'Cookie: aidial_session=s_1';

    session(@field) if @field;
    return $client->get('/api/calls/c_9/status', $cookie);
}


sub stands {
    my ($title, @field) = @_;

    is(ask(@field ? @field : (more => 1))->{status}, 200,
       "session record - $title - 200");
}


sub outside {
    my ($title, @field) = @_;

    is_problem(ask(@field), 404, 'recording_not_found',
               "session record - $title - 404 recording_not_found");
}


sub dead {
    my ($title, @field) = @_;

    is_problem(ask(@field), 401, 'session_required',
               "session record - $title - 401 session_required");
    is(unsaid(), 0, "session record - $title - no [error] line");
}


sub unusable {
    my ($title, $why, @field) = @_;

    session(@field);
    says($title, $why);
}


sub says {
    my ($title, $why) = @_;

    is_problem(ask(), 401, 'session_required',
               "session record - $title - 401 session_required");

    my @lines = $nginx->log(qr/\[error\]/);
    is_deeply([ map { /aidial: (.*? unusable: [^,]*)/ } @lines[$said .. $#lines] ],
              [ "the session record \"$NAME\" is unusable: $why" ],
              "session record - $title - one [error] line says why");
    $said = @lines;
}


sub unsaid { scalar(() = $nginx->log(qr/\[error\]/)) - $said }
