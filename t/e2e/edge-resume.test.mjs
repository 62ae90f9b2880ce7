/* A download breaks in the middle.  Chromium asks for the rest by itself, and
 * for the edge that is the same use of the grant. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { giveLongRecording, openCall, save, sha256 } from "./lib/play.mjs";
import { startRelay } from "./lib/relay.mjs";
import { startWorld } from "./lib/world.mjs";

const CALL = "c_1002";
const CUT_AFTER = 6_000_000;            /* bytes, of 23 million */

let world;
let browser;
let relay;
let recording;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
    recording = await giveLongRecording(world, CALL);
    relay = await startRelay(world.url);
});

after(async () => {
    await browser?.close();
    await relay?.stop();
    await world?.stop();
});


test("cut once - resumed, the file is whole, one grant, the audit adds up",
    async () => {
        const page = await newPage(browser, relay);

        await signIn(page, "marcus");
        await openCall(page, CALL);
        relay.cutAfter(CUT_AFTER);

        const download = await save(page);

        assert.equal(await download.failure(), null);
        assert.equal(relay.cuts, 1);
        assert.equal(sha256(await readFile(await download.path())),
            recording.sha256);
        assert.equal(download.suggestedFilename(), `long-${CALL}.wav`);

        await audited();
        await closePage(page);
    });


async function audited() {
    await world.waitForAudit("t_harbor",
        ({ event }) => event === "download.completed");

    const all = (await world.readAudit("t_harbor")).filter(({ event }) =>
        event.startsWith("download.") || event.startsWith("grant."));
    const [issued, started, aborted, resumed, completed] = all;

    assert.deepEqual(all.map(({ event }) => event), ["grant.issued",
        "download.started", "download.aborted", "download.resumed",
        "download.completed"]);
    assert.deepEqual([...new Set(all.map(({ grant }) => grant))],
        [issued.grant]);

    /* every byte was delivered; what was under way when it broke, twice */

    const [last, first] = [Number(aborted.last_byte),
        Number(completed.first_byte)];

    assert.equal(Number(aborted.first_byte), 0);
    assert.equal(Number(aborted.bytes), last + 1);
    assert.ok(first > 0 && first <= last + 1, `resumed at ${first}`);
    assert.ok(last - first < 4 * 2 ** 20, `${last - first} bytes twice`);
    assert.equal(Number(completed.last_byte), recording.size - 1);
    assert.equal(Number(completed.bytes), recording.size - first);
    assert.equal(completed.status, "206");
    assert.equal(started.user, resumed.user);
}
