/*
 * Firefox, as Debian has it, spoken to in its own language (Marionette: JSON
 * over TCP, "<length>:[0, id, command, parameters]"), so no driver is needed.
 *
 *     const firefox = await startFirefox();
 *     await firefox.open(`${world.url}/sign-in/marcus`);
 *     await firefox.click("button.person");            a real press
 *     await firefox.run("return document.title");      in the page
 *     await firefox.waitFor("return document.title === 'x'");
 *     firefox.downloads                                a directory
 *     await firefox.stop();
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { until } from "./world.mjs";

const FIREFOX = "/usr/bin/firefox-esr";
const ANSWER_WITHIN = 60_000;           /* ms */
const START_WITHIN = 60_000;

/* a reason to skip, or false */

export const noFirefox = existsSync(FIREFOX) ? false
    : `there is no ${FIREFOX} (apt install firefox-esr)`;


function preferences(downloads) {
    return {
        "marionette.port": 0,           /* a free one; it writes which */
        "media.autoplay.default": 5,    /* without a press nothing sounds */
        "media.autoplay.blocking_policy": 0,
        "browser.download.folderList": 2,
        "browser.download.dir": downloads,
        "browser.download.useDownloadDir": true,
        "browser.download.always_ask_before_handling_new_types": false,
        "browser.helperApps.neverAsk.saveToDisk":
            "audio/mpeg,audio/wav,audio/ogg",
        "browser.shell.checkDefaultBrowser": false,
        "app.update.disabledForTesting": true,
        "app.normandy.enabled": false,
        "datareporting.policy.dataSubmissionEnabled": false,
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "services.settings.server": "data:,#remote-settings-dummy/v1",
    };
}


export async function startFirefox() {
    const home = await mkdtemp(join(tmpdir(), "aidial-firefox-"));
    const profile = join(home, "profile");
    const firefox = new Firefox(home, join(home, "downloads"));

    await mkdir(profile);
    await mkdir(firefox.downloads);
    await writeFile(join(profile, "user.js"),
        Object.entries(preferences(firefox.downloads)).map(([name, value]) =>
            `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));

    try {
        await firefox.start(profile);
    } catch (error) {
        await firefox.stop();
        throw error;
    }

    return firefox;
}


class Firefox {
    #home;
    #child = null;
    #socket = null;
    #got = Buffer.alloc(0);
    #waiting = new Map();
    #id = 0;

    constructor(home, downloads) {
        this.#home = home;
        this.downloads = downloads;
    }


    async start(profile) {
        this.#child = spawn(FIREFOX, ["--headless", "--no-remote",
            "--marionette", "--profile", profile], { stdio: "ignore",
            env: { ...process.env, HOME: this.#home, MOZ_HEADLESS: "1" } });

        const port = await until(() => readFile(
            join(profile, "MarionetteActivePort"), "utf8"), START_WITHIN,
        "Firefox did not start");

        this.#socket = connect(Number(port), "127.0.0.1");
        this.#socket.on("data", chunk => this.#read(chunk));
        this.#socket.on("error", () => {});
        await once(this.#socket, "connect");
        await this.#send("WebDriver:NewSession", { capabilities: {} });
    }


    open(url) {
        return this.#send("WebDriver:Navigate", { url });
    }


    async click(selector) {
        const { value } = await this.#send("WebDriver:FindElement",
            { using: "css selector", value: selector });

        await this.#send("WebDriver:ElementClick",
            { id: Object.values(value)[0] });
    }


    async run(script, ...args) {
        return (await this.#send("WebDriver:ExecuteScript",
            { script, args, sandbox: null })).value;
    }


    waitFor(script, ...args) {
        return until(() => this.run(script, ...args), ANSWER_WITHIN,
            `Firefox waited in vain for: ${script}`);
    }


    async stop() {
        this.#socket?.destroy();

        if (this.#child && this.#child.exitCode === null
            && this.#child.signalCode === null)
        {
            this.#child.kill("SIGTERM");
            await once(this.#child, "exit");
        }

        await rm(this.#home, { recursive: true, force: true, maxRetries: 5 });
    }


    #send(name, parameters) {
        const id = ++this.#id;
        const text = JSON.stringify([0, id, name, parameters]);

        this.#socket.write(`${Buffer.byteLength(text)}:${text}`);

        return new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(
                new Error(`Firefox did not answer ${name}`)), ANSWER_WITHIN);

            this.#waiting.set(id, (error, value) => {
                clearTimeout(late);
                error ? reject(new Error(`${error.error}: ${error.message}`))
                    : resolve(value);
            });
        });
    }


    /* the first message greets; the others are [1, id, error, value] */

    #read(chunk) {
        this.#got = Buffer.concat([this.#got, chunk]);

        for (;;) {
            const colon = this.#got.indexOf(":");
            const end = colon + 1 + Number(this.#got.subarray(0, colon));

            if (colon < 0 || this.#got.length < end) {
                return;
            }

            const message = JSON.parse(this.#got.subarray(colon + 1, end));

            this.#got = this.#got.subarray(end);

            if (Array.isArray(message)) {
                const [, id, error, value] = message;

                this.#waiting.get(id)?.(error, value);
                this.#waiting.delete(id);
            }
        }
    }
}


/* the demo's pages, as lib/play.mjs has them for Chromium */

const CARD = "aidial-recording-card";

export async function signInFirefox(firefox, world, person) {
    await firefox.open(`${world.url}/sign-in/${person}`);
    await firefox.click("button.person");
    await firefox.waitFor("return location.pathname === '/calls'");
}


export async function openCallInFirefox(firefox, world, call) {
    await firefox.open(`${world.url}/calls/${call}`);
    await stateInFirefox(firefox, "ready");
}


/* muted, for a machine may have no sound device and Firefox insists on one */

export async function playInFirefox(firefox, from = 0) {
    await firefox.click(`${CARD} .arc-mute[aria-pressed=false]`);
    await firefox.click(`${CARD} .arc-play`);
    await firefox.waitFor(`return document.querySelector(
        "${CARD} audio").currentTime > arguments[0]`, from + 0.5);
    await stateInFirefox(firefox, "playing");
}


/* as the end of a drag: the slider has moved and says so */

export function seekInFirefox(firefox, share) {
    return firefox.run(`const slider = document.querySelector(
            "${CARD} .arc-seek");
        slider.value = slider.max * arguments[0];
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        slider.dispatchEvent(new Event("change", { bubbles: true }));
        return Number(slider.value);`, share);
}


export function stateInFirefox(firefox, state) {
    return firefox.waitFor(`return document.querySelector(
        "${CARD}[data-state='${state}']") !== null`);
}
