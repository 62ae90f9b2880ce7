package Test::Aidial::Answer;

# What docs/http-contract.md says of an answer of a media location, in a word:
#
#     200             the whole example file, with the headers of a recording
#     206:500-599     these bytes of it
#     resumed:500     its bytes from there on, as the rest of a download, with
#                     the entity tag of the file
#     304 412 416     no body
#     grant_used      that problem; recording_blocked:consent_denied,... has
#                     its reasons, rate_limited:2 the seconds to wait
#
# A Test::Nginx block says "--- answer: 200 grant_used", a word a request, and
# may add "--- disposition: ..." (of downloads) and "--- also: X-Name ..." (the
# names of other headers that may be there).  A raw client says
#
#     is_answer($answer, 'grant_used', 'media - used twice - 410 grant_used');
#
# with disposition => ..., head => 1 and also => [...] behind.  Status, every
# header name, the values of our own headers and every byte are compared.

use strict;
use warnings;

use Test::Aidial::World ();
use Test::More ();

our @EXPORT = qw(is_answer whole attachment status_of);

my %STATUS = (
    session_required => 401, cross_site_request => 403, playback_only => 403,
    recording_blocked => 403, recording_not_found => 404,
    method_not_allowed => 405, grant_expired => 410, grant_used => 410,
    rate_limited => 429, media_unavailable => 502, service_unavailable => 503,
    prefetch_refused => 503, delivery_running => 503,
);

# problems that pass, and after how many seconds; undef: the word says it

my %RETRY = (service_unavailable => 1, delivery_running => 1,
             rate_limited => undef);

my @NGINX = qw(Server Date Connection);
my @ORIGIN = qw(Content-Length Content-Range Accept-Ranges ETag Last-Modified);

my %MEDIA = (
    'Cache-Control' => 'private, no-store',
    'X-Content-Type-Options' => 'nosniff',
    'Referrer-Policy' => 'no-referrer',
    'Cross-Origin-Resource-Policy' => 'same-origin',
    'Content-Security-Policy' => "default-src 'none'; sandbox",
);


sub import {
    my $caller = caller;
    my $blocks = $INC{'Test/Aidial.pm'};

    no strict 'refs';

    for my $package ($caller, $blocks ? 'Test::Base::Filter' : ()) {
        *{"${package}::$_"} = \&{$_} for @EXPORT;
    }

    # behind the one of Test::Aidial: add_block_preprocessor() puts it in front

    push @Test::Nginx::Util::BlockPreprocessors, \&_expand if $blocks;
}


# the example file

sub whole { '0123456789' x 100 }


sub attachment {
    my ($plain, $extended) = @_;

    return qq{attachment; filename="$plain"; filename*=UTF-8''}
           . ($extended // $plain);
}


sub status_of { $STATUS{ $_[0] } // die "unknown problem $_[0]" }


# status, headers (a value of undef: any), and a pattern for the body

sub _expected {
    my ($word, %option) = @_;
    my ($name, $detail) = split /:/, $word, 2;

    return _resumed($detail, %option) if $name eq 'resumed';
    return _problem($name, $detail) if $name !~ /\A\d+\z/;

    my %headers = (%MEDIA, map { $_ => undef } @NGINX, @ORIGIN);
    my $body = $name == 200 ? whole() : '';

    $headers{'Content-Disposition'} = $option{disposition} // 'inline';
    $headers{'Content-Type'} = $option{type} // 'audio/mpeg'
        if $name != 304;
    $headers{'Content-Length'} = $option{length} // 1000 if $name == 200;

    if ($name == 206) {
        my ($first, $last) = split /-/, $detail;

        $body = substr whole(), $first, $last - $first + 1;
        $headers{'Content-Range'} = "bytes $detail/1000";
        $headers{'Content-Length'} = length $body;
    }

    delete $headers{'Content-Range'} if $name !~ /\A(?:206|416)\z/;
    delete $headers{'Content-Length'} if $name == 304;
    $headers{'Content-Range'} = 'bytes */1000' if $name == 416;
    $headers{'Content-Length'} = 0 if $name == 412 || $name == 416;

    return { status => $name, headers => \%headers,
             body => $option{body} // qr/\A\Q$body\E\z/s };
}


sub _resumed {
    my ($from, %option) = @_;
    my $expected = _expected("206:$from-999",
                             disposition => attachment('call-c_9.mp3'),
                             map { defined $option{$_} ? ($_ => $option{$_})
                                                       : () } keys %option);

    $expected->{headers}{ETag} = Test::Aidial::World::etag();

    return $expected;
}


sub _problem {
    my ($code, $detail) = @_;
    my $status = status_of($code);
    my $retry = $RETRY{$code};

    if (exists $RETRY{$code} && !defined $retry) {
        $retry = $detail // die "$code: after how many seconds?";
        undef $detail;
    }

    my %headers = map { $_ => undef } @NGINX, 'Content-Length';

    $headers{'Content-Type'} = 'application/problem+json';
    $headers{'Cache-Control'} = 'no-store';
    $headers{'X-Content-Type-Options'} = 'nosniff';
    $headers{'Referrer-Policy'} = 'no-referrer';
    $headers{'Allow'} = 'GET, HEAD' if $status == 405;
    $headers{'Retry-After'} = $retry if defined $retry;

    my $more = '';
    $more = ',"reasons":[' . join(',', map { qq{"$_"} } split /,/, $detail)
            . ']' if defined $detail;
    $more = qq{,"retry_after":$retry} if defined $retry;

    return { status => $status, headers => \%headers,
             body => qr/\A\{"type":"urn:aidial:recording:$code",
                 "title":"[A-Z][A-Za-z ]+","status":$status,
                 "code":"$code"\Q$more\E\}\z/x };
}


# one assertion; what is wrong is said in words

sub is_answer {
    my ($answer, $word, $title, %option) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    return Test::More::fail("$title: no answer")
        if !$answer || !$answer->{status};

    my $expected = _expected($word, %option);
    my ($got, $want) = ($answer->{headers}, $expected->{headers});
    my %known = map { lc $_ => 1 } keys %$want, @{ $option{also} // [] };
    my @wrong;

    push @wrong, "status $answer->{status}"
        if $answer->{status} != $expected->{status};
    push @wrong, "header $_: $got->{$_}"
        for grep { !$known{$_} } sort keys %$got;
    push @wrong, 'cut' if $answer->{cut};

    for my $name (grep { defined $want->{$_} } sort keys %$want) {
        my $value = $got->{lc $name} // 'none';
        push @wrong, "$name: $value" if $value ne $want->{$name};
    }

    push @wrong, "body: $answer->{body}"
        if $option{head} ? length $answer->{body}
                         : $answer->{body} !~ $expected->{body};

    return Test::More::ok(!@wrong, $title)
           || Test::More::diag(join "\n", @wrong);
}


sub _expand {
    my ($block) = @_;
    my @words = split ' ', $block->answer // return;
    my @also = split ' ', $block->also // '';
    my %option = (disposition => scalar $block->disposition,
                  type => scalar $block->type);
    my @expected = map { _expected($_, %option) } @words;

    my $request = $block->pipelined_requests // $block->request
                  // $block->raw_request;
    my @request = ref $request ? @$request : $request;

    die $block->name . ': ' . @words . ' answers, ' . @request . " requests\n"
        if @words != @request;

    my (@codes, @bodies, @headers, @raw);

    for my $i (0 .. $#words) {
        my %header = %{ $expected[$i]{headers} };
        my $names = join '|', sort(keys %header), @also;
        my $head = !ref $request[$i] && $request[$i] =~ /\AHEAD/;

        push @codes, $expected[$i]{status};
        push @bodies, $head ? qr/\A\z/ : $expected[$i]{body};
        push @headers, join '', map { "$_: $header{$_}\n" }
            grep { defined $header{$_} } sort keys %header;
        push @raw, qr/\A[^\r\n]+(?:\r\n(?:$names):[^\r\n]*)*[\r\n]*\z/;
    }

    my %section = (error_code => \@codes, response_headers => \@headers,
                   raw_response_headers_like => \@raw);
    $section{response_body_like} = \@bodies if !defined $block->response_body;

    $block->set_value($_, ref $request ? $section{$_} : $section{$_}[0])
        for keys %section;
}


1;
