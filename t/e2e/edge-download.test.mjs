/* A recording is saved by Chromium, and saved once. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { card, openCall, save, sha256 } from "./lib/play.mjs";
import { startWorld } from "./lib/world.mjs";

const CALLS = { c_1001: "mp3", c_1002: "wav", c_1003: "opus" };

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


for (const [call, format] of Object.entries(CALLS)) {
    test(`${format}: the file is right, the audit adds up, the URL is spent`,
        async () => {
            const page = await newPage(browser, world);

            await signIn(page, "marcus");
            await openCall(page, call);

            const { object, filename } = (await world.record(`call:${call}`))
                .media;
            const wanted = await readFile(join(world.run, "objects", object));
            const download = await save(page);

            assert.equal(download.suggestedFilename(), filename);
            assert.equal(await download.failure(), null);
            assert.equal(sha256(await readFile(await download.path())),
                sha256(wanted));

            await audited(call, wanted.length);

            /* the page has gone on living, and the URL has not */

            assert.match(page.url(), new RegExp(`/calls/${call}$`));

            const again = await page.request.get(download.url());

            assert.equal(again.status(), 410);
            assert.equal((await again.json()).code, "grant_used");

            await card(page).getByText("The download has started.").waitFor();
            await closePage(page);
        });
}


async function audited(call, size) {
    const done = await world.waitForAudit("t_harbor", entry =>
        entry.call === call && entry.event === "download.completed");
    const all = (await world.readAudit("t_harbor")).filter(entry =>
        entry.call === call && entry.event.startsWith("download."));

    assert.deepEqual(all.map(({ event }) => event),
        ["download.started", "download.completed"]);
    assert.equal(all[0].grant, done.grant);
    assert.equal(done.user, "u_marcus");
    assert.equal(done.status, "200");
    assert.equal(Number(done.bytes), size);
    assert.equal(Number(done.first_byte), 0);
    assert.equal(Number(done.last_byte), size - 1);
}
