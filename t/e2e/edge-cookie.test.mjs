/* Two cookies with the session's name, as a browser sends them. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { card, message, openCall, startPlaying, waitForState }
    from "./lib/play.mjs";
import { startWorld } from "./lib/world.mjs";

const CALL = "c_1001";

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


test("a second cookie with another value - 401, the card says signed out",
    async () => {
        const page = await newPage(browser, world);

        page.watch.allow(/status of 401/);
        await signIn(page, "marcus");
        await openCall(page, CALL);
        await plant(page, await other(page));

        const sent = page.waitForRequest("**/api/calls/*/recording");

        await page.reload();

        const { cookie } = await (await sent).allHeaders();

        assert.equal(cookie.match(/aidial_session=/g).length, 2);
        await waitForState(page, "session_expired");
        await message(page, "Your session has expired. Sign in again.");
        await card(page).getByRole("link", { name: "Sign in again" })
            .waitFor();
        await closePage(page);
    });


test("a second cookie with the same value - it plays", async () => {
    const page = await newPage(browser, world);

    await signIn(page, "marcus");
    await plant(page, await value(page));
    await openCall(page, CALL);
    await startPlaying(page);

    const sent = page.waitForRequest("**/api/calls/*/recording");

    await page.reload();
    assert.equal((await (await sent).allHeaders()).cookie
        .match(/aidial_session=/g).length, 2);
    await waitForState(page, "ready");
    await closePage(page);
});


async function value(page) {
    const [cookie] = await page.context().cookies();

    assert.equal(cookie.name, "aidial_session");

    return cookie.value;
}


/* a live session of somebody else, so only the doubt can be the reason */

async function other(page) {
    const stranger = await newPage(browser, world);

    await signIn(stranger, "noah");

    const theirs = await value(stranger);

    await closePage(stranger);
    assert.notEqual(theirs, await value(page));

    return theirs;
}


/* "path" is longer, so the browser sends it first */

function plant(page, what) {
    return page.context().addCookies([{ name: "aidial_session", value: what,
        domain: "127.0.0.1", path: "/api" }]);
}
