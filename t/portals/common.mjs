/*
 * What the portals in Node share: who can sign in, where Redis is, and the
 * secret that the edge is told as well.  The test that starts a portal says
 * all of it in the environment.
 */

import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { createClient } from "redis";

// some libraries expect it there, and Node 18 does not have it

globalThis.crypto ??= webcrypto;

export const { PORT, SECRET, REDIS_SOCKET } = process.env;

const USERS = JSON.parse(readFileSync(new URL("users.json", import.meta.url)));


export function userNamed(name) {
    if (!Object.hasOwn(USERS, name)) {
        throw new Error(`no user ${name}`);
    }

    return USERS[name];
}


export function allUsers() {
    return Object.entries(USERS);
}


export async function connectRedis() {
    const client = createClient({ socket: { path: REDIS_SOCKET } });

    client.on("error", (error) => {
        console.error("redis:", error.message);
        process.exit(1);
    });

    return client.connect();
}
