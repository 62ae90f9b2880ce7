/*
 * Sessions, as express-session and connect-redis write them: the cookie is
 * "s:<sid>.<signature>", the record is "sess:<sid>" in Redis.  The edge reads
 * both as they are; conf-examples/demo-session/express.conf says how.
 *
 * Signing out deletes the session.  That can be undone: a request that is
 * still under way may save the session again.  So a marker is set as well,
 * aidial:revoked-before:<tenant>:<user>, and a session created at or before
 * it is dead for the edge and for the portal.  It ends the user's sessions on
 * all devices, which is what signing out of recordings should do.
 */

import { RedisStore } from "connect-redis";
import session from "express-session";

import { ROLES } from "./world.mjs";

const LIFE = 12 * 3600;                 /* seconds */
const COOKIE = "aidial_session";

const cookie = {
    httpOnly: true,
    maxAge: LIFE * 1000,
    path: "/",
    sameSite: "lax",
    secure: "auto",                     /* as the edge's X-Forwarded-Proto */
};


/*
 * A session is saved when somebody signs in and never again, so a request
 * under way has nothing to save.
 */

export function sessions(redis, secret) {
    return session({
        name: COOKIE,
        secret,
        cookie,
        resave: false,
        rolling: false,
        saveUninitialized: false,
        store: new RedisStore({ client: redis, prefix: "sess:" }),
    });
}


/* A new id, so that one that was planted before is of no use. */

export async function signIn(redis, request, person) {
    const user = {
        id: `u_${person.id}`,
        role: ROLES[person.role].word,
        tenant: person.tenant,
        client: person.client,
        projects: person.projects,
    };

    await called(request.session, "regenerate");

    request.session.user = user;
    request.session.person = person.id;
    request.session.createdAt = await firstMoment(redis, user);

    await called(request.session, "save");
}


export async function signOut(redis, request, response) {
    const { user } = request.session;

    if (user) {
        await redis.set(marker(user), String(Math.floor(Date.now() / 1000)),
            { EX: LIFE + 60 });
    }

    await called(request.session, "destroy");
    clearCookie(response);
}


/* The session is gone from Redis, as if it had run out.  The cookie stays. */

export async function expire(redis, request) {
    await redis.del(`sess:${request.sessionID}`);
}


/* who is signed in, or null */

export async function currentUser(redis, request) {
    const { user, createdAt } = request.session;

    if (!user) {
        return null;
    }

    return createdAt >= await deadUntil(redis, user) ? user : null;
}


export function clearCookie(response) {
    const { httpOnly, path, sameSite } = cookie;

    response.clearCookie(COOKIE, { httpOnly, path, sameSite });
}


/*
 * The marker has whole seconds.  Who signs in again within the second of the
 * sign-out gets a session that begins with the next one.
 */

async function firstMoment(redis, user) {
    return Math.max(Date.now(), await deadUntil(redis, user));
}


/* in milliseconds: sessions created before this moment are dead */

async function deadUntil(redis, user) {
    const text = await redis.get(marker(user));

    return text === null ? 0 : (Number(text) + 1) * 1000;
}


function marker({ tenant, id }) {
    return `aidial:revoked-before:${tenant}:${id}`;
}


function called(object, method) {
    return new Promise((resolve, reject) =>
        object[method](error => error ? reject(error) : resolve()));
}
