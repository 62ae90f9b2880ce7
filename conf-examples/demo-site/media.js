/*
 * Listening and saving.  Both begin with a grant: a link that the edge makes
 * for this person, this call and this action.
 */

import { problem, size, type } from "/words.js";


const $ = id => document.getElementById(id);
const audio = $("audio");

/* what the player holds: { call, refused, since } */

let playing = null;

/* what the dialog asks about: { call, refused } */

let saving = null;

/* the timer that takes the last message away */

let spoken = 0;


/* refused() is called when the edge says no, to draw the call's state anew */

export async function play(call, status, refused) {
    playing = { call, refused, since: 0 };
    $("playing").textContent = `${call.caller}, ${call.subject}`;
    $("player").hidden = false;
    await load(0);
}


export async function download(call, { media }, refused) {
    saving = { call, refused };
    $("confirm-what").textContent = `The call of ${call.caller}, `
        + `${type(media.content_type)}, ${size(media.size_bytes)}.`;
    $("confirm-error").textContent = "";
    $("confirm").showModal();
}


/* a link for the player, which goes on at "position" */

async function load(position) {
    const mine = playing;

    say("Asking for a link to listen.");

    try {
        const { url } = await grant(mine.call, { action: "playback" });

        if (mine !== playing) {
            return;
        }

        mine.since = Date.now();
        audio.src = url;
        audio.currentTime = position;
        await audio.play();
        say(`Playing the call of ${mine.call.caller}.`);

    } catch (error) {
        if (mine === playing && error.name !== "AbortError") {
            stop(error.answer ? error.message : "The player did not start.");
        }
    }
}


/*
 * An audio element cannot read why its link was refused.  The link may have
 * expired, so one new link is asked for; if that is refused, the answer says
 * why.  A link that fails at once is not asked for again.
 */

audio.addEventListener("error", () => {
    if (!playing || !audio.getAttribute("src")) {
        return;
    }

    if (Date.now() - playing.since < 2000) {
        stop("The recording could not be played.");
        return;
    }

    load(audio.currentTime);
});

audio.addEventListener("ended", () => say("The recording has ended."));


function stop(text) {
    const { refused } = playing;

    playing = null;
    audio.removeAttribute("src");
    audio.load();
    $("player").hidden = true;
    say(text);
    refused();
}


$("cancel").addEventListener("click", () => $("confirm").close());

$("go").addEventListener("click", async () => {
    const { call, refused } = saving;

    try {
        const wish = { action: "download", confirm: true };
        const { url } = await grant(call, wish);
        const link = document.createElement("a");

        link.href = url;
        link.download = "";
        link.click();
        $("confirm").close();
        say(`The download of the call of ${call.caller} has started.`);

    } catch (error) {
        $("confirm-error").textContent = error.answer ? error.message
            : "The edge did not answer. Please try again.";
        refused();
    }
});


/* POST to the grant location: the link, or an error with a sentence */

async function grant(call, wish) {
    const answer = await fetch(`/api/calls/${call.id}/recording/grant`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(wish),
    });

    const body = await answer.json();

    if (answer.status !== 201) {
        throw Object.assign(new Error(problem(body)), { answer: body });
    }

    return body;
}


/* for those who see and those who hear the page; it leaves the view again */

export function say(text) {
    clearTimeout(spoken);
    $("status").textContent = text;
    spoken = setTimeout(() => $("status").textContent = "", 8000);
}
