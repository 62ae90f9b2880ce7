/* The demo's portal with real pages: signing in, the Call Log, a call's page
 * with its panel, signing out. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, expectAccessible, expectNoSidewaysScroll, newPage,
    signIn, startBrowser, tabTo } from "./lib/browser.mjs";
import { startWorld } from "./lib/world.mjs";

const PAGES = ["/sign-in", "/sign-in/amelia", "/calls", "/calls/c_1001",
    "/calls/c_1010", "/nowhere"];

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
    assert.equal(world.portal, "express");
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


test("sign-in, log, call, panel, sign-out", async () => {
    const page = await newPage(browser, world);

    await signIn(page, "amelia");
    assert.equal(await page.locator("ul.log > li").count(), 12);

    await page.getByRole("link", { name: /Maria Lopez/ }).click();
    await page.waitForURL("**/calls/c_1001");
    await page.locator("aidial-recording-card").getByText("Granted").waitFor();

    await page.getByRole("button", { name: "Withdraw consent" }).click();
    await page.getByText("Consent was withdrawn.").waitFor();
    assert.equal((await world.record("call:c_1001")).consent, "denied");

    await page.getByRole("button", { name: "Check again" }).click();
    await page.locator("aidial-recording-card")
        .getByText("Consent to use this recording was denied.").first()
        .waitFor();

    await page.getByRole("button", { name: "Grant consent" }).click();
    await page.getByText("Consent is granted.").waitFor();
    assert.equal((await world.record("call:c_1001")).consent, "granted");

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/sign-in");
    await page.goto("/calls");
    assert.match(page.url(), /\/sign-in$/);
    await closePage(page);
});


test("a deleted session: the edge and the portal know nobody", async () => {
    const page = await newPage(browser, world);

    page.watch.allow(/status of 401/);
    await signIn(page, "marcus");
    await page.goto("/calls/c_1001");
    await page.getByRole("button", { name: "Delete my session" }).click();
    await page.getByText("Your session was deleted.").waitFor();
    await page.getByRole("button", { name: "Check again" }).click();
    await page.locator("aidial-recording-card")
        .getByText("Your session has expired. Sign in again.").first()
        .waitFor();
    await closePage(page);
});


test("signing out ends a cookie that was kept, and its other sessions",
    async () => {
        const page = await newPage(browser, world);
        const phone = await newPage(browser, world);

        await signIn(phone, "sofia");
        await signIn(page, "sofia");

        const [cookie] = await page.context().cookies();
        const sid = decodeURIComponent(cookie.value).slice(2).split(".")[0];
        const record = await world.redis.get(`sess:${sid}`);

        await page.getByRole("button", { name: "Sign out" }).click();
        await page.waitForURL("**/sign-in");

        /* what a request under way might do: it saves the session again */

        await world.redis.set(`sess:${sid}`, record);

        const headers = { Cookie: `aidial_session=${cookie.value}` };
        const answer = await fetch(
            `${world.url}/api/calls/c_1001/recording`, { headers });

        assert.equal(answer.status, 401);
        await phone.goto("/calls");
        assert.match(phone.url(), /\/sign-in$/);

        /* and she can sign in again at once */

        await signIn(page, "sofia");
        assert.equal((await page.request.get(
            "/api/calls/c_1001/recording")).status(), 200);

        await closePage(page);
        await closePage(phone);
    });


test("a form of another site is refused", async () => {
    for (const headers of [{}, { Origin: "https://elsewhere.example" },
        { Origin: "null" }, { Origin: world.url,
            "Sec-Fetch-Site": "cross-site" }])
    {
        const answer = await fetch(`${world.url}/sign-in/amelia`,
            { method: "POST", headers, redirect: "manual" });

        assert.equal(answer.status, 403);
        assert.equal(answer.headers.get("set-cookie"), null);
    }
});


for (const dark of [false, true]) {
    for (const width of [320, 1280]) {
        test(`pages are accessible and fit: ${width} px, `
            + `${dark ? "dark" : "light"}`, async () => {
            const page = await newPage(browser, world,
                { viewport: { width, height: 800 }, dark });

            page.watch.allow(/status of 404/);
            await signIn(page, "amelia");

            for (const path of PAGES) {
                await page.goto(path, { waitUntil: "networkidle" });
                await expectAccessible(page);
                await expectNoSidewaysScroll(page);
            }

            await closePage(page);
        });
    }
}


test("everything is reached and used by the keyboard", async () => {
    const page = await newPage(browser, world);

    await page.goto("/sign-in");
    await tabTo(page, page.getByRole("button", { name: /Amelia/ }));
    await page.keyboard.press("Enter");
    await page.waitForURL("**/calls");
    await tabTo(page, page.getByRole("link", { name: /Maria Lopez/ }));
    await page.keyboard.press("Enter");
    await page.waitForURL("**/calls/c_1001");
    await tabTo(page, page.locator("aidial-recording-card"));
    await tabTo(page, page.getByRole("button", { name: "Block playback" }));
    await page.keyboard.press("Enter");
    await page.getByText("Playback compliance was denied.").waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Playback compliance is permitted.").waitFor();
    await closePage(page);
});
