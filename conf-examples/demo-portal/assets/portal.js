/*
 * The panel of a call's page.  It sends a change without leaving the page, so
 * that what plays goes on until the edge itself cuts it, and says what has
 * changed.  Without this script the forms work as forms do.
 */

const panel = document.querySelector(".panel");
const card = document.querySelector("aidial-recording-card");
const said = panel.querySelector(".said");
const next = panel.querySelector(".next");
const again = next.querySelector("button");
const toSignIn = next.querySelector("a");
let busy = false;


panel.addEventListener("submit", event => {
    event.preventDefault();
    send(event.target, event.submitter);
});

again.addEventListener("click", () => card.refresh());


async function send(form, button) {
    if (busy) {
        return;
    }

    busy = true;
    panel.setAttribute("aria-busy", "true");

    try {
        const body = new URLSearchParams(new FormData(form));

        body.set(button.name, button.value);

        const answer = await fetch(form.action, { method: "POST", body,
            headers: { Accept: "application/json" }, redirect: "manual",
            signal: AbortSignal.timeout(10_000) });

        await show(answer);
    } catch {
        say("The portal did not answer. Try again.");
    } finally {
        busy = false;
        panel.removeAttribute("aria-busy");
    }
}


async function show(answer) {
    if (answer.type === "opaqueredirect") {
        say("You are signed out, so nothing was changed.");
        signedOut();
        return;
    }

    if (!answer.ok) {
        say("The portal did not take the change. Try again.");
        return;
    }

    const { said: text, switches, session } = await answer.json();

    switches.forEach(redraw);
    session || signedOut();
    say(`${text} The card shows it at its next request.`);
}


function redraw(row) {
    const item = panel.querySelector(`[data-name="${row.name}"]`);
    const button = item.querySelector("button");

    mark(item, row.state, row.look);

    if (button) {
        button.value = row.to;
        button.textContent = row.action;
    }
}


function mark(item, text, look) {
    const state = item.querySelector(".state");

    state.textContent = text;
    state.dataset.look = look;
}


function signedOut() {
    mark(panel.querySelector("[data-name=session]"), "Signed out", "bad");
    toSignIn.hidden = false;
}


/* the same words twice are two changes, and both are read out */

function say(text) {
    next.hidden = false;
    said.textContent = "";
    requestAnimationFrame(() => said.textContent = text);
}
