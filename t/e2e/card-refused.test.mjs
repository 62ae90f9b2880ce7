/* What the card says to each answer that is not a recording. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, expectAccessible, startBrowser } from "./lib/browser.mjs";
import { answer, audio, expectTrouble, openCard, part, playing, press, says,
    state } from "./lib/card.mjs";
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


/* real records: call, person, the indicator and its value, what is said */

const BLOCKED = [
    ["c_1004", "amelia", "consent", "denied", /Consent .* denied/],
    ["c_1005", "amelia", "consent", "missing", /no record of consent/],
    ["c_1006", "amelia", "consent", "unknown", /not known whether consent/],
    ["c_1007", "amelia", "compliance", "denied", /check denied/],
    ["c_1008", "amelia", "compliance", "missing_evidence", /Evidence/],
    ["c_1009", "amelia", "compliance", "policy_blocked", /policy blocks/],
    ["c_1010", "amelia", "media", "not_generated", /been generated/],
    ["c_1011", "amelia", "media", "unavailable", /cannot be retrieved/],
    ["c_1012", "amelia", "media", "removed", /retention or deletion/],
    ["c_3001", "tomas", "consent", "granted", /staff is switched off/],
];

for (const [call, person, indicator, value, text] of BLOCKED) {
    test(`${call} for ${person}: ${indicator} ${value}`, async () => {
        const { page, card, asked } =
            await openCard(browser, world, person, call);

        await state(card, "blocked");
        assert.equal(await part(card, indicator).getAttribute("data-value"),
            value);
        await says(card, text);

        /* Play says it once more, and asks nothing */

        await part(card, "play").focus();
        await page.keyboard.press("Space");
        await says(card, text, "alert");
        assert.equal(asked.grants + asked.media, 0);
        await expectAccessible(page);
        await closePage(page);
    });
}


/* the status: answer, state, what is said, and whether Try again is there */

const STATUS = [
    [401, "session_required", "session_expired", /Sign in again/, true],
    [404, "recording_not_found", "not_found", /not found/, false],
    [503, "service_unavailable", "unavailable", /Try again later/, true],
    [500, undefined, "unavailable", /Try again later/, true],
    ["offline", undefined, "unavailable", /Try again later/, true],
];

for (const [status, code, at, text, again] of STATUS) {
    test(`the status is answered ${status} (injected)`, async () => {
        const { page, card, asked } = await openCard(browser, world, "amelia");

        expectTrouble(page);
        await state(card, "ready");
        await answer(page, "status", status, { code });
        await card.evaluate(one => one.refresh());
        await state(card, at);
        await says(card, text, "alert");
        await expectAccessible(page);
        assert.equal(await part(card, "call-log").getAttribute("href"),
            "/calls");
        assert.equal(await part(card, "sign-in").isVisible(),
            at === "session_expired");
        assert.equal(asked.grants, 0);

        if (again) {
            await answer(page, "status", null);
            await press(card, "retry");
            await state(card, "ready");
        }

        await closePage(page);
    });
}


test("a status that is limited is asked for three times more (injected)",
    async () => {
        const { page, card, asked } = await openCard(browser, world, "amelia");

        expectTrouble(page);
        await state(card, "ready");
        await answer(page, "status", 429, { code: "rate_limited",
            retry_after: 1 });
        await card.evaluate(one => one.setAttribute("call-id", "c_1002"));
        await state(card, "rate_limited");
        await state(card, "unavailable");
        assert.equal(asked.statuses, 5);
        await closePage(page);
    });


/* the grant of a playback */

const GRANT = [
    [404, { code: "recording_not_found" }, "not_found", /not found/],
    [503, { code: "service_unavailable" }, "unavailable", /Try again later/],
    [500, {}, "unavailable", /Try again later/],
    [403, { code: "cross_site_request" }, "unavailable", /usual address/],
    ["offline", {}, "unavailable", /Try again later/],
];

for (const [status, body, at, text] of GRANT) {
    test(`the grant is answered ${status} ${body.code ?? ""} (injected)`,
        async () => {
            const { page, card, asked } =
                await openCard(browser, world, "amelia");

            expectTrouble(page);
            await state(card, "ready");
            await answer(page, "grant", status, body);
            await press(card, "play");
            await state(card, at);
            await says(card, text, "alert");
            await expectAccessible(page);
            assert.equal(asked.grants, 1, "it is not asked for again");
            assert.equal(asked.media, 0);
            await closePage(page);
        });
}


test("too many grants, for real: it says how long, then Play works",
    async () => {
        const { page, card } = await openCard(browser, world, "noah",
            "c_2001");

        expectTrouble(page);
        await state(card, "ready");

        /* as many as it takes, by the same session */

        await page.evaluate(async () => {
            for (let i = 0, status = 201; i < 30 && status === 201; i++) {
                ({ status } = await fetch("/api/calls/c_2001/recording/grant",
                    { method: "POST",
                        headers: { "Content-Type": "application/json" },
                        body: "{\"action\": \"playback\"}" }));
            }
        });
        await press(card, "play");
        await state(card, "rate_limited");
        await says(card, /Too many requests. Wait \d second/, "alert");
        await expectAccessible(page);
        await press(card, "play");
        await state(card, "ready");
        await press(card, "play");
        await playing(card);
        await closePage(page);
    });


/* the link itself, when it is used */

const MEDIA = [
    [503, { code: "service_unavailable" }, "unavailable"],
    [502, { code: "media_unavailable" }, "unavailable"],
    [429, { code: "rate_limited", retry_after: 2 }, "rate_limited"],
    [410, { code: "grant_expired" }, "expired"],
    [401, { code: "session_required" }, "expired"],
];

for (const [status, body, at] of MEDIA) {
    test(`the link is answered ${status} ${body.code} (injected)`,
        async () => {
            const { page, card, asked } =
                await openCard(browser, world, "amelia");

            expectTrouble(page);
            await state(card, "ready");
            await answer(page, "media", status, body);
            await press(card, "play");
            await state(card, at);
            await expectAccessible(page);
            assert.equal(asked.grants, 1, "no grant without a press");

            await answer(page, "media", null);

            if (at === "rate_limited") {
                await state(card, "ready");
            }

            await press(card, "play");
            await playing(card);
            await closePage(page);
        });
}


test("what the browser cannot play (injected)", async () => {
    const { page, card } = await openCard(browser, world, "amelia");

    expectTrouble(page);
    await state(card, "ready");
    await page.route(/\/recordings\//, route => route.fulfill({ status: 200,
        contentType: "audio/mpeg", body: "this is no sound" }));
    await press(card, "play");
    await state(card, "media_error");
    await expectAccessible(page);
    await closePage(page);
});


test("an expired link: no grant without a press, and on from the same place",
    async () => {
        const { page, card, asked } = await openCard(browser, world, "amelia",
            "c_1002");

        expectTrouble(page);
        await state(card, "ready");

        /* the real grant, of which the card is told that it is short */

        await page.route(/\/recording\/grant$/, async route => {
            const real = await route.fetch();

            await route.fulfill({ response: real,
                json: { ...await real.json(), expires_in: 1 } });
        });
        await press(card, "play");
        await playing(card, 1.2);
        await page.unroute(/\/recording\/grant$/);
        await card.evaluate(one => one.seekTo(200));
        await state(card, "expired");
        await says(card, /Press Play again/, "alert");
        await expectAccessible(page);
        assert.equal(asked.grants, 1);

        await press(card, "play");
        await playing(card, 199);
        assert.ok(await audio(card, "currentTime") < 210);
        assert.equal(asked.grants, 2);
        await closePage(page);
    });
