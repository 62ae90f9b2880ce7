/*
 * How many requests a playback takes: play, seek to 80 %, seek to 10 %.  The
 * figures are the browsers' affair and are printed; what the edge promises is
 * that all of them are one playback.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { newPage, closePage, signIn, startBrowser } from "./lib/browser.mjs";
import { noFirefox, openCallInFirefox, playInFirefox, seekInFirefox,
    signInFirefox, startFirefox } from "./lib/firefox.mjs";
import { giveLongRecording, openCall, seekTo, startPlaying, waitForTime }
    from "./lib/play.mjs";
import { startWorld } from "./lib/world.mjs";

const CALLS = { c_1001: "mp3", c_1002: "long wav", c_1003: "ogg/opus" };
const MOST = 12;                        /* requests, for anything sane */
const CLOSED_WITHIN = 45_000;           /* ms; an edge closes after 30 s */

let world;
let browser;
let firefox;

before(async () => {
    world = await startWorld();
    browser = await startBrowser();
    firefox = noFirefox ? null : await startFirefox();
    await giveLongRecording(world, "c_1002");
});

after(async () => {
    await firefox?.stop();
    await browser?.close();
    await world?.stop();
});


test("Chromium: three formats", async () => {
    const page = await newPage(browser, world);

    await signIn(page, "marcus");

    for (const call of Object.keys(CALLS)) {
        await openCall(page, call);
        await startPlaying(page);
        await waitForTime(page, await seekTo(page, 0.8) + 0.5);
        await seekTo(page, 0.1);
        await page.waitForFunction(() => {
            const audio = document.querySelector("audio");

            return !audio.seeking && audio.currentTime < 50;
        });
    }

    await closePage(page);
});


test("Firefox: three formats", { skip: noFirefox }, async () => {
    await signInFirefox(firefox, world, "amelia");

    for (const call of Object.keys(CALLS)) {
        await openCallInFirefox(firefox, world, call);
        await playInFirefox(firefox);

        const to = await seekInFirefox(firefox, 0.8);

        await firefox.waitFor(`return document.querySelector("audio")
            .currentTime > arguments[0]`, to + 0.5);
        await seekInFirefox(firefox, 0.1);
        await firefox.waitFor(`const audio = document.querySelector("audio");
            return !audio.seeking && audio.currentTime < 50`);
    }

    await firefox.open("about:blank");
});


for (const [name, user] of [["Chromium", "u_marcus"],
    ["Firefox", "u_amelia"]])
{
    test(`${name}: each playback is one grant, one start and one end`,
        { skip: name === "Firefox" && noFirefox }, async context => {
            for (const [call, format] of Object.entries(CALLS)) {
                const figures = await account(user, call);

                context.diagnostic(`${name} ${format}: ${figures}`);
            }
        });
}


async function account(user, call) {
    const closed = await world.waitForAudit("t_harbor", entry =>
        entry.event === "playback.closed" && entry.user === user
        && entry.call === call, CLOSED_WITHIN);
    const all = (await world.readAudit("t_harbor")).filter(entry =>
        entry.user === user && entry.call === call);

    assert.deepEqual(all.map(({ event }) => event),
        ["grant.issued", "playback.started", "playback.closed"]);
    assert.equal(new Set(all.map(({ grant }) => grant)).size, 1);

    const asked = (await world.log("edge-access")).split("\n").filter(line =>
        line.includes('"GET /recordings/') && line.includes(`user=${user} `)
        && line.includes(`call=${call} `));
    const size = (await world.record(`call:${call}`)).media.size_bytes;

    assert.ok(asked.length >= 1 && asked.length <= MOST,
        `${asked.length} requests`);
    asked.forEach(line => assert.match(line, /^\S+ 20[06] /));

    return `${asked.length} GETs, ${closed.bytes} bytes of ${size}, `
        + `${checkRanges(closed, size)} merged range(s)`;
}


/* in order, apart, within the recording, and no more than was delivered */

function checkRanges({ ranges, bytes }, size) {
    const list = ranges.split(",").map(range => range.split("-").map(Number));
    let before = -2;
    let covered = 0;

    for (const [first, last] of list) {
        assert.ok(first > before + 1, `${ranges} are not merged`);
        assert.ok(last >= first && last < size, `${ranges} of ${size}`);
        covered += last - first + 1;
        before = last;
    }

    assert.ok(covered <= Number(bytes), `${covered} of ${bytes} bytes`);

    return list.length;
}
