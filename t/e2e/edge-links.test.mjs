/* The URL of a recording: not a page, and nowhere to be read afterwards. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { askGrant, openCall, save, startPlaying } from "./lib/play.mjs";
import { startWorld } from "./lib/world.mjs";

const CALL = "c_1001";
const LOGS = ["edge-access", "edge", "origin-access", "origin", "portal"];

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


test("a playback URL opened as a page - playback_only, nothing is saved",
    async () => {
        const page = await newPage(browser, world);
        let saved = 0;

        /* the refusal, and the icon that a browser asks for with any page */

        page.watch.allow(/status of 40[34]/);
        page.on("download", () => saved++);
        await signIn(page, "marcus");
        await openCall(page, CALL);

        const answer = await page.goto(await askGrant(page, CALL, "playback"));

        assert.equal(answer.status(), 403);
        assert.equal((await answer.json()).code, "playback_only");
        assert.equal(answer.headers()["referrer-policy"], "no-referrer");
        assert.equal(saved, 0);
        assert.equal((await world.readAudit("t_harbor")).filter(({ event }) =>
            event === "playback.started").length, 0);
        await closePage(page);
    });


test("listening and saving - the URL stands in no log and no Referer",
    async () => {
        const page = await newPage(browser, world);
        const sent = [];
        const tokens = new Set();

        page.on("request", request => {
            sent.push(request);

            const { pathname } = new URL(request.url());

            if (pathname.startsWith("/recordings/")) {
                tokens.add(pathname.slice("/recordings/".length));
            }
        });

        await signIn(page, "amelia");
        await openCall(page, CALL);
        await startPlaying(page);

        const download = await save(page);

        assert.equal(await download.failure(), null);
        tokens.add(new URL(download.url()).pathname.split("/").at(-1));
        await page.getByRole("link", { name: "Back to the Call Log" })
            .first().click();
        await page.waitForURL("**/calls");

        /* one to listen and one to save */

        assert.equal(tokens.size, 2);
        await notInLogs(tokens);
        await logsOpenNothing(page);

        for (const request of sent) {
            const { referer = "" } = await request.allHeaders();

            assert.ok(!referer.includes("/recordings/"), request.url());
        }

        await closePage(page);
    });


async function notInLogs(tokens) {
    for (const name of LOGS) {
        const text = await world.log(name);

        for (const token of tokens) {
            assert.ok(!text.includes(token), `${name} has a token`);
            assert.ok(!text.includes(token.split(".").at(-1)),
                `${name} has a token's MAC`);
        }
    }

    /* and the origin got neither: combined log, Referer before User-Agent */

    const origin = (await world.log("origin-access")).split("\n")
        .filter(line => line.includes(`${CALL}.mp3`));

    assert.ok(origin.length >= 2);
    origin.forEach(line => assert.match(line, / "-" "Mozilla[^"]*"$/));
}


/* what the edge's log does have is the URL masked: of no use to its user */

async function logsOpenNothing(page) {
    const text = await world.log("edge-access");
    const masked = new Set([...text.matchAll(/GET (\/recordings\/\S+) /g)]
        .map(([, path]) => path));

    assert.ok(masked.size >= 2);

    for (const path of masked) {
        assert.equal((await page.request.get(path)).status(), 404);
    }
}
