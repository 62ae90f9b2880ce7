package Test::Aidial::RealPortal;

# A portal of t/portals, a real one with the session library that it is named
# for, behind nginx with conf-examples/minimal.conf and the session's lines of
# conf-examples/portals:
#
#     use Test::Aidial::Nginx;
#     use Test::Aidial::RealPortal;
#
#     my $portal = real_portal('express', start => [ 'node', 'express.mjs' ],
#                              cookie => 'connect.sid', needs => ...);
#     my $cookie = $portal->sign_in('ada');
#     is($portal->may($cookie), 'playback download');
#
# What is not installed skips the file, by name.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use File::Copy qw(copy);
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Test::Aidial::Client;
use Test::Aidial::Nginx ();
use Test::Aidial::Portal qw(call tenant same_origin);
use Test::Aidial::Process qw(spawn wait_for);
use Test::Aidial::World qw(redis redis_server dir http_config origin);
use Test::More ();

our @EXPORT = qw(real_portal keys_like slurp);

my $SECRET = 'an-example-of-a-secret-of-a-portal-for-tests';
my $STATUS = '/api/calls/c_9/recording';


# real_portal(name, start => [ command ], cookie => name, needs => [ command
# that succeeds when all is installed ], env => { ... }, visitors => whether
# they get sessions, asked => whether the edge asks the portal, user_id => ada's, or a sub that
# tells it by her cookie, lines => sub { s/// in $_, the portal's
# part of the configuration })

sub real_portal {
    my ($name, %how) = @_;
    my $self = bless { name => $name, home => dir() . '/portal',
                       port => _free_port(), %how }, __PACKAGE__;

    _write(dir() . '/portal-session.secrets', "$SECRET\n");
    $self->_move_in;
    $self->_skip_unless_installed;

    redis('FLUSHALL');
    call();
    tenant();

    $self->_start;
    $self->{nginx} = Test::Aidial::Nginx->start(server => $self->_server);

    return $self;
}


# Programs lie beside their packages, as node wants it.

sub _move_in {
    my ($self) = @_;
    my $home = $self->{home};

    return if -d $home;
    mkdir $home or die "$home: $!";

    for my $file (grep { -f } glob 't/portals/*') {
        copy($file, $home) or die "$file: $!";
    }

    symlink abs_path('build') . '/portals/node_modules', "$home/node_modules"
        or die "node_modules: $!";
}


sub _skip_unless_installed {
    my ($self) = @_;

    return if _quietly($self->{home}, @{ $self->{needs} });

    Test::More::plan(skip_all => "$self->{name} is not installed: "
                                 . 'util/deps.sh portals');
}


sub _quietly {
    my ($home, @command) = @_;
    my $pid = fork() // die "fork: $!";

    if ($pid == 0) {
        chdir $home or POSIX::_exit(1);
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec { $command[0] } @command or POSIX::_exit(127);
    }

    waitpid $pid, 0;
    return $? == 0;
}


sub _start {
    my ($self) = @_;
    my @command = map { s/\@PORT\@/$self->{port}/r } @{ $self->{start} };

    $self->{process} = spawn(dir() . "/$self->{name}.log", sub {
        local %ENV = (%ENV, PORT => $self->{port}, SECRET => $SECRET,
                      REDIS_SOCKET => redis_server()->path,
                      %{ $self->{env} // {} });
        chdir $self->{home} or POSIX::_exit(1);
        exec { $command[0] } @command or POSIX::_exit(127);
    });

    wait_for { !$self->{process}->running || $self->_listens } 30;
    $self->_listens or die "$self->{name} did not start:\n"
                           . slurp(dir() . "/$self->{name}.log");
}


sub _listens {
    my ($self) = @_;

    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{port}, Timeout => 1);
}


# the server block of minimal.conf with the portal's lines in it

sub _server {
    my ($self) = @_;
    my ($server) = slurp('conf-examples/minimal.conf')
        =~ /^    server \{\n(.*?)^    \}\n/ms or die 'no server block';
    my $portal = slurp("conf-examples/portals/$self->{name}.conf");
    my $dir = dir();

    $self->{lines}->() for $self->{lines} ? $portal : ();
    $server =~ s/^\s*listen 80;\n/$portal/m or die 'no listen 80';
    $server =~ s{http://127\.0\.0\.1:9000/}{http://origin/} or die 'no origin';
    $server =~ s{http://127\.0\.0\.1:3000}{http://127.0.0.1:$self->{port}}g
        or die 'no portal';
    $server =~ s{/etc/nginx/}{$dir/}g;

    return $server;
}


sub _free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)
        or die "no free port: $!";

    return $socket->sockport;
}


sub nginx { $_[0]{nginx} }


# asks the portal through nginx; the value of the cookie it sets, if it does

sub ask {
    my ($self, $method, $uri, $cookie, @headers) = @_;
    my $client = $self->{nginx}->client;

    push @headers, $self->header($cookie) if defined $cookie;
    $client->send_request($method, $uri, $method eq 'POST' ? '{}' : undef,
                          @headers);
    my $answer = $client->response(timeout => 30) or die "$uri: no answer";

    return $answer if $answer->{status} =~ /\A20[0-9]\z/;
    die "$self->{name}: $uri: $answer->{head}$answer->{body}"
        . slurp(dir() . "/$self->{name}.log");
}


sub header {
    my ($self, $cookie) = @_;

    return "Cookie: $self->{cookie}=$cookie";
}


sub set_cookie {
    my ($self, $answer) = @_;
    my ($value) = $answer->{head}
        =~ /^set-cookie: \Q$self->{cookie}\E=([^;\r\n]+)/mi;

    return $value;
}


# what the edge has to make of a forged cookie: "asked" portals are asked
# here as well, past nginx

sub judges {
    my ($self, $cookie) = @_;

    return 401 if !$self->{asked};

    my $status = Test::Aidial::Client->new($self->{port})->get(
        '/internal/recording-session', $self->header($cookie))->{status};

    return $status == 200 ? 'playback download' : $status == 401 ? 401 : 503;
}


sub sign_in {
    my ($self, $user, $cookie) = @_;
    my $answer = $self->ask('POST', "/sign-in?user=$user", $cookie);

    return $self->set_cookie($answer)
        // die "$self->{name}: no cookie: $answer->{head}";
}


# the id of the user "ada", whose cookie this is

sub ada_id {
    my ($self, $cookie) = @_;
    my $id = $self->{user_id} // 'u_81';

    return ref $id ? $id->($cookie) : $id;
}


sub sign_out {
    my ($self, $cookie) = @_;

    return $self->ask('POST', '/sign-out', $cookie);
}


# the cookie of a visitor who has a session and is nobody

sub visit {
    my ($self) = @_;

    return $self->set_cookie($self->ask('GET', '/visit'));
}


# what the edge lets the bearer do: its status when that is not 200, else the
# actions, and reasons in brackets

sub may {
    my ($self, $cookie, $call) = @_;
    my $uri = $STATUS =~ s/c_9/$call \/\/ 'c_9'/er;
    my $answer = $self->{nginx}->client->get($uri,
        defined $cookie ? $self->header($cookie) : ())
        // return 'no answer';

    return $answer->{status} if $answer->{status} != 200;

    my $said = decode_json($answer->{body});

    return join ' ', map {
        $said->{$_}{allowed} ? $_ : "$_(@{ $said->{$_}{reasons} })"
    } qw(playback download);
}


# a grant is asked for and its link opened: the bytes that came

sub play {
    my ($self, $cookie) = @_;
    my $client = $self->{nginx}->client;
    my $grant = $client->post("$STATUS/grant", '{"action":"playback"}',
                              $self->header($cookie), same_origin());

    return $grant->{status} if $grant->{status} != 201;

    return $client->get(decode_json($grant->{body})->{url},
                        $self->header($cookie))->{body};
}


# keys_like('sess:*'): the keys of Redis, sorted

sub keys_like { sort @{ redis('KEYS', $_[0]) } }


sub _write {
    my ($name, $text) = @_;

    open my $file, '>', $name or die "$name: $!";
    print $file $text;
    close $file;
}


sub slurp {
    my ($name) = @_;

    open my $file, '<', $name or die "$name: $!";
    local $/;
    return <$file> // '';
}


1;
