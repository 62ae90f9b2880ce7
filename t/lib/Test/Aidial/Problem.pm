package Test::Aidial::Problem;

# What every problem of the module looks like, in one place.
#
# In a file of blocks (use it behind Test::Aidial):
#
#     --- problem: 401 session_required
#     --- problem: 403 recording_blocked consent_denied,media_removed
#
# stands for status, headers and the whole body.  In a file of tables:
#
#     is_problem($answer, 401, 'session_required', 'no cookie');
#     is_blocked($answer, [ 'consent_denied' ], 'consent denied');
#
# Either way it is asserted that the members are these and no others, that the
# title is a sentence, and that nothing asks the browser for a password.

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use Test::More ();

our @EXPORT = qw(is_problem is_blocked);

# those that pass say when to come again

my $PASSES = qr/\A(?:rate_limited|service_unavailable|delivery_running)\z/;


sub is_problem {
    my ($answer, $status, $code, $name, %member) = @_;
    my $body = eval { decode_json($answer->{body} // '') } // {};

    $member{retry_after} = ($body->{retry_after} // '') =~ /\A[1-9]\d*\z/
        ? $body->{retry_after} : 'whole seconds' if $code =~ $PASSES;

    my $ok = Test::More::is_deeply(
        { status => $answer->{status}, body => _without_title($body),
          _headers($answer->{headers}, 'retry-after', 'www-authenticate') },
        { status => $status,
          body => { type => "urn:aidial:recording:$code", status => $status,
                    code => $code, %member },
          'content-type' => 'application/problem+json',
          'cache-control' => 'no-store',
          'x-content-type-options' => 'nosniff',
          'referrer-policy' => 'no-referrer',
          'retry-after' => $member{retry_after},
          'www-authenticate' => undef },
        $name);

    Test::More::diag(Test::More::explain($answer)) if !$ok;

    return $ok;
}


sub is_blocked {
    my ($answer, $reasons, $name) = @_;

    return is_problem($answer, 403, 'recording_blocked', $name,
                      reasons => $reasons);
}


sub _without_title {
    my ($body) = @_;
    my %rest = ref $body eq 'HASH' ? %$body : ();

    delete $rest{title} if ($rest{title} // '') =~ /\A[A-Z][^"\\]{5,}\z/;

    return \%rest;
}


sub _headers {
    my ($headers, @more) = @_;

    return map { $_ => $headers->{$_} }
        qw(content-type cache-control x-content-type-options referrer-policy),
        @more;
}


# the section, taken apart into those that Test::Nginx knows

sub _section {
    my ($block) = @_;

    return if !defined $block->problem;

    my ($status, $code, $reasons) = split ' ', $block->problem;
    my $tail = $code =~ $PASSES ? ',"retry_after":\d+' : '';

    $tail = ',"reasons":\[' . join(',', map { "\"$_\"" } split /,/, $reasons)
            . '\]' if defined $reasons;

    $block->set_value('error_code', $status);
    $block->set_value('response_body_like', '^\{"type":"urn:aidial:recording:'
        . $code . '","title":"[A-Z][^"]+","status":' . $status . ',"code":"'
        . $code . '"' . $tail . '\}$') if !defined $block->response_body;
    $block->set_value('response_headers', join "\n",
        'Content-Type: application/problem+json', 'Cache-Control: no-store',
        'X-Content-Type-Options: nosniff', 'Referrer-Policy: no-referrer',
        'WWW-Authenticate:',
        $block->response_headers // ());
}


Test::Nginx::Socket::add_block_preprocessor(\&_section)
    if $INC{'Test/Aidial.pm'};


1;
