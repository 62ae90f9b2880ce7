/* Saving: who may, what is said to those who may not, and the dialogue. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { closePage, expectAccessible, startBrowser } from "./lib/browser.mjs";
import { answer, audio, expectTrouble, heard, listenTo, openCard, part,
    playing, press, says, state } from "./lib/card.mjs";
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


/* person, call, what the reason says, the state of the card */

const OFF = [
    ["sofia", "c_1001", /role does not allow/, "ready"],
    ["ingrid", "c_3001", /download entitlement/, "ready"],
    ["tomas", "c_3001", /role does not allow/, "blocked"],
    ["amelia", "c_1004", /Consent .* denied/, "blocked"],
    ["amelia", "c_1009", /compliance policy/, "blocked"],
    ["amelia", "c_1010", /No recording has been generated/, "blocked"],
    ["amelia", "c_1011", /cannot be retrieved/, "blocked"],
    ["amelia", "c_1012", /retention/, "blocked"],
];

for (const [person, call, reason, at] of OFF) {
    test(`${person} may not save ${call}: the reason is seen, and said`,
        async () => {
            const { page, card, asked } =
                await openCard(browser, world, person, call);

            await state(card, at);

            const button = part(card, "download");

            assert.equal(await button.getAttribute("aria-disabled"), "true");
            assert.equal(await button.evaluate(one => one.disabled), false,
                "the keyboard reaches it");

            const described = await button.evaluate(one =>
                one.getAttribute("aria-describedby").split(" ").map(id =>
                    document.getElementById(id).innerText).join(" "));

            assert.match(described, reason);
            await button.focus();
            await page.keyboard.press("Enter");
            await says(card, reason, "alert");
            assert.equal(await part(card, "dialog").isVisible(), false);
            assert.equal(asked.grants, 0);
            await expectAccessible(page);
            await closePage(page);
        });
}


test("the dialogue says that it is audited; Cancel and Escape ask nothing",
    async () => {
        const { page, card, asked } = await openCard(browser, world, "amelia");

        await state(card, "ready");

        for (const leave of ["cancel", "Escape"]) {
            await press(card, "download");
            assert.match(await part(card, "dialog").innerText(),
                /audited action.*name.*time.*call/s);
            assert.equal(await part(card, "cancel").evaluate(one =>
                one === document.activeElement), true, "Cancel has the focus");
            await expectAccessible(page);

            await page.keyboard.press("ArrowRight");
            assert.equal(await part(card, "elapsed").textContent(), "0:00",
                "the card's keys are the dialogue's");

            if (leave === "cancel") {
                await press(card, "cancel");
            } else {
                await page.keyboard.press("Escape");
            }

            assert.equal(await part(card, "dialog").isVisible(), false);
            assert.equal(await part(card, "download").evaluate(one =>
                one === document.activeElement), true, "the focus is back");
        }

        assert.equal(asked.grants, 0);
        await closePage(page);
    });


test("confirmed: one grant, one file, the right name and bytes",
    async () => {
        const { page, card, asked } = await openCard(browser, world, "amelia",
            "c_1002");

        await state(card, "ready");
        await listenTo(page);
        await press(card, "download");

        const [download] = await Promise.all([page.waitForEvent("download"),
            part(card, "confirm").dblclick()]);

        assert.equal(download.suggestedFilename(), "call-c_1002.wav");
        assert.equal(digest(await readFile(await download.path())),
            digest(await readFile(join(world.run,
                "objects/t_harbor/2026/c_1002.wav"))));
        assert.deepEqual(asked.bodies, [{ action: "download", confirm: true }]);
        await says(card, /download has started/);
        assert.ok((await heard(page)).includes("downloading"));
        assert.equal(await part(card, "dialog").isVisible(), false);
        await expectAccessible(page);

        const end = await world.waitForAudit("t_harbor", entry =>
            entry.event === "download.completed" && entry.call === "c_1002");

        assert.equal(end.user, "u_amelia");
        assert.equal((await world.readAudit("t_harbor")).filter(entry =>
            entry.event === "download.started"
            && entry.call === "c_1002").length, 1);
        await closePage(page);
    });


test("what plays goes on while a file is saved", async () => {
    const { page, card } = await openCard(browser, world, "amelia");

    await state(card, "ready");
    await press(card, "play");
    await playing(card);
    await press(card, "download");
    await Promise.all([page.waitForEvent("download"),
        part(card, "confirm").click()]);
    assert.equal(await audio(card, "paused"), false);
    await closePage(page);
});


/* answers to the grant of a download, in the dialogue */

const REFUSED = [
    [429, { code: "rate_limited", retry_after: 7 }, /Wait 7 seconds/],
    [503, { code: "service_unavailable" }, /unavailable. Try again later/],
    [403, { code: "recording_blocked", reasons: ["missing_entitlement"] },
        /download entitlement/],
    [400, { code: "confirmation_required" }, /must be confirmed/],
    ["offline", {}, /unavailable. Try again later/],
];

for (const [status, body, text] of REFUSED) {
    test(`the grant is answered ${status} ${body.code ?? ""} (injected)`,
        async () => {
            const { page, card } = await openCard(browser, world, "amelia");

            expectTrouble(page);
            await state(card, "ready");
            await answer(page, "grant", status, body);
            await press(card, "download");
            await press(card, "confirm");
            await says(card, text, "fault");
            await expectAccessible(page);

            await answer(page, "grant", null);
            await Promise.all([page.waitForEvent("download"),
                part(card, "confirm").click()]);
            await closePage(page);
        });
}


const digest = bytes => createHash("sha256").update(bytes).digest("hex");
