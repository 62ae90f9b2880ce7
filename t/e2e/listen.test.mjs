/* A recording is heard through the card, and cut by the edge. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { startWorld } from "./lib/world.mjs";

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


test("Play asks for a grant, and the recording sounds", async () => {
    const page = await newPage(browser, world);

    await signIn(page, "marcus");
    await page.goto("/calls/c_1001");

    const card = page.locator("aidial-recording-card");

    await card.getByRole("button", { name: "Play", exact: true }).click();
    await page.waitForFunction(() => document.querySelector(
        "aidial-recording-card audio").currentTime > 0.5);

    const started = await world.waitForAudit("t_harbor", entry =>
        entry.event === "playback.started" && entry.call === "c_1001");

    assert.equal(started.user, "u_marcus");
    assert.equal(started.role, "client_manager");
    await closePage(page);
});
