/* The portal's pages.  No script and no style but the files in assets/. */

import { html } from "./html.mjs";
import { initials, length, projectNames, roleTitle, switches, when }
    from "./words.mjs";


export function signIn(world) {
    return page({ title: "Sign in" }, html`
    <h1>Sign in</h1>
    <p class="lead">Choose a person. Their role, their company's plan and the
      state of each call decide what they may hear and save.</p>
    ${[...world.tenant.values()].map(tenant => html`
    <section class="tenant" aria-labelledby="${tenant.id}">
      <h2 id="${tenant.id}">${tenant.name}</h2>
      <ul class="people">${[...world.person.values()]
        .filter(person => person.tenant === tenant.id)
        .map(person => html`
        <li>${personForm(world, person)}</li>`)}
      </ul>
    </section>`)}`);
}


export function signInAs(world, person) {
    return page({ title: `Sign in as ${person.name}` }, html`
    <h1>Sign in as ${person.name}?</h1>
    <p class="lead">A real portal asks for a password here. In the demo the
      button is enough.</p>
    <div class="one">${personForm(world, person)}</div>
    <p class="after"><a href="/sign-in">Choose somebody else</a></p>`);
}


function personForm(world, person) {
    return html`<form method="post" action="/sign-in/${person.id}">
          <button class="person">
            <span class="avatar" aria-hidden="true">${initials(person.name)}
            </span>
            <span class="who"><strong>${person.name}</strong>
              <span>${roleTitle(person)},
                ${world.client.get(person.client).name}</span>
              <span>${projectNames(world, person)}</span></span>
          </button>
        </form>`;
}


export function log(world, person, calls) {
    return page({ title: "Call Log", world, person }, html`
    <h1>Call Log</h1>
    <p class="lead">${world.client.get(person.client).name} ·
      ${projectNames(world, person)} · ${calls.length}
      ${calls.length === 1 ? "call" : "calls"}</p>
    <ul class="log">${calls.map(call => html`
      <li><a class="row" href="/calls/${call.id}">
        <strong>${call.caller}</strong>
        <span>${call.subject}</span>
        <span class="meta">${world.project.get(call.project).name}<br>
          <time datetime="${call.at.toISOString()}">${when(call.at)}</time>
        </span>
      </a></li>`)}
    </ul>`);
}


export function call(world, person, call, states) {
    return page({ title: `Call from ${call.caller}`, world, person,
        card: true }, html`
    <p class="back"><a href="/calls">Back to the Call Log</a></p>
    <h1>${call.subject}</h1>
    <dl class="facts">
      <div><dt>Caller</dt><dd>${call.caller}</dd></div>
      <div><dt>Project</dt>
        <dd>${world.project.get(call.project).name}</dd></div>
      <div><dt>When</dt><dd><time datetime="${call.at.toISOString()}">
        ${when(call.at)}</time></dd></div>
      <div><dt>Length</dt><dd>${length(call.seconds)}</dd></div>
    </dl>
    <div class="columns">
      <aidial-recording-card call-id="${call.id}" api="/api/calls"
        call-log="/calls" sign-in="/sign-in"></aidial-recording-card>
      ${panel(world, call, states)}
    </div>`);
}


function panel(world, call, states) {
    const tenant = world.tenant.get(call.tenant).name;

    return html`<section class="panel" aria-labelledby="panel">
        <h2 id="panel">What the edge reacts to</h2>
        <p>Each button changes one record in Redis, and the edge reads it
          again at every request. What the browser has loaded by then plays
          on. Downloads and playback by staff are settings of all of
          ${tenant}.</p>
        <ul class="switches">${switches(states, call).map(row => html`
          <li data-name="${row.name}">
            <span class="label">${row.label}
              <span class="state" data-look="${row.look}">${row.state}</span>
            </span>
            ${row.possible
                ? changeForm(call, row.name, row.to, row.action)
                : html`<span class="none">Nothing to restore</span>`}
          </li>`)}
          <li data-name="session">
            <span class="label">Session
              <span class="state" data-look="good">Signed in</span></span>
            ${changeForm(call, "session", "off", "Delete my session")}
          </li>
        </ul>
        <p class="said" role="status"></p>
        <div class="next" hidden>
          <button type="button" class="button">Check again</button>
          <a class="button" href="/sign-in" hidden>Sign in</a>
        </div>
      </section>`;
}


function changeForm(call, name, to, action) {
    return html`<form method="post" action="/calls/${call.id}/change">
              <input type="hidden" name="name" value="${name}">
              <button class="button" name="to" value="${to}">${action}</button>
            </form>`;
}


export function trouble(title, text) {
    return page({ title }, html`
    <h1>${title}</h1>
    <p class="lead">${text}</p>
    <p class="after"><a class="button" href="/calls">To the Call Log</a></p>`);
}


function page({ title, world, person, card }, content) {
    return String(html`<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} – Call recordings</title>
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/look.css">
  <link rel="stylesheet" href="/assets/portal.css">${card && html`
  <link rel="stylesheet" href="/recording-card/recording-card.css">
  <script src="/recording-card/recording-card.js" type="module"></script>
  <script src="/assets/portal.js" type="module"></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
  <a class="brand" href="/calls">
    <img src="/icon.svg" alt="" width="36" height="36">
    <span>Call recordings</span>
  </a>${person && html`
  <div class="me">
    <span class="avatar" aria-hidden="true">${initials(person.name)}</span>
    <span class="who"><strong>${person.name}</strong>
      <span>${roleTitle(person)},
        ${world.tenant.get(person.tenant).name}</span></span>
    <form method="post" action="/sign-out">
      <button class="button">Sign out</button>
    </form>
  </div>`}
</header>
<main id="main" tabindex="-1">${content}
</main>
</body>
</html>
`);
}
