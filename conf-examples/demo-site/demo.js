/*
 * The page of the demo's portal: who is signed in, and the log of calls.  What
 * may be done with a call is the edge's answer, never this page's guess.
 */

import { date, initials, length, line, reasons, role, size, state, type }
    from "/words.js";
import { download, play, say } from "/media.js";


const $ = id => document.getElementById(id);

/* one entry a call: { call, status, card } */

const entries = [];


start().catch(() => {
    say("The edge did not answer. Please load the page again.");
});


async function start() {
    const answer = await fetch("/portal/me");
    const { person, calls } = await answer.json();

    if (person === null) {
        await showPeople();
        return;
    }

    showPerson(person);
    calls.sort((a, b) => b.at.localeCompare(a.at));
    calls.forEach(addCall);
    await Promise.all(entries.map(refresh));
    showCount();
}


/* signing in */

async function showPeople() {
    const answer = await fetch("/portal/people");
    const people = await answer.json();

    for (const name of new Set(people.map(person => person.tenant))) {
        const staff = people.filter(person => person.tenant === name);
        const part = clone("tenant-template");

        part.querySelector("h2").textContent = name;
        part.querySelector("p").textContent = staff[0].plan;
        part.querySelector("ul").append(...staff.map(personCard));
        $("tenants").append(part);
    }

    $("people").hidden = false;
}


function personCard(person) {
    const card = clone("person-template");
    const [, detail] = card.querySelectorAll(".who span");

    fillPerson(card, person);
    detail.textContent = projects(person);
    card.querySelector("a").href = `/sign-in/${person.id}`;

    return card;
}


function showPerson(person) {
    fillPerson($("me"), person);
    $("me").hidden = false;
    $("scope").textContent =
        `${person.client}, ${projects(person).toLowerCase()}`;
    $("calls").hidden = false;
}


function fillPerson(part, person) {
    part.querySelector(".avatar").textContent = initials(person.name);
    part.querySelector("strong").textContent = person.name;
    part.querySelector(".who span").textContent =
        `${role(person.role)}, ${person.client}`;
}


const projects = person => person.projects.split(",").join(", ");


/* the log of calls */

function addCall(call) {
    const card = clone("call-template").querySelector(".call");
    const entry = { call, card, status: null };

    card.querySelector("h2").textContent = call.caller;
    card.querySelector(".subject").textContent = call.subject;
    card.querySelector(".reasons").id = `why-${call.id}`;

    for (const button of card.querySelectorAll("button")) {
        button.setAttribute("aria-describedby", `why-${call.id}`);
        button.addEventListener("click", () => press(entry, button));
    }

    entries.push(entry);
    $("log").append(card.parentNode);
}


/* asks the edge again, and draws what it answers */

async function refresh(entry) {
    const answer = await fetch(`/api/calls/${entry.call.id}/recording`);

    entry.status = answer.ok ? await answer.json() : null;
    draw(entry);
}


function draw({ call, card, status }) {
    const media = status?.media ?? {};
    const found = [status?.consent, status?.playback_compliance, media.status];
    const meta = [date(call.at), call.project];

    if (media.duration_seconds) {
        meta.push(length(media.duration_seconds));
    }

    if (media.size_bytes) {
        meta.push(`${type(media.content_type)}, ${size(media.size_bytes)}`);
    }

    card.querySelector(".meta").textContent = line(meta);
    card.querySelectorAll("dd").forEach((chip, i) => drawState(chip, found[i]));

    for (const button of card.querySelectorAll("button")) {
        const allowed = status?.[button.dataset.action].allowed === true;

        button.setAttribute("aria-disabled", String(!allowed));
        button.setAttribute("aria-label",
            `${button.textContent.trim()} ${call.caller}, ${call.subject}`);
    }

    card.querySelector(".reasons").replaceChildren(...why(status));
}


function drawState(chip, name) {
    const [look, text] = state(name);
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");

    use.setAttribute("href", `#${look}`);
    icon.setAttribute("aria-hidden", "true");
    icon.append(use);
    chip.className = look;
    chip.replaceChildren(icon, text);
}


/* a sentence for each disabled button, or one for both */

function why(status) {
    if (status === null) {
        return [sentence("The edge did not say what is allowed here.")];
    }

    const listen = reasons(status.playback.reasons);
    const save = reasons(status.download.reasons);

    if (listen === save) {
        return listen ? [sentence(listen)] : [];
    }

    return [
        ...listen ? [sentence(`Play is off. ${listen}`)] : [],
        ...save ? [sentence(`Download is off. ${save}`)] : [],
    ];
}


function sentence(text) {
    const part = document.createElement("p");

    part.textContent = text;

    return part;
}


function showCount() {
    const heard = entries.filter(({ status }) => status?.playback.allowed);
    const saved = entries.filter(({ status }) => status?.download.allowed);

    $("count").textContent = `${entries.length} calls. You may listen to `
        + `${heard.length} and download ${saved.length}.`;
}


async function press(entry, button) {
    const { action } = button.dataset;

    if (button.getAttribute("aria-disabled") === "true") {
        say(entry.card.querySelector(".reasons").innerText);
        return;
    }

    for (const { card } of entries) {
        card.classList.toggle("current", card === entry.card
            && action === "playback");
    }

    await (action === "playback" ? play : download)(entry.call, entry.status,
        () => refresh(entry).then(showCount));
}


function clone(id) {
    return $(id).content.firstElementChild.cloneNode(true);
}
