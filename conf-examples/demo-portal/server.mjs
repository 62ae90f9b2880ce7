/*
 * The portal of "make demo": Express, its sessions in Redis.  It signs people
 * in, shows their calls, and writes the records that the edge reads.  No
 * recording passes through here; that is the edge's.
 *
 * Listens on a unix socket, so that only the edge can reach it.  The paths
 * come from the environment; util/demo/servers.sh sets them.
 */

import { chmodSync, readFileSync, rmSync } from "node:fs";
import process from "node:process";

import { createClient } from "redis";

import { makeApp } from "./app.mjs";
import { Records } from "./records.mjs";
import { readWorld } from "./world.mjs";

const STOP_WITHIN = 3_000;              /* ms for requests that still run */


function setting(name) {
    const value = process.env[name];

    if (!value) {
        throw new Error(`the environment has no ${name}`);
    }

    return value;
}


async function connect(path) {
    const redis = createClient({
        socket: { path, connectTimeout: 1000, reconnectStrategy: 200 },
        disableOfflineQueue: true,      /* no answer is better than a late one */
        commandOptions: { timeout: 2000 },
    });

    redis.on("error", error => console.error(`redis: ${error.message}`));
    await redis.connect();

    return redis;
}


function stopOnSignal(server, redis) {
    const stop = () => {
        server.close(() => {
            redis.destroy();
            process.exit(0);
        });

        server.closeIdleConnections();
        setTimeout(() => process.exit(0), STOP_WITHIN).unref();
    };

    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
}


const socket = setting("PORTAL_SOCKET");
const secret = readFileSync(setting("PORTAL_SECRET_FILE"), "utf8").trim();
const world = readWorld(setting("PORTAL_WORLD"), setting("PORTAL_MEDIA"));
const redis = await connect(setting("PORTAL_REDIS"));
const records = new Records(redis, world);

await records.write();

const app = makeApp({ redis, records, world, secret,
    card: setting("PORTAL_CARD"),
    look: setting("PORTAL_LOOK") });

rmSync(socket, { force: true });        /* left by a run that was killed */

const server = app.listen(socket, error => {
    if (error) {
        throw error;
    }

    chmodSync(socket, 0o600);
    console.log(`Portal: listens on ${socket}`);
});

server.requestTimeout = 10_000;
server.headersTimeout = 5_000;
server.keepAliveTimeout = 75_000;       /* longer than the edge keeps it */
server.maxHeadersCount = 100;

stopOnSignal(server, redis);
