<?php

/*
 * Laravel's own middleware for encrypted cookies and sessions, with sessions
 * in Redis.  They are PHP's serialize() there, which nobody but PHP should
 * read, so the edge asks.  Served by PHP's own server.
 */

foreach (['Cache', 'Config', 'Container', 'Cookie', 'Encryption', 'Http',
          'Pipeline', 'Redis', 'Session'] as $part) {
    require_once "Illuminate/$part/autoload.php";
}

use Illuminate\Cache\CacheManager;
use Illuminate\Config\Repository;
use Illuminate\Container\Container;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Encryption\Encrypter;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Pipeline\Pipeline;
use Illuminate\Redis\RedisManager;
use Illuminate\Session\Middleware\StartSession;
use Illuminate\Session\SessionManager;

$USERS = json_decode(file_get_contents(__DIR__ . '/users.json'), true);


function application(): Container
{
    $app = Container::getInstance();

    $app->instance('config', new Repository([
        'session' => [
            'driver' => 'redis', 'connection' => 'default', 'lifetime' => 30,
            'expire_on_close' => false, 'encrypt' => false,
            'lottery' => [0, 100], 'cookie' => 'laravel_session',
            'path' => '/', 'domain' => null, 'secure' => false,
            'http_only' => true, 'same_site' => 'lax',
        ],
        'cache' => [
            'prefix' => 'portal_cache',
            'stores' => [
                'redis' => ['driver' => 'redis', 'connection' => 'default'],
            ],
        ],
    ]));

    $app->singleton('redis', fn ($app) => new RedisManager($app, 'phpredis', [
        'default' => ['host' => getenv('REDIS_SOCKET'), 'port' => 0],
    ]));
    $app->singleton('cache', fn ($app) => new CacheManager($app));
    $app->singleton('session', fn ($app) => new SessionManager($app));

    return $app;
}


function answer(Request $request, array $users)
{
    $session = $request->session();

    switch ($request->method() . ' ' . $request->path()) {

    case 'POST sign-in':
        $session->invalidate();
        $session->put('user', $users[$request->query('user')]);
        $session->put('created_at', time());
        return new Response('', 204);

    case 'POST sign-out':
        $session->invalidate();
        return new Response('', 204);

    case 'GET visit':
        $session->put('visited', true);
        return new Response('', 204);

    case 'GET internal/recording-session':
        return recording_session($session);
    }

    return new Response('', 404);
}


function recording_session($session)
{
    $user = $session->get('user');

    if (!$user) {
        return new Response('', 401);
    }

    return new JsonResponse([
        'user_id' => $user['id'], 'role' => $user['role'],
        'tenant_id' => $user['tenant'], 'client_id' => $user['client'],
        'project_ids' => $user['projects'],
        'created_at' => $session->get('created_at'),
        'sid' => hash('sha256', $session->getId()),
    ]);
}


$app = application();

// an APP_KEY has 32 octets

$key = new Encrypter(hash('sha256', getenv('SECRET'), true), 'AES-256-CBC');

(new Pipeline($app))
    ->send(Request::capture())
    ->through([new EncryptCookies($key), new StartSession($app['session'])])
    ->then(fn ($request) => answer($request, $USERS))
    ->send();
