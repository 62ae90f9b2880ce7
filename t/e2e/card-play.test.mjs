/* Playing: when access is asked for, and what the controls do. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, expectAccessible, startBrowser } from "./lib/browser.mjs";
import { audio, heard, listenTo, openCard, part, playing, press, state }
    from "./lib/card.mjs";
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


test("nothing is asked for before Play, then one grant and a sound",
    async () => {
        const { page, card, asked } = await openCard(browser, world, "amelia");

        await state(card, "ready");
        await expectAccessible(page);
        assert.equal(asked.statuses, 1);
        assert.equal(asked.grants + asked.media, 0);
        assert.equal(await part(card, "total").textContent(), "3:57");

        await listenTo(page);
        await press(card, "play");
        await playing(card);
        await expectAccessible(page);

        assert.deepEqual(asked.bodies, [{ action: "playback" }]);
        assert.ok(asked.media >= 1);
        assert.deepEqual((await heard(page)).filter(one =>
            one !== "buffering"), ["requesting", "playing"]);

        await press(card, "play");
        await state(card, "paused");
        await expectAccessible(page);

        await press(card, "play");
        await playing(card);
        assert.equal(asked.grants, 1, "going on needs no new grant");
        await closePage(page);
    });


test("a double click asks once, and does not pause at once", async () => {
    const { page, card, asked } = await openCard(browser, world, "amelia");

    await state(card, "ready");
    await part(card, "play").dblclick();
    await playing(card);
    assert.equal(asked.grants, 1);
    await closePage(page);
});


test("a grant that takes long: it is said, and the sound begins", async () => {
    const { page, card, asked } = await openCard(browser, world, "amelia");

    await state(card, "ready");

    let go;
    const gate = new Promise(resolve => go = resolve);

    await page.route(/\/recording\/grant$/, async route => {
        await gate;
        await route.continue();
    });
    await press(card, "play");
    await state(card, "requesting");
    assert.match(await part(card, "says").textContent(),
        /Requesting playback access/);
    assert.equal(await part(card, "play").getAttribute("aria-busy"), "true");
    await expectAccessible(page);
    go();
    await playing(card);
    assert.equal(asked.grants, 1);
    await closePage(page);
});


test("seeking: by the buttons, by the bar, and not beyond the ends",
    async () => {
        const { page, card } = await openCard(browser, world, "amelia");

        await state(card, "ready");
        await press(card, "play");
        await playing(card);

        await card.evaluate(one => one.seekTo(60));
        await page.waitForFunction(() => document.querySelector("audio")
            .currentTime >= 60);
        await press(card, "play");
        await state(card, "paused");

        const at = await audio(card, "currentTime");

        await press(card, "forward");
        assert.ok(Math.abs(await audio(card, "currentTime") - at - 5) < 0.1);
        await press(card, "back");
        await press(card, "back");
        assert.ok(Math.abs(await audio(card, "currentTime") - at + 5) < 0.1);

        await card.evaluate(one => one.seekTo(-10));
        await page.waitForFunction(() => document.querySelector("audio")
            .currentTime === 0);
        await card.evaluate(one => one.seekTo(9999));
        await page.waitForFunction(() => document.querySelector("audio")
            .currentTime > 230);
        await press(card, "play");
        await state(card, "ended");
        await expectAccessible(page);
        await closePage(page);
    });


test("a place chosen before Play is where it begins", async () => {
    const { page, card, asked } = await openCard(browser, world, "amelia");

    await state(card, "ready");
    await card.evaluate(one => one.seekTo(100));
    assert.equal(await part(card, "elapsed").textContent(), "1:40");
    assert.equal(asked.grants, 0);
    await press(card, "play");
    await playing(card, 99);
    await closePage(page);
});


test("speed, volume and mute; they outlive the link", async () => {
    const { page, card } = await openCard(browser, world, "amelia");

    await state(card, "ready");
    await part(card, "speed").selectOption("1.5");
    await part(card, "volume").fill("40");
    await press(card, "mute");
    await card.locator('.arc-mute[aria-pressed="true"]').waitFor();
    await press(card, "play");
    await playing(card);
    assert.equal(await audio(card, "playbackRate"), 1.5);
    assert.equal(await audio(card, "volume"), 0.4);
    assert.equal(await audio(card, "muted"), true);
    await closePage(page);
});


test("a card that leaves the page is silent, and asks nothing more",
    async () => {
        const { page, card, asked } = await openCard(browser, world, "amelia");

        await state(card, "ready");
        await press(card, "play");
        await playing(card);
        await page.evaluate(() => {
            window.aidialCard = document.querySelector(
                "aidial-recording-card");
            window.aidialCard.remove();
        });
        assert.equal(await page.evaluate(() =>
            window.aidialCard.querySelector("audio").paused), true);

        await page.evaluate(() => document.querySelector("main")
            .append(window.aidialCard));
        await state(card, "ready");
        assert.equal(asked.grants, 1, "put back, it begins anew");
        await closePage(page);
    });
