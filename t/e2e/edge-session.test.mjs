/* The session ends while its user listens: the edge lets no more through. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { card, currentTime, giveLongRecording, message, openCall,
    seekTo, sessionId, startPlaying, waitForState, watchMedia }
    from "./lib/play.mjs";
import { startWorld, until } from "./lib/world.mjs";

const CALL = "c_1002";

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


/* who listens, and what ends the session */

const ENDS = {
    "signed out in another tab": ["marcus", async page => {
        const tab = await page.context().newPage();

        await tab.goto("/calls");
        await tab.getByRole("button", { name: "Sign out" }).click();
        await tab.waitForURL("**/sign-in");
        await tab.close();
    }],

    /* this browser keeps its cookie, so only the edge's records can say no */

    "signed out on another device": ["amelia", async () => {
        const phone = await newPage(browser, world);

        await signIn(phone, "amelia");
        await phone.getByRole("button", { name: "Sign out" }).click();
        await phone.waitForURL("**/sign-in");
        await closePage(phone);
    }],

    "deleted in Redis": ["sofia", async page => {
        const deleted = await world.redis.del(
            `sess:${await sessionId(page)}`);

        assert.equal(deleted, 1);
    }],
};

for (const [how, [person, end]] of Object.entries(ENDS)) {
    test(`a session ${how} - the next range is refused, and playback goes on `
        + "where it was after signing in", async () => {
        const page = await newPage(browser, world);

        page.watch.allow(/status of 401/);
        await signIn(page, person);
        await openCall(page, CALL);
        await startPlaying(page);

        const asked = watchMedia(page);

        await end(page);

        const to = await seekTo(page, 0.9);

        await waitForState(page, "session_expired");
        await message(page, "Your session has expired. Sign in again.");

        /* answers for the seek came, and each of them was a refusal */

        await until(() => asked.length > 0, 5_000, "no range was asked for");
        assert.deepEqual([...new Set(asked.map(({ status }) => status))],
            [401]);

        const link = card(page).getByRole("link", { name: "Sign in again" });

        assert.equal(await link.getAttribute("href"), "/sign-in");
        await signInElsewhere(page, person);
        await startPlaying(page, to);
        assert.ok(await currentTime(page) < to + 15);

        await audited(`u_${person}`);
        await closePage(page);
    });
}


/* the page of the call stays as it is, with the position that it had */

async function signInElsewhere(page, person) {
    const tab = await page.context().newPage();

    await signIn(tab, person);
    await tab.close();
}


/* the second link is a grant of its own, under a session of its own */

async function audited(user) {
    const started = (await world.readAudit("t_harbor")).filter(entry =>
        entry.event === "playback.started" && entry.user === user);

    assert.equal(new Set(started.map(({ grant }) => grant)).size, 2);
    assert.equal(new Set(started.map(({ session }) => session)).size, 2);
}
