/* Redis is away: nothing is let through, and nothing stays broken. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { currentTime, giveLongRecording, message, openCall, pressPlay,
    seekTo, startPlaying, waitForState, waitForTime, watchMedia }
    from "./lib/play.mjs";
import { startWorld, until } from "./lib/world.mjs";

const CALL = "c_1002";
const TEXT = "The recording service is unavailable. Try again later.";

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
    await giveLongRecording(world, CALL);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


test("Redis is stopped - Play says so, and works when it is back",
    async () => {
        const page = await newPage(browser, world);

        page.watch.allow(/status of 503/);
        await signIn(page, "marcus");
        await openCall(page, CALL);

        await world.stopRedis();
        await pressPlay(page);
        await waitForState(page, "unavailable");
        await message(page, TEXT);

        await world.startRedis();
        await edgeHasRedis(page);
        await startPlaying(page);
        await closePage(page);
    });


test("Redis is stopped while it plays - what is buffered goes on, the next "
    + "range is refused", async () => {
    const page = await newPage(browser, world);

    page.watch.allow(/status of 503/);
    await signIn(page, "amelia");
    await openCall(page, CALL);
    await startPlaying(page);

    const asked = watchMedia(page);

    await world.stopRedis();
    await waitForTime(page, await currentTime(page) + 2);
    await waitForState(page, "playing");

    const to = await seekTo(page, 0.9);

    await waitForState(page, "unavailable");
    await message(page, TEXT);
    assert.ok(asked.length > 0);
    assert.deepEqual([...new Set(asked.map(({ status }) => status))], [503]);

    await world.startRedis();
    await edgeHasRedis(page);
    await startPlaying(page, to);
    await closePage(page);
});


/* the edge waits a moment before it connects again, and the user as well */

function edgeHasRedis(page) {
    return until(async () => (await page.request.get(
        `/api/calls/${CALL}/recording`)).ok(), 10_000,
    "the edge did not find Redis again");
}
