/* Firefox: plays, seeks, saves, and is refused. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { hasFirefox, startFirefox } from "./lib/firefox.mjs";
import { startWorld, until } from "./lib/world.mjs";

const skip = hasFirefox ? false : "there is no firefox-esr";
const AUDIO = "document.querySelector('aidial-recording-card audio')";
const CARD = "document.querySelector('aidial-recording-card').wrappedJSObject";
const STATE = "document.querySelector('aidial-recording-card').dataset.state";

let world;
let firefox;

before(async () => {
    if (!skip) {
        [world, firefox] = await Promise.all([startWorld(), startFirefox()]);
    }
});

after(async () => {
    await firefox?.stop();
    await world?.stop();
});


/* call and how many media requests a playback with two seeks makes */

for (const [call, format] of [["c_1001", "mp3"], ["c_1002", "wav"],
    ["c_1003", "opus"]])
{
    test(`${format}: plays and seeks, with one grant`, { skip }, async t => {
        await open(call);

        const before = await mediaRequests();

        await firefox.click(".arc-play");
        await firefox.until(`return ${STATE} === "playing"
            && ${AUDIO}.currentTime > 0.3`, "playing");

        for (const at of [24, 190]) {
            await firefox.run(`${CARD}.seekTo(${at})`);
            await firefox.until(`return ${AUDIO}.currentTime >= ${at}`,
                `at ${at} s`);
        }

        const asked = await mediaRequests() - before;

        t.diagnostic(`${format}: ${asked} media requests`);
        assert.ok(asked >= 1 && asked <= 8, `${asked} media requests`);

        const trail = (await world.readAudit("t_harbor")).filter(entry =>
            entry.call === call);

        assert.deepEqual(trail.filter(({ event }) =>
            event === "grant.issued" || event === "playback.started")
            .map(({ event }) => event), ["grant.issued", "playback.started"]);
    });
}


test("a file is saved, whole and once", { skip }, async () => {
    await open("c_1002");
    await firefox.click(".arc-download");
    await firefox.click(".arc-confirm");

    const end = await world.waitForAudit("t_harbor", entry =>
        entry.event === "download.completed" && entry.call === "c_1002");
    const original = await readFile(join(world.run,
        "objects/t_harbor/2026/c_1002.wav"));
    const saved = await until(async () => {
        const bytes = await readFile(join(firefox.downloads,
            "call-c_1002.wav"));

        return bytes.length === original.length && bytes;
    }, 15_000, "the file did not arrive");

    assert.equal(digest(saved), digest(original));
    assert.equal(Number(end.bytes), original.length);
    assert.equal((await world.readAudit("t_harbor")).filter(({ event }) =>
        event === "download.started").length, 1);
});


test("the session ends while it plays: signed out", { skip }, async () => {
    await open("c_1002");
    await firefox.click(".arc-play");
    await firefox.until(`return ${STATE} === "playing"`, "playing");

    for (const key of await world.redis.keys("sess:*")) {
        await world.redis.del(key);
    }

    await firefox.run(`${CARD}.refresh()`);
    await firefox.until(`return ${STATE} === "session_expired"`,
        "signed out");
    assert.match(await firefox.run("return document.querySelector("
        + "'aidial-recording-card .arc-alert').textContent"),
    /Sign in again/);
});


async function open(call) {
    await firefox.go(`${world.url}/sign-in/amelia`);
    await firefox.click("button.person");
    await firefox.until("return location.pathname === '/calls'", "signed in");
    await firefox.go(`${world.url}/calls/${call}`);
    await firefox.until(`return ${STATE} === "ready"`, "ready");
}


const mediaRequests = async () =>
    (await world.log("edge-access")).match(/GET \/recordings\//g)?.length ?? 0;

const digest = bytes => createHash("sha256").update(bytes).digest("hex");
