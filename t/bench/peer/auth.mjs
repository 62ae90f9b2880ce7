// The service behind auth_request: the checks of the media location, in Node.
//
//     auth.mjs PORT REDIS_PORT SECRET EPOCH
//
// 204 with the object's path in X-Object; 401, or 403 for all other reasons:
// auth_request passes no other status on.

import { createHmac, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import { Redis } from './resp.mjs';

const [port, redisPort, secret, epoch] = process.argv.slice(2);
const redis = new Redis(Number(redisPort));
const PREFIX = '/recordings/';
const ROLES = ['client_admin', 'client_manager', 'client_staff'];


const server = http.createServer((request, response) => {
    check(request.headers).then(
        object => response.writeHead(204, { 'X-Object': object }).end(),
        error => response.writeHead(error.status ?? 500).end());
});

server.keepAliveTimeout = 3600_000;
server.listen(Number(port), '127.0.0.1');


async function check(headers) {
    const sid = cookie(headers.cookie ?? '', 'aidial_session')
        ?? refuse(401);
    const uri = headers['x-original-uri'] ?? '';
    const field = verify(uri.slice(PREFIX.length)) ?? refuse(403);
    const [action, expires, grant, tenant, client, project, user, id] = field;

    const [session, call, settings, before, state] = await redis.ask([
        ['GET', `aidial:session:${sid}`],
        ['GET', `aidial:call:${id}`],
        ['GET', `aidial:tenant:${tenant}`],
        ['GET', `aidial:revoked-before:${tenant}:${user}`],
        ['HMGET', `aidial:{${tenant}}:grant:${grant}`, 'state', 'action',
         'epoch'],
    ]);

    const who = signedIn(session, before);
    const what = record(call) ?? refuse(403);

    if (who.tenant_id !== tenant || who.user_id !== user
        || what.tenant_id !== tenant || what.client_id !== who.client_id
        || what.client_id !== client || what.project_id !== project
        || !['*', project].some(name => who.project_ids?.includes(name))) {
        refuse(403);
    }

    if (Number(expires) <= Date.now() / 1000 || state[1] !== action
        || state[2] !== epoch) {
        refuse(403);
    }

    if (!allowed(action, who.role, record(settings) ?? {}, what)) {
        refuse(403);
    }

    return what.media.object;
}


function signedIn(text, before) {
    const who = record(text) ?? refuse(401);

    if (!who.user_id || !who.role || !who.tenant_id || !who.client_id
        || (who.expires_at && who.expires_at <= Date.now() / 1000)
        || (before !== null && !(who.created_at > Number(before)))) {
        refuse(401);
    }

    return who;
}


function allowed(action, role, settings, call) {
    if (!ROLES.includes(role)) {
        return false;
    }

    if (role === 'client_staff'
        ? action === 'download' || settings.staff_playback !== true
        : action === 'download' && settings.recording_download !== true) {
        return false;
    }

    return call.consent === 'granted'
        && call.playback_compliance === 'permitted'
        && call.media?.status === 'available';
}


function verify(token) {
    const [text, sum] = token.split('.');
    const payload = Buffer.from(text, 'base64url');
    const mac = Buffer.from(sum ?? '', 'base64url');
    const own = createHmac('sha256', secret).update(payload).digest();

    return mac.length === 32 && timingSafeEqual(mac, own)
        ? payload.toString().split('|') : null;
}


function cookie(header, name) {
    for (const pair of header.split('; ')) {
        if (pair.startsWith(`${name}=`)) {
            return pair.slice(name.length + 1);
        }
    }

    return null;
}


function record(text) {
    if (text === null) {
        return null;
    }

    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}


function refuse(status) {
    throw Object.assign(new Error('refused'), { status });
}
