# The scripts, asked again: an attempt whose answer was lost gets the same
# answer and one entry; what was given up is dead; a close is entered once.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Test::Aidial::Portal;
use Test::Aidial::Script;
use Test::Aidial::World;
use Time::HiRes qw(sleep);

my $OTHER = 'f' x 40;


sub answer_of {
    my ($name, @args) = @_;
    my @reply = @{ script($name, keys_of($name), @args) };

    return $reply[0] . ($reply[2] || $reply[3] ? " $reply[2] $reply[3]" : '');
}

sub issue_it { answer_of('grant_issue', issue(@_)) }
sub begin_it { answer_of('grant_begin', begin(@_)) }
sub redeem_it { answer_of('grant_redeem', redeem(@_)) }
sub renew_it { answer_of('grant_renew', renew(@_)) }
sub close_it { answer_of('grant_close', close_args(@_)) }

sub grant_of { +{ @{ redis('HGETALL', keys_of('grant_renew')->[0]) } } }

sub set { redis('HSET', keys_of('grant_renew')->[0], @_) }

sub now_ms {
    my ($seconds, $micros) = @{ redis('TIME') };

    return $seconds * 1000 + int $micros / 1000;
}


# a download of 1000 bytes of which 500 were sent, by the attempt "a"

sub ended {
    wipe();
    issue_it();
    redeem_it();
    renew_it(etag => '"t"', size => 1000);
    close_it(bytes => 500, last => 499, sent => 500);
    state() eq 'ended' or die state();
}

sub resume_it { redeem_it(attempt => 'b', alive => 0, from => 500,
                          if_range => '"t"', @_) }


# the first word of an error

sub primary {
    my ($name, @args) = @_;

    return fails($name, keys_of($name), @args) =~ s/ .*//rs;
}


# ---- issue

wipe();
is(primary('grant_issue', issue(epoch => $OTHER)), 'OTHERPRIMARY',
   'issue - the edge believes in another primary - an error');
is(stream(), '', 'issue - the edge believes in another primary - not entered');
is(issue_it(), 1, 'issue - 1');
is(issue_it(), 1, 'issue - the same attempt again - 1');
is(stream(), 'grant.issued', 'issue - the same attempt again - one entry');
is(issue_it(attempt => 'b'), 0, 'issue - another attempt for its key - 0');
is(stream(), 'grant.issued', 'issue - another attempt - not entered');
is(grant_of()->{state}, 'fresh', 'issue - the grant is fresh');
set(epoch => $OTHER);
is(issue_it(), 1, 'issue - again, of another primary - 1');
is(grant_of()->{epoch}, epoch(), 'issue - again - this primary vouches for it');
set(epoch => $OTHER);
is(issue_it(attempt => 'b'), 0, 'issue - another attempt, another primary - 0');
is(grant_of()->{epoch}, $OTHER, 'issue - another attempt - nobody vouches');
set(epoch => epoch());

wipe();
is(issue_it(verdict => 'refused'), 1, 'issue - refused - 1');
is(issue_it(verdict => 'refused'), 1, 'issue - refused, again - 1');
is(stream(), 'grant.refused', 'issue - refused, again - one entry');
is(redeem_it(attempt => 'r'), 0, 'redeem - what was refused - 0');
is(begin_it(attempt => 'r'), 0, 'begin - what was refused - 0');

# counted once

wipe();
my @rate = (interval => 60_000_000, burst => 0);
is(issue_it(@rate), 1, 'issue - at a rate - 1');
is(issue_it(@rate), 1, 'issue - at a rate, the same attempt again - 1');
redis('DEL', keys_of('grant_issue')->[0]);
like(issue_it(@rate, attempt => 'b'), qr/\A2 [1-9]\d* /,
     'issue - at a rate, the next one - 2');

# ---- begin

wipe();
issue_it(action => 'playback');
is(begin_it(attempt => $_), 1, "begin - attempt $_ - 1") for qw(x x y);
is(stream(), 'grant.issued playback.started', 'begin - one entry');
is(primary('grant_begin', begin(epoch => $OTHER)), 'OTHERPRIMARY',
   'begin - the edge believes in another primary - an error');
set(epoch => $OTHER);
is(begin_it(), 0, 'begin - of another primary - 0');
is(redeem_it(attempt => 'r'), 0, 'redeem - a playback - 0');
wipe();
issue_it();
is(begin_it(), 0, 'begin - a download - 0');
is(state(), 'fresh', 'begin - a download - nothing is changed');

# ---- redeem

is(primary('grant_redeem', redeem(epoch => $OTHER)), 'OTHERPRIMARY',
   'redeem - the edge believes in another primary - an error');
set(epoch => $OTHER);
is(redeem_it(), 0, 'redeem - of another primary - 0');
set(epoch => epoch());
is(redeem_it(alive => 0), 0, 'redeem - past its life - 0');
is(state(), 'fresh', 'redeem - refused - nothing is changed');
is(redeem_it(), 1, 'redeem - 1');

my $lease = grant_of()->{lease};

sleep 0.01;
is(redeem_it(), 1, 'redeem - the same attempt again - 1');
is(redeem_it(alive => 0), 1, 'redeem - again, past its life - 1');
is(stream(), 'grant.issued download.started', 'redeem - again - one entry');
is(grant_of()->{lease}, $lease, 'redeem - again - its lease is the first one');
is(redeem_it(attempt => 'b'), 2, 'redeem - another attempt - 2');
close_it();
is(redeem_it(), 2, 'redeem - the same attempt when it is closed - 2');
is(stream(), 'grant.issued download.started download.aborted',
   'redeem - the same attempt when it is closed - not entered');

# ---- a close that comes before its redemption

wipe();
issue_it();
is(close_it(known => 0, event => 'download.voided', bytes => 0), 0,
   'close - nobody knows, nothing began - 0');
is(stream(), 'grant.issued', 'close - nothing began - not entered');
is(redeem_it(), 2, 'redeem - given up before - 2');
is(state(), 'fresh', 'redeem - given up before - the grant is fresh');
is(redeem_it(attempt => 'b'), 1, 'redeem - another attempt - 1');
is(close_it(known => 0), 0, 'close - the dead attempt again - 0');
is(grant_of()->{attempt}, 'b', 'close - the dead attempt - the other one runs');

# ---- two closes

ended();

my %before = %{ grant_of() };
my $events = stream();

is(close_it(event => $_), 1, "close - again as $_ - 1")
    for qw(download.aborted download.completed download.voided);
is(stream(), $events, 'close - again - one entry');
is_deeply(grant_of(), \%before, 'close - again - nothing is changed');

# of a grant that is gone, of an attempt that was never known

wipe();
is(close_it(), 1, 'close - the grant is gone - 1');
is(close_it(), 1, 'close - the grant is gone, again - 1');
is(stream(), 'download.aborted', 'close - the grant is gone - one entry');
is(redeem_it(attempt => 'b'), 0, 'redeem - what is left of it - 0');
cmp_ok(redis('PTTL', keys_of('grant_renew')->[0]), '>', 0,
       'close - the grant is gone - what is left has an end');
wipe();
is(close_it(known => 0), 0, 'close - gone and not known - 0');
is(stream(), '', 'close - gone and not known - not entered');

# ---- void

wipe();
issue_it();
redeem_it();
renew_it(etag => '"t"', size => 1000);
close_it(event => 'download.voided', bytes => 0, first => '', last => '',
         sent => '');
is(state(), 'fresh', 'void - the grant is fresh');
is(redeem_it(attempt => 'b'), 1, 'void, redeem - 1');
is(renew_it(attempt => 'b', etag => '"u"', size => 2000), 1, 'void, renew - 1');
is(join(' ', @{ grant_of() }{qw(etag size)}), '"u" 2000',
   'void, renew - what the second answer says');

ended();
is(resume_it(), '3 1000 "t"', 'resume - 3');
is(resume_it(), '3 1000 "t"', 'resume - the same attempt again - 3');
close_it(attempt => 'b', event => 'download.voided', bytes => 0, sent => '');
is(state(), 'ended', 'resume, void - as before');
is(join(' ', map { $_ // 0 } @{ grant_of() }{qw(sent overlap resumes)}),
   '500 0 0', 'resume, void - counts for nothing');
is(redeem_it(attempt => 'c'), 2, 'resume, void, whole - 2');
is(resume_it(attempt => 'c'), '3 1000 "t"', 'resume, void, resume - 3');
is((() = stream() =~ /resumed/g), 2,
   'resume - again, void, again - two entries');

# ---- a killed worker, a lapsed lease

wipe();
issue_it();
redeem_it();
is(close_it(killed => 1, known => 0), 1, 'close - killed, not known - 1');
is(state(), 'closed', 'close - killed - closed');
is(redeem_it(attempt => 'b'), 2, 'redeem - closed - 2');
is(resume_it(), 2, 'resume - closed - 2');

for my $name (qw(renew redeem)) {
    wipe();
    issue_it();
    redeem_it();
    renew_it(etag => '"t"', size => 1000);
    set(lease => now_ms() - 1);
    is($name eq 'renew' ? renew_it() : resume_it(), $name eq 'renew' ? 0 : 2,
       "$name - the lease has lapsed");
    is(state(), 'closed', "$name - the lease has lapsed - closed");
    is(renew_it(), 0, "$name - the lease has lapsed, renew - 0");
    is(close_it(), 1, "$name - the lease has lapsed, close - 1");
    is(state(), 'closed', "$name - the lease has lapsed, close - closed");
}

for my $event (qw(download.aborted download.completed download.voided)) {
    wipe();
    issue_it();
    redeem_it();
    renew_it(etag => '"t"', size => 1000);
    set(lease => now_ms() - 1);
    is(close_it(event => $event), 1, "close - the lease has lapsed, $event - 1");
    is(state(), 'closed', "close - the lease has lapsed, $event - closed");
    is(stream(), "grant.issued download.started $event",
       "close - the lease has lapsed, $event - entered");
    is(redeem_it(attempt => 'b'), 2, "redeem - lapsed, $event - 2");
    is(resume_it(), 2, "resume - lapsed, $event - 2");
}

# ---- while a resume runs: what cannot be right when it has ended

ended();
resume_it();
is(resume_it(attempt => 'c', from => 1000), 4,
   'resume - one runs, from the end - 4');
is(resume_it(attempt => 'c', from => 1001), 2,
   'resume - one runs, from behind the end - 2');
set(sent => 1000);
is(resume_it(attempt => 'c'), 4, 'resume - one runs, half of it again - 4');
is(resume_it(attempt => 'c', from => 499), 2,
   'resume - one runs, more than half of it again - 2');
set(overlap => 100);
is(resume_it(attempt => 'c', from => 600), 4,
   'resume - one runs, half of it again in all - 4');
is(resume_it(attempt => 'c', from => 599), 2,
   'resume - one runs, more than half of it again in all - 2');

# ---- renew: only who runs, and only the first answer says what it is

wipe();
issue_it();
is(renew_it(), 0, 'renew - nobody runs - 0');
redeem_it();
is(renew_it(attempt => 'b'), 0, 'renew - another attempt - 0');
renew_it(etag => '"t"', size => 1000);
renew_it(etag => '"u"', size => 2000);
is(join(' ', @{ grant_of() }{qw(etag size)}), '"t" 1000', 'renew - once');

# ---- the clock

wipe();
issue_it(@rate);
redis('DEL', keys_of('grant_issue')->[0]);
redis('HSET', keys_of('grant_issue')->[1],
      tat => (now_ms() + 86_400_000) * 1000);

my ($code, $wait) = split / /, issue_it(interval => 200_000, attempt => 'b');

cmp_ok($wait // 0, '<=', 200_000, 'issue - the clock was set back - a wait');
sleep +($wait // 0) / 1e6 + 0.01;
is(issue_it(interval => 200_000, attempt => 'b'), 1,
   'issue - the clock was set back, waited - 1');

wipe();
script('audit_count', keys_of('audit_count'), count());
redis('HSET', keys_of('audit_count')->[0],
      'media.refused:at' => now_ms() + 86_400_000);
script('audit_count', keys_of('audit_count'), count(attempt => 'b'));
is(stream(), 'media.refused media.refused',
   'count - the clock was set back - entered at once');

done_testing();
