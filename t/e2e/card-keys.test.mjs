/* Keys: what each does, wherever the focus is in the card, and outside. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, startBrowser, tabTo } from "./lib/browser.mjs";
import { audio, openCard, part, playing, press, state }
    from "./lib/card.mjs";
import { startWorld } from "./lib/world.mjs";

let world;
let browser;
let page;
let card;
let asked;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
    ({ page, card, asked } = await openCard(browser, world, "amelia"));
    await state(card, "ready");
    await press(card, "play");
    await playing(card);
    await press(card, "play");
    await state(card, "paused");
    await page.evaluate(() => document.body.style.setProperty("min-height",
        "300vh"));
});

after(async () => {
    if (page) {
        await closePage(page);
    }

    await browser?.close();
    await world?.stop();
});


/* focus, key, how far it seeks, whether it toggles */

const TABLE = [
    ["card", "Space", 0, true],
    ["card", "ArrowLeft", -5, false],
    ["card", "ArrowRight", 5, false],
    ["seek", "Space", 0, true],
    ["seek", "ArrowLeft", -5, false],
    ["seek", "ArrowRight", 5, false],
    ["seek", "ArrowUp", 5, false],
    ["seek", "ArrowDown", -5, false],
    ["volume", "Space", 0, true],
    ["volume", "ArrowLeft", 0, false],
    ["volume", "ArrowRight", 0, false],
    ["play", "Space", 0, true],
    ["play", "Enter", 0, true],
    ["play", "ArrowRight", 5, false],
    ["back", "Space", -5, false],
    ["back", "Enter", -5, false],
    ["back", "ArrowRight", 5, false],
    ["forward", "Space", 5, false],
    ["forward", "Enter", 5, false],
    ["forward", "ArrowLeft", -5, false],
    ["mute", "ArrowLeft", -5, false],
    ["download", "ArrowRight", 5, false],
    ["speed", "ArrowRight", 0, false],
    ["card", "Enter", 0, false],
    ["card", "a", 0, false],
];

for (const [focus, key, seeks, toggles] of TABLE) {
    test(`${key} on the ${focus}: ${toggles ? "plays or pauses"
        : seeks ? `${seeks} s` : "neither"}`, async () => {
        await still(100);
        await target(focus).focus();
        await page.keyboard.press(key);
        await expectDone(100 + seeks, toggles);
    });
}


for (const modifier of ["Control", "Alt", "Meta", "Shift"]) {
    test(`${modifier} and an arrow or Space does nothing`, async () => {
        for (const [focus, key] of [["card", "ArrowRight"],
            ["seek", "ArrowRight"], ["card", "Space"]])
        {
            await still(100);
            await target(focus).focus();

            /* Alt with an arrow is the browser's own way back */

            await target(focus).evaluate((part, [name, held]) => {
                part.dispatchEvent(new KeyboardEvent("keydown", {
                    key: name === "Space" ? " " : name, bubbles: true,
                    cancelable: true, [`${held}Key`]: true }));
            }, [key, modifier === "Control" ? "ctrl"
                : modifier.toLowerCase()]);
            await expectDone(100, false);
        }
    });
}


test("a key that is held plays or seeks once; composed text never",
    async () => {
        await still(100);
        await card.focus();
        await page.keyboard.down("ArrowRight");
        await page.keyboard.down("ArrowRight");
        await page.keyboard.down("ArrowRight");
        await page.keyboard.up("ArrowRight");
        await expectDone(105, false);

        await still(100);
        await card.evaluate(one => one.dispatchEvent(new KeyboardEvent(
            "keydown", { key: " ", bubbles: true, cancelable: true,
                isComposing: true })));
        await expectDone(100, false);
    });


test("Home and End on the seek bar go to the ends", async () => {
    await still(100);
    await target("seek").focus();
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.querySelector("audio")
        .currentTime > 230);
    await page.keyboard.press("Home");
    await page.waitForFunction(() => document.querySelector("audio")
        .currentTime === 0);
});


test("the seek bar says where it is, in words", async () => {
    await still(65);
    await page.evaluate(() => document.activeElement.blur());
    await target("seek").focus();
    assert.match(await target("seek").getAttribute("aria-valuetext"),
        /^1 minute 5 seconds of 3 minutes 57 seconds$/);
});


test("outside the card keys do nothing to it", async () => {
    await still(100);
    await page.evaluate(() => document.activeElement.blur());

    for (const key of ["Space", "ArrowLeft", "ArrowRight"]) {
        await page.keyboard.press(key);
    }

    assert.equal(await audio(card, "currentTime"), 100);
    assert.equal(await audio(card, "paused"), true);
    await page.evaluate(() => scrollTo(0, 0));
});


test("all controls are reached by Tab, in their order", async () => {
    await page.evaluate(() => document.activeElement.blur());

    for (const name of ["card", "seek", "back", "play", "forward", "speed",
        "mute", "volume", "download"])
    {
        await tabTo(page, target(name), 30);

        const ring = await target(name).evaluate(part => {
            const { outlineStyle, outlineWidth } = getComputedStyle(part);

            return [outlineStyle, parseFloat(outlineWidth)];
        });

        assert.notEqual(ring[0], "none", `${name} shows the focus`);
        assert.ok(ring[1] >= 2, `${name} shows the focus`);
    }
});


test("none of it asked for another grant", () => {
    assert.equal(asked.grants, 1);
});


const target = name => name === "card" ? card : part(card, name);


async function still(at) {
    await card.locator("audio").evaluate((one, seconds) => {
        one.pause();
        one.currentTime = seconds;
    }, at);
    await state(card, "paused");
    await page.waitForFunction(() => !document.querySelector("audio")
        .seeking);
    await page.evaluate(() => scrollTo(0, 50));
}


/* where it is now, what it does, and that the page did not scroll */

async function expectDone(at, toggled) {
    if (toggled) {
        await state(card, "playing", "buffering");
    }

    const now = await audio(card, "currentTime");

    assert.ok(now >= at - 0.05 && now < at + (toggled ? 3 : 0.05),
        `it is at ${now}, expected ${at}`);
    assert.equal(await audio(card, "paused"), !toggled);
    assert.equal(await page.evaluate(() => scrollY), 50,
        "the page did not scroll");
}
