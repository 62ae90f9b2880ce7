/*
 * How the card looks: pictures for people in build/e2e/screenshots, and what
 * a machine can see of them.
 */

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";

import { closePage, expectAccessible, expectNoSidewaysScroll, startBrowser }
    from "./lib/browser.mjs";
import { openCard, part, playing, press, state } from "./lib/card.mjs";
import { startWorld } from "./lib/world.mjs";

const SHOTS = `${process.env.AIDIAL_ROOT ?? "."}/build/e2e/screenshots`;
const SMALLEST = 24;                    /* px, of a target (WCAG 2.5.8) */

let world;
let browser;

before(async () => {
    await mkdir(SHOTS, { recursive: true });
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


const NARROW = { viewport: { width: 320, height: 700 } };
const LOOKS = [
    ["narrow", NARROW],
    ["narrow-dark", { ...NARROW, dark: true }],
    ["wide", {}],
    ["wide-dark", { dark: true }],
    ["forced-colours", { forcedColors: "active" }],
    ["more-contrast", { contrast: "more" }],
    ["motion", { reducedMotion: "no-preference" }],
];

for (const [name, options] of LOOKS) {
    test(`${name}: ready, playing, the dialogue, blocked`, async () => {
        const { page, card } = await openCard(browser, world, "amelia",
            "c_1001", options);

        await state(card, "ready");
        await look(page, card, `${name}-ready`);
        await press(card, "play");
        await playing(card);
        await look(page, card, `${name}-playing`);
        await press(card, "play");
        await state(card, "paused");
        await press(card, "download");
        await look(page, card, `${name}-dialogue`);
        await page.keyboard.press("Escape");
        await page.goto("/calls/c_1009");
        await state(card, "blocked");
        await look(page, card, `${name}-blocked`);
        await closePage(page);
    });
}


test("text of twice the size, at 320 px and from right to left", async () => {
    const { page, card } = await openCard(browser, world, "amelia", "c_1001",
        NARROW);

    await state(card, "ready");
    await page.evaluate(() => {
        document.documentElement.style.fontSize = "200%";
        document.documentElement.dir = "rtl";
    });

    const { wide, room } = await card.evaluate(one => ({
        wide: one.scrollWidth, room: one.clientWidth }));

    assert.ok(wide <= room, `the card is ${wide} wide in ${room}`);
    await page.screenshot({ path: `${SHOTS}/narrow-large-rtl.png`,
        fullPage: true });

    /* the earlier moment stays on the left, and Left goes there */

    await card.evaluate(one => one.seekTo(100));
    await part(card, "seek").focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await part(card, "elapsed").textContent(), "1:35");
    await closePage(page);
});


async function look(page, card, name) {
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);

    const small = await card.evaluate((one, least) => [...one.querySelectorAll(
        "button, input, select, a")].filter(control => {
        const { width, height } = control.getBoundingClientRect();

        return width && (width < least || height < least);
    }).map(control => control.className), SMALLEST);

    assert.deepEqual(small, [], "every target is large enough");
    await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}
