/* What allowed playback is withdrawn through the portal's panel. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { closePage, newPage, signIn, startBrowser } from "./lib/browser.mjs";
import { card, giveLongRecording, message, openCall, seekTo, startPlaying,
    waitForState, waitForTime, currentTime } from "./lib/play.mjs";
import { startWorld } from "./lib/world.mjs";

const CALL = "c_1002";

/* person, button that withdraws, its reason as said and as audited, button
 * that gives it back */

const WITHDRAWALS = [
    ["amelia", "Withdraw consent", "Grant consent", "consent_denied",
        "Consent to use this recording was denied."],
    ["amelia", "Block playback", "Permit playback", "compliance_denied",
        "A compliance check denied the use of this recording."],
    ["amelia", "Remove the recording", "Restore the recording",
        "media_removed",
        "The recording was removed by a retention or deletion rule."],
    ["sofia", "Stop staff listening", "Let staff listen",
        "staff_playback_disabled",
        "Playback by staff is switched off for your organisation."],
];

let world;
let browser;

before(async () => {
    [world, browser] = await Promise.all([startWorld(), startBrowser()]);
    await giveLongRecording(world, CALL);
});

after(async () => {
    await browser?.close();
    await world?.stop();
});


for (const [person, off, on, reason, text] of WITHDRAWALS) {
    test(`"${off}" while it plays - blocked with its reason, and back `
        + `with "${on}"`, async () => {
        const page = await newPage(browser, world);

        page.watch.allow(/status of 403/);
        await signIn(page, person);
        await openCall(page, CALL);
        await startPlaying(page);

        await page.getByRole("button", { name: off }).click();

        await page.getByText("The card shows it at its next request.")
            .waitFor();

        /* what was on its way is cut, whatever the page does */

        const { tenant_id } = await world.record(`call:${CALL}`);

        await world.waitForAudit(tenant_id, entry =>
            entry.event === "media.cut" && entry.user === `u_${person}`
            && entry.reasons === reason);

        await seekTo(page, 0.9);
        await waitForState(page, "blocked");
        await message(page, text);

        assert.match(await world.log("edge-access"), new RegExp(
            `"GET /recordings/.* user=u_${person} .*action=playback `
            + `decision=recording_blocked reasons=${reason}$`, "m"));

        const button = card(page).getByRole("button",
            { name: "Play", exact: true });

        assert.equal(await button.getAttribute("aria-disabled"), "true");

        await page.getByRole("button", { name: on }).click();
        await page.getByRole("button", { name: "Check again" }).click();
        await waitForState(page, "ready");
        await startPlaying(page);
        await closePage(page);
    });
}


test("the entitlement is lost while it plays - only the download is off",
    async () => {
        const page = await newPage(browser, world);

        await signIn(page, "marcus");
        await openCall(page, CALL);
        await startPlaying(page);

        const save = card(page).getByRole("button",
            { name: "Download recording" });

        assert.equal(await save.getAttribute("aria-disabled"), "false");
        await page.getByRole("button", { name: "Switch downloads off" })
            .click();
        await page.getByRole("button", { name: "Check again" }).click();
        await message(page, "Your organisation does not have the recording "
            + "download entitlement.");
        assert.equal(await save.getAttribute("aria-disabled"), "true");

        /* no dialogue, and what plays goes on */

        await save.press("Enter");
        assert.equal(await page.locator("dialog[open]").count(), 0);
        await waitForTime(page, await currentTime(page) + 1);
        await waitForState(page, "playing");
        await seekTo(page, 0.9);
        await waitForTime(page, 108.5);
        await closePage(page);
    });
