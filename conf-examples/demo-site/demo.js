/*
 * The page of the demo's portal: who is signed in, the log of calls, and a
 * call with its Call Recording card.  What may be done with a recording is
 * the card's business, and the edge's answer.
 */

import { date, initials, role } from "/words.js";


const $ = id => document.getElementById(id);


start().catch(() => {
    $("trouble").textContent =
        "The portal did not answer. Please load the page again.";
});


async function start() {
    const answer = await fetch("/portal/me");
    const { person, calls } = await answer.json();
    const id = new URLSearchParams(location.search).get("call");

    if (person === null) {
        await showPeople();
        return;
    }

    showPerson(person);

    if (id === null) {
        showLog(calls);
    } else {
        showCall(id, calls.find(call => call.id === id));
    }
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
}


function fillPerson(part, person) {
    part.querySelector(".avatar").textContent = initials(person.name);
    part.querySelector("strong").textContent = person.name;
    part.querySelector(".who span").textContent =
        `${role(person.role)}, ${person.client}`;
}


const projects = person => person.projects.split(",").join(", ");


/* the log of calls, and the call that the address names: /?call=c_1001 */

function showLog(calls) {
    calls.sort((a, b) => b.at.localeCompare(a.at));
    $("log").append(...calls.map(callLine));
    $("count").textContent = `${calls.length} calls`;
    $("calls").hidden = false;
}


function callLine(call) {
    const item = clone("call-template");
    const [caller, subject, meta] = item.firstElementChild.children;

    item.firstElementChild.href = `/?call=${encodeURIComponent(call.id)}`;
    caller.textContent = call.caller;
    subject.textContent = call.subject;
    meta.textContent = `${date(call.at)}, ${call.project}`;

    return item;
}


/*
 * A call that is not in this person's log gets a card too: that it is not
 * found is the edge's answer.
 */

function showCall(id, call) {
    const card = document.createElement("aidial-recording-card");

    card.setAttribute("call-id", id);
    card.setAttribute("sign-in", "/sign-out");
    $("detail-title").textContent = call?.caller ?? "Call";
    $("detail-meta").textContent = call
        ? `${call.subject}. ${date(call.at)}, ${call.project}` : "";
    $("card").append(card);
    $("detail").hidden = false;
}


function clone(id) {
    return $(id).content.firstElementChild.cloneNode(true);
}
