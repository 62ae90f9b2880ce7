/*
 * The card on a call's page of the portal, and what it asked for.
 *
 *     const { page, card, asked } = await openCard(browser, world, "amelia");
 *     await state(card, "ready");
 *     asked.grants, asked.media, asked.statuses      how many, so far
 *     await answer(page, "grant", 429, { code: "rate_limited" }, headers);
 *
 * answer() is the one thing here that is not real: an answer of the edge that
 * cannot be had otherwise at the moment a test wants it.
 */

import assert from "node:assert/strict";

import { newPage, signIn } from "./browser.mjs";

const PATTERNS = {
    status: /\/api\/calls\/[^/]+\/recording$/,
    grant: /\/recording\/grant$/,
    media: /\/recordings\/[\w.-]+$/,
};


export async function openCard(browser, world, person, call = "c_1001",
    options = {})
{
    const page = await newPage(browser, world, options);

    await signIn(page, person);

    const asked = count(page);

    await page.goto(`/calls/${call}`);

    return { page, asked, card: page.locator("aidial-recording-card") };
}


function count(page) {
    const asked = { statuses: 0, grants: 0, media: 0, bodies: [] };

    page.on("request", request => {
        const { pathname } = new URL(request.url());

        if (PATTERNS.status.test(pathname)) {
            asked.statuses++;
        } else if (PATTERNS.grant.test(pathname)) {
            asked.grants++;
            asked.bodies.push(request.postDataJSON());
        } else if (PATTERNS.media.test(pathname)) {
            asked.media++;
        }
    });

    return asked;
}


export async function state(card, ...wanted) {
    const pattern = new RegExp(`^(${wanted.join("|")})$`);
    const page = card.page();

    await page.waitForFunction(text => new RegExp(text).test(document
        .querySelector("aidial-recording-card")?.dataset.state ?? ""),
    pattern.source);
}


export const part = (card, name) => card.locator(`.arc-${name}`);


/* a press on what may be aria-disabled, which Playwright would wait for */

export async function press(card, name) {
    await part(card, name).click({ force: true });
}


export async function playing(card, beyond = 0.2) {
    await state(card, "playing");
    await card.page().waitForFunction(at => document.querySelector(
        "aidial-recording-card audio").currentTime > at, beyond);
}


export const audio = (card, member) =>
    card.locator("audio").evaluate((one, name) => one[name], member);


/* the answers to one kind of request from now on; null: the real ones */

export async function answer(page, kind, status, body = {}, headers = {}) {
    await page.unroute(PATTERNS[kind]);

    if (status === null) {
        return;
    }

    await page.route(PATTERNS[kind], route => status === "offline"
        ? route.abort("internetdisconnected")
        : route.fulfill({ status, headers,
            contentType: "application/problem+json",
            body: JSON.stringify({ status, ...body }) }));
}


/* an answer other than 200 and a broken sound are errors to the browser */

export function expectTrouble(page) {
    page.watch.allow(/Failed to load resource/);
    page.watch.allow(/net::ERR_INTERNET_DISCONNECTED/);
}


export async function says(card, pattern, where = "says") {
    await card.page().waitForFunction(([name, source]) =>
        new RegExp(source, "i").test(document.querySelector(
            `aidial-recording-card .arc-${name}`)?.textContent ?? ""),
    [where, pattern.source]);
    assert.ok(await part(card, where).isVisible(), `${where} is seen`);
}


/* the events of the card since listenTo() */

export async function listenTo(page) {
    await page.evaluate(() => {
        window.aidialStates = [];
        addEventListener("recordingstate", ({ detail }) =>
            window.aidialStates.push(detail.state));
    });
}


export const heard = page => page.evaluate(() => window.aidialStates);
