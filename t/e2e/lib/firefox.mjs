/*
 * Firefox without a driver: it is spoken to in Marionette, its own protocol
 * (JSON in "length:[type, id, command, parameters]" over TCP).
 *
 *     const firefox = await startFirefox();
 *     await firefox.go(url);
 *     await firefox.run("return document.title");
 *     await firefox.click(".arc-play");          a press of the user's
 *     await firefox.until("return ...", "what was waited for");
 *     firefox.downloads                          a directory
 *     await firefox.stop();
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { until } from "./world.mjs";

const PROGRAM = "/usr/bin/firefox-esr";

export const hasFirefox = await access(PROGRAM).then(() => true, () => false);


export async function startFirefox() {
    const home = await mkdtemp(join(tmpdir(), "aidial-firefox-"));
    const port = await freePort();

    await writeFile(join(home, "user.js"), Object.entries({
        "marionette.port": port,
        "media.autoplay.default": 1,        /* only after a press */
        "media.cubeb.backend": "alsa",
        "browser.download.folderList": 2,
        "browser.download.dir": home,
        "browser.download.useDownloadDir": true,
        "browser.shell.checkDefaultBrowser": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "app.update.enabled": false,
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "browser.safebrowsing.downloads.enabled": false,
    }).map(([name, value]) =>
        `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
        .join(""));

    /* a machine for tests has no sound card, and Firefox plays to none */

    await writeFile(join(home, ".asoundrc"),
        "pcm.!default { type null }\nctl.!default { type null }\n");

    const child = spawn(PROGRAM, ["--headless", "--marionette", "--no-remote",
        "--profile", home], { stdio: "ignore",
        env: { ...process.env, HOME: home } });
    const socket = await until(() => open(port), 60_000,
        "Firefox did not start");
    const firefox = new Firefox(child, socket, home);

    await firefox.ask("WebDriver:NewSession", {});

    return firefox;
}


class Firefox {
    #child;
    #socket;
    #waiting = new Map();
    #in = Buffer.alloc(0);
    #last = 0;

    constructor(child, socket, downloads) {
        this.#child = child;
        this.#socket = socket;
        this.downloads = downloads;
        socket.on("data", bytes => this.#read(bytes));
    }


    ask(command, parameters) {
        const id = ++this.#last;
        const text = JSON.stringify([0, id, command, parameters]);

        this.#socket.write(`${Buffer.byteLength(text)}:${text}`);

        return new Promise((resolve, reject) =>
            this.#waiting.set(id, { resolve, reject }));
    }


    go(url) {
        return this.ask("WebDriver:Navigate", { url });
    }


    async run(script, ...args) {
        const { value } = await this.ask("WebDriver:ExecuteScript",
            { script, args, sandbox: "default" });

        return value;
    }


    async click(selector) {
        const { value } = await this.ask("WebDriver:FindElement",
            { using: "css selector", value: selector });

        await this.ask("WebDriver:ElementClick",
            { id: Object.values(value)[0] });
    }


    until(script, what, within = 20_000) {
        return until(() => this.run(script), within, `Firefox: not ${what}`);
    }


    async stop() {
        this.#socket.destroy();

        if (this.#child.exitCode === null) {
            this.#child.kill("SIGTERM");
            await once(this.#child, "exit");
        }

        await rm(this.downloads, { recursive: true, force: true,
            maxRetries: 5 });
    }


    /* the first message is a greeting without an id */

    #read(bytes) {
        this.#in = Buffer.concat([this.#in, bytes]);

        for (;;) {
            const colon = this.#in.indexOf(":");
            const length = Number(this.#in.subarray(0, Math.max(colon, 0)));

            if (colon < 0 || this.#in.length < colon + 1 + length) {
                return;
            }

            const message = JSON.parse(this.#in.subarray(colon + 1,
                colon + 1 + length));

            this.#in = this.#in.subarray(colon + 1 + length);

            if (Array.isArray(message)) {
                this.#settle(message);
            }
        }
    }


    #settle([, id, error, result]) {
        const { resolve, reject } = this.#waiting.get(id);

        this.#waiting.delete(id);

        if (error) {
            reject(new Error(`${error.error}: ${error.message}`));
        } else {
            resolve(result);
        }
    }
}


async function open(port) {
    const socket = connect(port, "127.0.0.1");

    await once(socket, "connect");

    return socket;
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
