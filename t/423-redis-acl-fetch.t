use strict;
use warnings;

# The rights that docs/redis-contract.md adds for records that are fetched: they
# are enough, and they reach nothing else.

use lib 't/lib';
use Test::More;
use Test::Aidial::Fault qw(refusal refused);
use Test::Aidial::Nginx;

my $PASSWORD = 'open-sesame';

open my $doc, '<', 'docs/redis-contract.md' or die $!;
my $text = do { local $/; <$doc> };
my ($base) = $text =~ /^    ACL SETUSER edge (on .*?)\n\n/ms;
my ($selector) = $text =~ /^    ACL SETUSER edge (\(.*?\))$/m;

ok($selector, 'rights, fetch - the document names them');

redis('ACL', 'SETUSER', 'edge', split ' ', $base =~ s/PASSWORD/$PASSWORD/r);

open my $file, '>', dir() . '/password' or die $!;
print $file "$PASSWORD\n";
close $file;

my $nginx = Test::Aidial::Nginx->start(http => http_config(
    redis => 'unix:' . redis_server()->path . ' user=edge password_file='
        . dir() . '/password',
    extra => 'aidial_recording_call_fetch /_call;'), server => locations(<<'END'));
    location = /_call {
        internal;
        return 200 '{"tenant_id":"t_1","client_id":"cl_1","project_id":"p_1"}';
    }
END
my $client = $nginx->client;

records();
redis('DEL', 'aidial:tenant:t_1');

is(refusal(status('c_1')), refused(), 'rights, fetch - without them - 503');

redis('ACL', 'SETUSER', 'edge', $selector);

ok(wait_for(sub { status('c_2')->{status} == 200 }, 3),
   'rights, fetch - with them - 200');

for my $row ([ 'SET', 'aidial:session:s_1', '{}' ], [ 'DEL', 'aidial:call:c_9' ],
             [ 'SET', 'aidial:tenant:t_1', '{}' ],
             [ 'SET', 'aidial:{t_1}:grant:x', 1 ],
             [ 'DEL', 'aidial:{t_1}:audit' ])
{
    like(trial(@$row), qr/no permissions/i,
         "rights, fetch - @$row[0, 1] - refused");
}

unlike(trial('DEL', 'aidial:{t_1}:call:c_2'), qr/permission/,
       'rights, fetch - DEL of what was kept - allowed');

ok($nginx->stop, 'rights, fetch - nginx quits in time');
done_testing();


sub status { $client->get("/api/calls/$_[0]/status", 'Cookie: aidial_session=s_1') }


sub trial {
    my $reply = eval { redis('ACL', 'DRYRUN', 'edge', @_) };

    return $reply // $@;
}
