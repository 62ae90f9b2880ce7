/* A browser that reads ahead does not spend a download. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { askGrant, openCall } from "./lib/play.mjs";
import { startWorld, until } from "./lib/world.mjs";

const CALL = "c_1001";

const HINTS = {
    "link rel=prefetch": url => `<link rel="prefetch" href="${url}">`,
    "speculation prefetch": url => rules("prefetch", url),
    "speculation prerender": url => rules("prerender", url),
};

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


for (const [name, hint] of Object.entries(HINTS)) {
    test(`${name} - refused and not entered, and the URL still works`,
        async () => {
            const page = await newPage(browser, world);

            page.watch.allow(/status of 503/);
            await signIn(page, "marcus");
            await openCall(page, CALL);

            const url = await askGrant(page, CALL, "download");
            const refused = await countRefused();

            await page.goto(await serve(page, hint(url)));
            await until(async () => await countRefused() > refused, 10_000,
                "the browser did not read ahead");
            assert.deepEqual(await downloads(), []);

            const begun = page.waitForEvent("download");

            await page.getByRole("link", { name: "Save" })
                .evaluate((link, to) => {
                    link.href = to;
                    link.click();
                }, url);

            assert.equal(await (await begun).failure(), null);
            await until(async () => (await downloads()).length === 2,
                10_000, "the download was not entered");
            assert.deepEqual((await downloads()).map(
                ({ event }) => event),
            ["download.started", "download.completed"]);
            await closePage(page);
        });
}


/* a page of the portal's origin, without the policy that would forbid it */

async function serve(page, hint) {
    await page.route("**/reading-ahead", route => route.fulfill({
        contentType: "text/html",
        body: `<!DOCTYPE html><title>Ahead</title>${hint}
            <a href="#" download>Save</a>`,
    }));

    return "/reading-ahead";
}


function rules(kind, url) {
    const what = { [kind]: [{ source: "list", urls: [url],
        eagerness: "immediate" }] };

    return `<script type="speculationrules">${JSON.stringify(what)}</script>`;
}


async function countRefused() {
    const lines = (await world.log("edge-access")).split("\n");

    return lines.filter(line => / 503 "GET \/recordings\//.test(line)
        && line.includes("decision=prefetch_refused")).length;
}


/* what was entered about the grant that was issued last */

async function downloads() {
    const all = await world.readAudit("t_harbor");
    const { grant } = all.findLast(({ event }) => event === "grant.issued");

    return all.filter(entry => entry.grant === grant
        && entry.event.startsWith("download."));
}
