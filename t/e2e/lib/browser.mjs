/*
 * Chromium for a test, and what every page is watched for.
 *
 *     const browser = await startBrowser();
 *     const page = await newPage(browser, world, { viewport, dark });
 *     await signIn(page, "amelia");
 *     await expectAccessible(page);            axe-core finds nothing
 *     await expectNoSidewaysScroll(page);
 *     page.watch.allow(/status of 401/);       a message that the test wants
 *     await closePage(page);                   fails on anything else seen
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"];

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");


export function startBrowser(options = {}) {
    return chromium.launch({ executablePath: "/usr/bin/chromium",
        args: ARGUMENTS, ...options });
}


export async function newPage(browser, world,
    { viewport = { width: 1280, height: 900 }, dark = false, ...more } = {})
{
    const context = await browser.newContext({ baseURL: world.url, viewport,
        colorScheme: dark ? "dark" : "light", reducedMotion: "reduce",
        ...more });
    const page = await context.newPage();

    page.setDefaultTimeout(15_000);
    page.watch = new Watch();
    await page.watch.begin(page);

    return page;
}


/* the context goes with its page, after what was seen on it was judged */

export async function closePage(page) {
    const seen = page.watch.seen();

    await page.context().close();
    assert.deepEqual(seen, [], "the browser complained");
}


export async function signIn(page, person) {
    await page.goto(`/sign-in/${person}`);
    await page.locator("button.person").click();
    await page.waitForURL("**/calls");
}


/* CSP and Trusted Types violations, console errors, errors of scripts */

class Watch {
    #seen = [];
    #allowed = [];

    async begin(page) {
        page.on("pageerror", error => this.#add(`page error: ${error}`));
        page.on("console", message => {
            if (["error", "warning"].includes(message.type())) {
                this.#add(`console: ${message.text()}`);
            }
        });

        await page.exposeBinding("aidialViolation",
            (source, text) => this.#add(`policy: ${text}`));
        await page.addInitScript(() => addEventListener(
            "securitypolicyviolation", event => window.aidialViolation(
                `${event.effectiveDirective} ${event.blockedURI}`)));
    }


    allow(pattern) {
        this.#allowed.push(pattern);
    }


    seen() {
        return this.#seen.filter(text =>
            !this.#allowed.some(pattern => pattern.test(text)));
    }


    #add(text) {
        this.#seen.push(text);
    }
}


/* injected by the debugger's way, which the page's policy does not hinder */

export async function expectAccessible(page, exclude = []) {
    await page.evaluate(`${await readFile(axe, "utf8")}; undefined`);

    const violations = await page.evaluate(async skip => {
        const { violations: all } = await window.axe.run({ exclude: skip });

        return all.map(({ id, nodes }) =>
            `${id}: ${nodes.map(node => node.html).join(" | ")}`);
    }, exclude);

    assert.deepEqual(violations, [], "axe-core found something");
}


export async function expectNoSidewaysScroll(page) {
    const { wide, room } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        room: document.documentElement.clientWidth,
    }));

    assert.ok(wide <= room, `the page is ${wide} wide in ${room}`);
}


/* presses Tab until the element that "name" names has the focus */

export async function tabTo(page, locator, most = 60) {
    for (let i = 0; i < most; i++) {
        await page.keyboard.press("Tab");

        if (await locator.evaluate(part =>
            part === document.activeElement))
        {
            return;
        }
    }

    assert.fail(`${most} times Tab did not reach ${locator}`);
}
