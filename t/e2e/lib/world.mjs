/*
 * The whole product for a test: Redis, media origin, portal and edge, started
 * by util/demo.sh in a directory of its own and on a free port.
 *
 *     const world = await startWorld();
 *     world.url, world.run, world.redis        (a connected client)
 *     await world.readAudit("t_harbor")        entries as objects, oldest first
 *     await world.log("edge-access")           a log file, as text
 *     await world.stopRedis(); await world.startRedis();
 *     await world.stop();
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { createClient } from "redis";

const ROOT = process.env.AIDIAL_ROOT ?? process.cwd();
const START_WITHIN = 120_000;           /* ms; the first run speaks the call */


export async function startWorld(env = {}) {
    const child = spawn(join(ROOT, "util/demo.sh"), {
        cwd: ROOT,
        env: { ...process.env, DEMO_SERVE: "1",
            DEMO_PORT: String(await freePort()), ...env },
        stdio: ["ignore", "pipe", "pipe"],
    });

    const place = await whereItIs(child);
    const world = new World(child, place);

    await world.connect();

    return world;
}


class World {
    #child;
    #socket;
    #own = null;                        /* a Redis that this test started */

    constructor(child, place) {
        this.#child = child;
        this.#socket = place.redis;
        this.url = place.url;
        this.run = place.run;
        this.portal = place.portal;
        this.redis = null;
    }


    async connect() {
        this.redis = createClient({ socket: { path: this.#socket } });
        this.redis.on("error", () => {});       /* a test may stop Redis */
        await this.redis.connect();
    }


    async readAudit(tenant) {
        const entries = await this.redis.xRange(
            `aidial:{${tenant}}:audit`, "-", "+");

        return entries.map(({ id, message }) => ({ id, ...message }));
    }


    /* waits for an entry that "fits" says yes to: an object's entry may come
     * a moment after the answer that it is about */

    async waitForAudit(tenant, fits, within = 10_000) {
        return until(async () =>
            (await this.readAudit(tenant)).find(fits), within,
            `no such entry in the audit stream of ${tenant}`);
    }


    /* edge, edge-access, origin, origin-access, portal, redis */

    async log(name) {
        return readFile(join(this.run, `${name}.log`), "utf8");
    }


    async record(key) {
        return JSON.parse(await this.redis.get(`aidial:${key}`) ?? "null");
    }


    async setRecord(key, record) {
        await this.redis.set(`aidial:${key}`, JSON.stringify(record));
    }


    /* what it holds is saved, and is there again after startRedis() */

    async stopRedis() {
        const pid = Number(await readFile(join(this.run, "redis.pid"),
            "utf8"));

        await this.redis.sendCommand(["SAVE"]);
        this.redis.destroy();
        process.kill(pid, "SIGKILL");
        await until(async () => !await alive(pid), 10_000, "Redis did not stop");
    }


    async startRedis() {
        this.#own = spawn("redis-server", ["--port", "0",
            "--unixsocket", this.#socket, "--unixsocketperm", "700",
            "--dir", this.run, "--save", "", "--appendonly", "no",
            "--pidfile", join(this.run, "redis.pid")], { stdio: "ignore" });

        await this.connect();
        await until(() => this.redis.ping(), 10_000, "Redis did not start");
    }


    async stop() {
        this.redis.isOpen && this.redis.destroy();

        if (this.#child.exitCode === null) {
            this.#child.kill("SIGTERM");
            await once(this.#child, "exit");
        }

        if (this.#own && this.#own.exitCode === null) {
            this.#own.kill("SIGTERM");
            await once(this.#own, "exit");
        }
    }
}


/* asks again until the answer is true-ish; a throw counts as "not yet" */

export async function until(ask, within, otherwise) {
    const end = Date.now() + within;

    while (Date.now() < end) {
        const answer = await Promise.resolve().then(ask).catch(() => null);

        if (answer) {
            return answer;
        }

        await pause(50);
    }

    throw new Error(otherwise);
}


async function whereItIs(child) {
    const said = [];
    const kill = setTimeout(() => child.kill("SIGTERM"), START_WITHIN);
    const errors = createInterface({ input: child.stderr });

    errors.on("line", line => said.push(line));

    try {
        for await (const line of createInterface({ input: child.stdout })) {
            said.push(line);

            if (line.startsWith("demo: {")) {
                child.stdout.resume();
                return JSON.parse(line.slice("demo: ".length));
            }
        }
    } finally {
        clearTimeout(kill);
    }

    throw new Error(`the demo did not start:\n${said.join("\n")}`);
}


async function freePort() {
    const server = createServer();

    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();

    server.close();
    await once(server, "close");

    return port;
}


/* a process that has ended and was not waited for yet is not alive */

async function alive(pid) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");

    return stat !== "" && !/\) Z /.test(stat);
}
