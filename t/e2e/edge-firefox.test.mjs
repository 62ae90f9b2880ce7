/* Firefox ESR against the edge: listening, saving, a session that ends. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { noFirefox, openCallInFirefox, playInFirefox, seekInFirefox,
    signInFirefox, startFirefox, stateInFirefox } from "./lib/firefox.mjs";
import { giveLongRecording, sha256 } from "./lib/play.mjs";
import { startWorld, until } from "./lib/world.mjs";

const CALL = "c_1002";

let world;
let firefox;
let recording;

before(async () => {
    if (noFirefox) {
        return;
    }

    world = await startWorld();
    firefox = await startFirefox();
    recording = await giveLongRecording(world, CALL);
});

after(async () => {
    await firefox?.stop();
    await world?.stop();
});


test("Firefox: Play sounds, and a seek goes on from there",
    { skip: noFirefox }, async () => {
        await signInFirefox(firefox, world, "marcus");
        await openCallInFirefox(firefox, world, CALL);
        await playInFirefox(firefox);

        const to = await seekInFirefox(firefox, 0.8);

        await firefox.waitFor(`const audio = document.querySelector("audio");
            return !audio.seeking && audio.currentTime > arguments[0]`,
        to + 0.5);
        await stateInFirefox(firefox, "playing");
        await world.waitForAudit("t_harbor", ({ event, user, call }) =>
            event === "playback.started" && user === "u_marcus"
            && call === CALL);
    });


test("Firefox: a download is saved whole, once, with its name",
    { skip: noFirefox }, async () => {
        await signInFirefox(firefox, world, "marcus");
        await openCallInFirefox(firefox, world, CALL);
        await firefox.click(".arc-download");
        await firefox.click("dialog .arc-confirm");

        const done = await world.waitForAudit("t_harbor",
            ({ event }) => event === "download.completed");
        const file = join(firefox.downloads, `long-${CALL}.wav`);

        await until(async () => sha256(await readFile(file))
            === recording.sha256, 10_000, "the file is not right");
        assert.equal(Number(done.bytes), recording.size);
        assert.deepEqual((await world.readAudit("t_harbor"))
            .filter(({ event }) => event.startsWith("download."))
            .map(({ event }) => event),
        ["download.started", "download.completed"]);
    });


test("Firefox: the session is deleted while it plays - session_expired",
    { skip: noFirefox }, async () => {
        await signInFirefox(firefox, world, "sofia");
        await openCallInFirefox(firefox, world, CALL);
        await playInFirefox(firefox);
        assert.ok(await deleteSessions("u_sofia") > 0);
        await seekInFirefox(firefox, 0.9);
        await stateInFirefox(firefox, "session_expired");
        assert.equal(await firefox.run(`const link = document.querySelector(
            ".arc-sign-in"); return link.hidden ? "" : link.innerText`),
        "Sign in again");
    });


/* the cookie is not for scripts, so the sessions are looked for in Redis */

async function deleteSessions(user) {
    let deleted = 0;

    for (const key of await world.redis.keys("sess:*")) {
        const session = JSON.parse(await world.redis.get(key));

        if (session.user?.id === user) {
            deleted += await world.redis.del(key);
        }
    }

    return deleted;
}
