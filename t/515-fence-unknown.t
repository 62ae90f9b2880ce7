use strict;
use warnings;

# The primary has done it and dies before it can say so; the edge sends it once
# more, to the new primary, whether that one has heard of it or not.

use lib 't/lib';
use Test::More;
use JSON::PP;
use Test::Aidial::Failover;
use Test::Aidial::Fault;
use Test::Aidial::Nginx;
use Time::HiRes qw(sleep);

my @ISSUE = ('POST', '/api/calls/c_9/grant', '{"action": "playback"}',
             'Cookie: aidial_session=s_1', same_origin());

for my $lags (0, 1) {
    failover($lags ? 'lags' : 'has all', $lags);
}

done_testing();


sub failover {
    my ($case, $lags) = @_;
    my ($primary, $replica, $link, $switch) =
        replicated(map { "$_-$lags" } qw(primary replica));

    # one edge for each script, since what Redis holds back holds back what
    # comes behind it; Redis gets to know the scripts

    my %edge = map { $_ => edge(store_config($switch->path, 'timeout=3s')) }
        qw(issue download playback);

    for (qw(download playback)) {
        is(outcome(fetch($edge{$_}, issue($edge{issue}, $_))), 'delivered',
           "fence - unknown, the replica $case, $_ - before");
    }

    wait_for { audit('download.completed') };
    redis('DEL', 'aidial:{t_1}:audit');

    my ($download, $playback) =
        map { issue($edge{issue}, $_) } qw(download playback);

    # a connection that was good for a second is opened anew at once

    sleep 1.1;
    caught_up($primary, $replica) or die 'the replica lags';
    $link->mute if $lags;

    # what reads is answered, what writes has to wait; then it is done, and
    # the answers are lost

    my %client = (issue => $edge{issue}->client);

    redis('CLIENT', 'PAUSE', 60000, 'WRITE');
    $client{issue}->send_request(@ISSUE);
    $client{download} = send_fetch($edge{download}, $download);
    $client{playback} = send_fetch($edge{playback}, $playback);
    wait_for { redis('INFO', 'clients') =~ /^blocked_clients:3\r/m }
        or die 'not asked';
    $switch->hush;
    redis('CLIENT', 'UNPAUSE');
    wait_for { 5 == redis('XLEN', 'aidial:{t_1}:audit') };
    is(events(), '1 x download.started, 3 x grant.issued, 1 x playback.started',
       "fence - unknown, the replica $case - the old primary has done it");

    caught_up($primary, $replica) if !$lags;
    redis_server($replica);
    promote($replica);
    $switch->point($replica->path);
    $primary->crash;

    my $granted = $client{issue}->response;

    is($granted->{status}, 201,
       "fence - unknown, the replica $case - a grant is issued");
    is(outcome($client{$_}->response), '410 grant_expired',
       "fence - unknown, the replica $case, $_ - 410") for qw(download playback);
    is(tally(map { outcome(fetch($edge{download}, $_)) } $download, $playback),
       '2 x 410 grant_expired', "fence - unknown, the replica $case - for good");
    is(outcome(fetch($edge{playback}, decode_json($granted->{body})->{url})),
       'delivered', "fence - unknown, the replica $case - the grant is good");

    in_order($edge{$_}) for sort keys %edge;

    is(events(), $lags
       ? '3 x grant.issued, 1 x playback.closed, 1 x playback.started'
       : '1 x download.started, 1 x download.voided, 3 x grant.issued, '
         . '1 x playback.closed, 2 x playback.started',
       "fence - unknown, the replica $case - what is entered");
}


# what is entered about the grants of this stream

sub events {
    my %issued = map { $_->{grant} => 1 } audit('grant.issued');

    return tally(map { $_->{event} } grep { $issued{ $_->{grant} }
                 && $_->{event} ne 'media.refused' } audit());
}
