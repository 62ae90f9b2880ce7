/*
 * The card as its user sees it, and recordings that are long enough for a
 * browser to ask for more than once.
 *
 *     const { sha256 } = await giveLongRecording(world, "c_1002");
 *     await openCall(page, "c_1002");
 *     await startPlaying(page);
 *     const asked = watchMedia(page);          [{ status, range }], grows
 *     await seekTo(page, 0.9);                 a share of the whole
 *     await waitForState(page, "session_expired");
 *     await message(page, "Your session has expired.");
 */

import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const RATE = 48_000;                    /* samples a second, */
const FRAME = 4;                        /* stereo, 16 bit: 192 kB a second */
const HEAD = 44;


export const card = page => page.locator("aidial-recording-card");


export async function openCall(page, call) {
    await page.goto(`/calls/${call}`);
    await waitForState(page, "ready");
}


export async function pressPlay(page) {
    await card(page).getByRole("button", { name: "Play", exact: true })
        .click();
}


export async function startPlaying(page, from = 0) {
    await pressPlay(page);
    await waitForTime(page, from + 0.5);
    await waitForState(page, "playing");
}


export function waitForTime(page, seconds) {
    return page.waitForFunction(at => document.querySelector(
        "aidial-recording-card audio").currentTime >= at, seconds);
}


export function currentTime(page) {
    return page.evaluate(() => document.querySelector(
        "aidial-recording-card audio").currentTime);
}


/* moves the slider, as a drag that ends there */

export async function seekTo(page, share) {
    const slider = card(page).getByRole("slider", { name: "Position" });
    const to = share * Number(await slider.getAttribute("max"));

    await slider.fill(String(to));

    return to;
}


export function waitForState(page, state) {
    return page.locator(`aidial-recording-card[data-state="${state}"]`)
        .waitFor();
}


export function message(page, text) {
    return card(page).getByText(text).first().waitFor();
}


/* what was answered to requests for the recording itself */

export function watchMedia(page) {
    const seen = [];

    page.on("response", answer => {
        if (new URL(answer.url()).pathname.startsWith("/recordings/")) {
            seen.push({ status: answer.status(),
                range: answer.request().headers().range });
        }
    });

    return seen;
}


/* the download that the dialogue's answer begins */

export async function save(page) {
    const begun = page.waitForEvent("download");

    await card(page).getByRole("button", { name: "Download recording" })
        .click();
    await page.getByRole("button",
        { name: "Download and record in audit log" }).click();

    return begun;
}


/* asks as the card does, from its page; the URL is not used yet */

export function askGrant(page, call, action) {
    return page.evaluate(async ([id, wish]) => {
        const answer = await fetch(`/api/calls/${id}/recording/grant`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ action: wish, confirm: true }),
        });

        return (await answer.json()).url;
    }, [call, action]);
}


/* the id of the page's session in Redis: "s:<sid>.<signature>" */

export async function sessionId(page) {
    const cookie = (await page.context().cookies()).find(
        ({ name }) => name === "aidial_session");

    return decodeURIComponent(cookie.value).slice(2).split(".")[0];
}


/*
 * The call gets a recording of its own: a WAV of noise, so that no two parts
 * of it are alike.  It is far larger than what a browser reads ahead.
 */

export async function giveLongRecording(world, call, seconds = 120) {
    const record = await world.record(`call:${call}`);
    const bytes = noise(seconds);
    const object = `/${record.tenant_id}/2026/long-${call}.wav`;
    const file = join(world.run, "objects", object);

    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);

    record.media = { status: "available", object, content_type: "audio/wav",
        size_bytes: bytes.length, duration_seconds: seconds,
        filename: `long-${call}.wav` };
    await world.setRecord(`call:${call}`, record);

    return { size: bytes.length, sha256: sha256(bytes) };
}


export function sha256(bytes) {
    return createHash("sha256").update(bytes).digest("hex");
}


function noise(seconds) {
    const data = randomBytes(seconds * RATE * FRAME);
    const head = Buffer.alloc(HEAD);

    head.write("RIFF", 0);
    head.writeUInt32LE(data.length + HEAD - 8, 4);
    head.write("WAVEfmt ", 8);
    head.writeUInt32LE(16, 16);
    head.writeUInt16LE(1, 20);          /* PCM */
    head.writeUInt16LE(2, 22);
    head.writeUInt32LE(RATE, 24);
    head.writeUInt32LE(RATE * FRAME, 28);
    head.writeUInt16LE(FRAME, 32);
    head.writeUInt16LE(16, 34);
    head.write("data", 36);
    head.writeUInt32LE(data.length, 40);

    return Buffer.concat([head, data]);
}
