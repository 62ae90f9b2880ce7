/*
 * <aidial-recording-card call-id="c_9">: the Call Recording card of a call's
 * page.  It shows what the edge says about a recording, plays it and saves it.
 * What is allowed is the edge's answer, never this script's guess.
 *
 * No dependency, no build step; one style sheet, recording-card.css.  How to
 * use, translate and theme it: docs/recording-card.md.
 *
 * Contents: texts, tables, small helpers, the element (life, status, playing,
 * media events, saving, keys, drawing, building).
 */


/* ---- texts: every word that the card says, ready to translate ---- */

export const texts = {
    "title": "Call recording",
    "consent": "Consent",
    "compliance": "Playback compliance",
    "media": "Recording",

    "consent.granted": "Granted",
    "consent.denied": "Denied",
    "consent.missing": "Missing",
    "consent.unknown": "Unknown",
    "compliance.permitted": "Permitted",
    "compliance.denied": "Denied",
    "compliance.missing_evidence": "Evidence missing",
    "compliance.policy_blocked": "Blocked by policy",
    "media.available": "Available",
    "media.not_generated": "Not generated",
    "media.unavailable": "Unavailable",
    "media.removed": "Removed",
    "check.none": "Not known yet",

    "play": "Play",
    "pause": "Pause",
    "back": "Back 5\u00a0s",
    "forward": "Forward 5\u00a0s",
    "speed": "Speed",
    "volume": "Volume",
    "mute": "Mute",
    "seek": "Position",
    "seek.value": "{at} of {total}",
    "download": "Download recording",
    "retry": "Try again",
    "sign_in": "Sign in again",
    "call_log": "Back to the Call Log",

    /* the word in the corner of the card */

    "label.loading": "Loading",
    "label.ready": "Ready",
    "label.blocked": "Blocked",
    "label.requesting": "Requesting",
    "label.playing": "Playing",
    "label.buffering": "Buffering",
    "label.paused": "Paused",
    "label.ended": "Ended",
    "label.expired": "Link expired",
    "label.rate_limited": "Please wait",
    "label.session_expired": "Signed out",
    "label.unavailable": "Unavailable",
    "label.not_found": "Not found",
    "label.media_error": "Playback failed",

    /* what a state means, and what to do next */

    "state.loading": "Loading recording access…",
    "state.ready": "The recording is ready to play.",
    "state.blocked": "This recording cannot be played.",
    "state.requesting": "Requesting playback access…",
    "state.checking": "Playback stopped. Checking why…",
    "state.playing": "Playing.",
    "state.buffering": "Waiting for more of the recording…",
    "state.paused": "Paused.",
    "state.ended": "The recording has ended.",
    "state.expired": "The playback link has expired. Press Play again to "
        + "go on from here.",
    "state.media_error": "The recording could not be played. Press Play to "
        + "try again.",
    "state.not_started": "Your browser did not start playback. Press Play "
        + "again.",
    "state.renewed": "Your access was renewed. Press Play again.",
    "state.wait_over": "You can try again now.",
    "state.downloading": "The download has started.",

    "blocked.both": "Playback and download are unavailable.",
    "blocked.playback": "Playback is unavailable.",
    "blocked.download": "Download is unavailable.",
    "blocked.status": "Download is unavailable until access to this "
        + "recording is known.",

    /* the edge's problem codes; {time} is how long to wait */

    "problem.invalid_request": "The recording service did not understand "
        + "the portal. Reload this page; if that does not help, tell your "
        + "Client Administrator.",
    "problem.confirmation_required": "A download must be confirmed. Open "
        + "the dialogue again and confirm it.",
    "problem.session_required": "Your session has expired. Sign in again.",
    "problem.cross_site_request": "The recording service did not accept a "
        + "request from this address. Open the portal at its usual address.",
    "problem.playback_only": "This link only plays inside the portal. Press "
        + "Play again.",
    "problem.recording_blocked": "This recording is blocked.",
    "problem.recording_not_found": "This recording was not found. Return to "
        + "the Call Log and reopen the call.",
    "problem.method_not_allowed": "The recording service did not accept the "
        + "request. Reload this page; if that does not help, tell your "
        + "Client Administrator.",
    "problem.grant_expired": "The link has expired. Please ask again.",
    "problem.grant_used": "The link has been used already. Please ask again.",
    "problem.request_too_large": "The request was too large. Reload this "
        + "page and try again.",
    "problem.unsupported_media_type": "The recording service did not "
        + "understand the portal. Reload this page and try again.",
    "problem.rate_limited": "Too many requests. Wait {time} and try again.",
    "problem.too_many_streams": "You are playing too many recordings at "
        + "once. Stop one, wait {time} and try again.",
    "problem.media_unavailable": "The recording cannot be retrieved right "
        + "now. Try again later.",
    "problem.service_unavailable": "The recording service is unavailable. "
        + "Try again later.",
    "problem.prefetch_refused": "Your browser asked for the recording too "
        + "early. Press Play again.",
    "problem.delivery_running": "This download is still running. Wait "
        + "{time} and try again.",
    "problem.other": "The recording service gave an answer that this page "
        + "does not know. Try again later.",

    /* why the policy says no */

    "reason.role_restriction": "Your role does not allow this. If you need "
        + "a copy, contact your Client Administrator.",
    "reason.staff_playback_disabled": "Playback by staff is switched off for "
        + "your organisation. Ask your Client Administrator.",
    "reason.missing_entitlement": "Your organisation does not have the "
        + "recording download entitlement. Ask your Client Administrator.",
    "reason.consent_denied": "Consent to use this recording was denied.",
    "reason.consent_missing": "There is no record of consent for this call.",
    "reason.consent_unknown": "It is not known whether consent was given. "
        + "Ask your Client Administrator.",
    "reason.compliance_denied": "A compliance check denied the use of this "
        + "recording.",
    "reason.compliance_missing_evidence": "Evidence for the compliance check "
        + "is missing. Ask your Client Administrator.",
    "reason.compliance_policy_blocked": "A compliance policy blocks this "
        + "recording. Ask your Client Administrator.",
    "reason.media_not_generated": "No recording has been generated for this "
        + "call.",
    "reason.media_unavailable": "The recording cannot be retrieved. Try "
        + "again later.",
    "reason.media_removed": "The recording was removed by a retention or "
        + "deletion rule.",
    "reason.other": "This is not allowed. Ask your Client Administrator.",

    "dialog.title": "Download this recording?",
    "dialog.text": "Downloading a recording is an audited action. Your "
        + "name, the time and this call are entered in the audit log.",
    "dialog.cancel": "Cancel",
    "dialog.confirm": "Download and record in audit log",
    "dialog.asking": "Requesting download access…",
};

/* language => its texts; "" is what every language falls back to */

const tables = new Map([["", texts]]);

const connected = new Set();


/* Replaces the texts that "table" has, in one language or in all. */

export function translate(table, language = "") {
    const key = language.toLowerCase();

    tables.set(key, Object.assign(tables.get(key) ?? {}, table));
    connected.forEach(card => card.relabel());
}


/* ---- tables ---- */

const STEP = 5;                         /* seconds a key or button seeks */
const ANSWER_WITHIN = 20_000;           /* ms the edge has for an answer */
const DRY = 4_000;                      /* ms without data after expiry */
const AGAIN = 3;                        /* times a limited status is retried */
const LONGEST_WAIT = 3600;              /* seconds a countdown may last */
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
const ID = /^(?!\.{1,2}$)[\w.:-]{1,128}$/;

/* problem code => state; any other code is "unavailable" */

const STATE_OF = {
    session_required: "session_expired",
    recording_blocked: "blocked",
    recording_not_found: "not_found",
    grant_expired: "expired",
    grant_used: "expired",
    rate_limited: "rate_limited",
    too_many_streams: "rate_limited",
    delivery_running: "rate_limited",
    playback_only: "media_error",
    prefetch_refused: "media_error",
};

/* for an answer without a code, as a proxy in between may give it */

const CODE_OF = {
    401: "session_required",
    404: "recording_not_found",
    410: "grant_expired",
    429: "rate_limited",
    502: "media_unavailable",
};

const OFF = ["loading", "blocked", "rate_limited", "not_found"];
const MOVING = ["requesting", "playing", "buffering"];
const SILENT = ["ready", "playing", "buffering", "paused"];
const ALARMS = ["expired", "rate_limited", "session_expired", "unavailable",
    "not_found", "media_error"];

/* the value of an indicator => its look; any other value is "open" */

const LOOK = {
    granted: "good", permitted: "good", available: "good",
    denied: "bad", policy_blocked: "bad", removed: "bad",
};

const ICONS = {
    good: "M4 10.5l4 4 8-9",
    bad: "M5 5l10 10M15 5L5 15",
    open: "M7 7.5a3 3 0 1 1 4.2 2.8c-.8.4-1.2.9-1.2 1.9M10 15.6v.1",
    play: "M6 3.5v13l10.5-6.5z",
    pause: "M6 4h2.5v12H6zM11.5 4H14v12h-2.5z",
    back: "M8 5L3 10l5 5M3 10h14",
    forward: "M12 5l5 5-5 5M17 10H3",
    mute: "M3 8v4h3l4 3.5v-11L6 8zM13 8l4 4M17 8l-4 4",
    save: "M10 3v9M6 8.5l4 4 4-4M4 16.5h12",
};


/* ---- small helpers ---- */

function make(tag, name, attributes = {}, ...children) {
    const part = document.createElement(tag);

    if (name) {
        part.className = `arc-${name}`;
    }

    for (const [key, value] of Object.entries(attributes)) {
        part.setAttribute(key, value);
    }

    part.append(...children);

    return part;
}


function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const path = document.createElementNS(space, "path");

    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", `arc-icon arc-icon-${name}`);
    path.setAttribute("d", ICONS[name]);
    svg.append(path);

    return svg;
}


function setText(part, text) {
    if (part.textContent !== text) {
        part.textContent = text;
    }
}


function setItems(list, texts) {
    if ([...list.children].map(item => item.textContent).join("\n")
        !== texts.join("\n"))
    {
        list.replaceChildren(...texts.map(text => make("li", "", {}, text)));
    }
}


function setOff(button, off, describedBy) {
    button.setAttribute("aria-disabled", String(off));

    if (off && describedBy) {
        button.setAttribute("aria-describedby", describedBy);
    } else {
        button.removeAttribute("aria-describedby");
    }
}


function isOff(button) {
    return button.getAttribute("aria-disabled") === "true";
}


/* 65 => "1:05" */

function clock(seconds) {
    const all = Math.floor(seconds);
    const two = n => String(n).padStart(2, "0");
    const minutes = Math.floor(all / 60) % 60;
    const hours = Math.floor(all / 3600);

    return (hours ? `${hours}:${two(minutes)}` : minutes)
        + `:${two(all % 60)}`;
}


/* 65 => "1 minute 5 seconds" in the card's language */

function spoken(seconds, language) {
    const all = Math.floor(seconds);
    const parts = [
        [Math.floor(all / 3600), "hour"],
        [Math.floor(all / 60) % 60, "minute"],
        [all % 60, "second"],
    ].filter(([n, unit]) => n || (unit === "second" && all < 1));

    return parts.map(([n, unit]) => new Intl.NumberFormat(language,
        { style: "unit", unit, unitDisplay: "long" }).format(n)).join(" ");
}


/* ---- the element ---- */

let count = 0;


export class AidialRecordingCard extends HTMLElement {
    static observedAttributes = ["call-id", "api", "call-log", "sign-in",
        "label", "lang"];

    #parts = null;                      /* the elements, by name */
    #words = [];                        /* [element, key of its text] */
    #life = new AbortController();      /* ends when call or page is left */
    #record = null;                     /* the edge's status, as it came */
    #state = "loading";
    #message = "";
    #grant = null;                      /* { url, until } of what plays */
    #position = 0;                      /* seconds, while nothing is loaded */
    #dragging = false;
    #saving = null;                     /* AbortController of a download */
    #dry = 0;
    #counting = 0;
    #again = 0;                         /* limited statuses in a row */


    /* life */

    connectedCallback() {
        this.#parts ?? this.#build();
        connected.add(this);
        this.#begin();
    }


    disconnectedCallback() {
        connected.delete(this);
        this.#end();
    }


    attributeChangedCallback(name, before, after) {
        if (!connected.has(this) || before === after) {
            return;
        }

        if (name === "call-id" || name === "api") {
            this.#end();
            this.#begin();
            return;
        }

        this.relabel();
    }


    #begin() {
        this.#life = new AbortController();
        this.#record = null;
        this.#position = 0;
        this.relabel();
        this.refresh();
    }


    #end() {
        this.#life.abort();
        this.#stopCounting();
        this.#parts.dialog.close();
        this.#unload();
        this.#position = 0;
    }


    /* status */

    /* Asks the edge again.  What plays goes on, if it still may. */

    async refresh() {
        if (!this.#grant && !this.#counting && this.#state !== "requesting") {
            this.#enter("loading");
        }

        await this.#settle(() => this.#state === "loading"
            && this.#enter("ready"));
    }


    /*
     * The true state by the edge's own record: a failure, blocked, or what
     * allowed() says.  Answers whether playback is allowed.  Who was listening
     * is told at once why the sound has stopped.
     */

    async #settle(allowed, interrupted = false) {
        const answer = await this.#load();

        if (answer.gone) {
            return false;
        }

        if (answer.code) {
            this.#fail(answer);
            return false;
        }

        this.#record = answer.body;

        if (!this.#record.playback.allowed) {
            this.#unload();
            this.#stopCounting();
            this.#enter("blocked", "state.blocked");

            if (interrupted) {
                this.#repeat("playback");
            }

            return false;
        }

        this.#again = 0;
        this.#draw();

        if (!this.#grant && !this.#counting) {
            allowed();
        }

        return true;
    }


    /*
     * A session that is being renewed is unknown for a moment, so the first
     * 401 is not believed.
     */

    async #load() {
        const first = await this.#ask(this.#path());

        return first.code === "session_required"
            ? this.#ask(this.#path()) : first;
    }


    #path(rest = "") {
        const api = this.getAttribute("api") ?? "/api/calls";
        const id = this.getAttribute("call-id") ?? "";

        return ID.test(id)
            ? `${api}/${encodeURIComponent(id)}/recording${rest}` : null;
    }


    /*
     * { body } of an answer; { code, reasons, wait } of a problem; { gone }
     * when nobody waits for it any more.
     */

    async #ask(url, { signal, ...init } = {}) {
        const mine = AbortSignal.any([this.#life.signal,
            ...signal ? [signal] : []]);

        if (url === null) {
            return { code: "recording_not_found" };
        }

        try {
            const answer = await fetch(url, {
                cache: "no-store",
                credentials: "same-origin",
                redirect: "error",
                ...init,
                signal: AbortSignal.any([mine,
                    AbortSignal.timeout(ANSWER_WITHIN)]),
            });

            return await this.#read(answer, init.headers?.Range);

        } catch {
            return mine.aborted ? { gone: true }
                : { code: "service_unavailable" };
        }
    }


    async #read(answer, probing) {
        const type = answer.headers.get("Content-Type") ?? "";
        const json = /^application\/(problem\+)?json\b/.test(type);

        if (probing && answer.ok) {
            await answer.body?.cancel();
            return { body: null };
        }

        const body = json ? await answer.json() : null;

        if (answer.ok && body) {
            return { body };
        }

        return {
            code: body?.code ?? CODE_OF[answer.status]
                ?? "service_unavailable",
            reasons: body?.reasons ?? [],
            wait: Number(body?.retry_after
                ?? answer.headers.get("Retry-After")) || 5,
        };
    }


    #askGrant(wish, signal) {
        return this.#ask(this.#path("/grant"), {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(wish),
            signal,
        });
    }


    #fail({ code, wait }) {
        const state = STATE_OF[code] ?? "unavailable";

        this.#unload();
        this.#stopCounting();

        if (state === "session_expired" || state === "not_found") {
            this.#record = null;
        }

        if (state === "rate_limited") {
            this.#countDown(wait);
        }

        this.#enter(state, this.#problemKey(code), { wait });
    }


    #problemKey(code) {
        const key = `problem.${code}`;

        return key in texts ? key : "problem.other";
    }


    /* The live region says it once; the figure that runs is none. */

    #countDown(wait) {
        const until = Date.now() + Math.min(wait, LONGEST_WAIT) * 1000;
        const { countdown } = this.#parts;

        const tick = () => {
            const left = Math.ceil((until - Date.now()) / 1000);

            if (left > 0) {
                setText(countdown, clock(left));
                return;
            }

            this.#stopCounting();

            if (this.#record) {
                this.#enter("ready", "state.wait_over");
            } else if (this.#again++ < AGAIN) {
                this.refresh();
            } else {
                this.#enter("unavailable", "state.wait_over");
            }
        };

        this.#counting = setInterval(tick, 250);
        tick();
    }


    #stopCounting() {
        clearInterval(this.#counting);
        this.#counting = 0;
        setText(this.#parts.countdown, "");
    }


    /* playing */

    async toggle() {
        const { audio, play } = this.#parts;

        if (this.#state === "requesting" || this.#state === "loading") {
            return;
        }

        if (isOff(play)) {
            this.#repeat("playback");
            return;
        }

        if (this.#grant && !audio.paused) {
            audio.pause();
            return;
        }

        if (this.#grant && !this.#outOfReach(audio.currentTime)) {
            await this.#start();
            return;
        }

        await this.#request();
    }


    /*
     * A link for this user and a few minutes, then playback.  The element is
     * unlocked while the browser still counts the press: after an await,
     * Safari may not let it start.
     */

    async #request() {
        const { audio } = this.#parts;

        this.#unload();
        this.#enter("requesting");

        if (!this.#record && !await this.#settle(() => {})) {
            return;
        }

        const answer = await this.#askGrant({ action: "playback" });

        if (answer.gone) {
            return;
        }

        if (answer.code) {
            await this.#refused(answer);
            return;
        }

        if (!this.#isOurs(answer.body.url)) {
            this.#fail({ code: "other" });
            return;
        }

        this.#grant = {
            url: answer.body.url,
            until: Date.now() + answer.body.expires_in * 1000,
        };

        audio.src = this.#grant.url;
        await this.#start();
    }


    async #refused(answer) {
        if (!["session_required", "recording_blocked"].includes(answer.code)) {
            this.#fail(answer);
            return;
        }

        await this.#settle(() => this.#enter("ready", "state.renewed"));
    }


    async #start() {
        const { audio, speed } = this.#parts;

        audio.defaultPlaybackRate = Number(speed.value);
        audio.playbackRate = audio.defaultPlaybackRate;

        try {
            await audio.play();

        } catch (error) {
            if (error.name === "NotAllowedError") {
                this.#enter("paused", "state.not_started");
            }
        }
    }


    /* a link must lead to where the page came from */

    #isOurs(url) {
        return new URL(url, location.href).origin === location.origin;
    }


    /* lets the media go, and remembers where it was */

    #unload() {
        const { audio } = this.#parts;

        this.#position = this.#now();
        this.#grant = null;
        clearTimeout(this.#dry);
        audio.pause();
        audio.removeAttribute("src");
        audio.load();
    }


    #now() {
        const { audio } = this.#parts;

        return this.#grant && audio.readyState > 0
            ? audio.currentTime : this.#position;
    }


    /* the record's, for that of a file with variable bit rate is a guess */

    #duration() {
        const { duration } = this.#parts.audio;

        return this.#record?.media.duration_seconds
            ?? (Number.isFinite(duration) ? duration : 0);
    }


    seekBy(seconds) {
        this.seekTo(this.#now() + seconds);
    }


    seekTo(seconds) {
        const { audio } = this.#parts;
        const to = Math.min(Math.max(Number(seconds), 0), this.#duration());

        if (Number.isNaN(to) || !this.#record?.playback.allowed) {
            this.#drawTime();
            return;
        }

        if (this.#grant && this.#outOfReach(to)) {
            this.#expire();
            this.#position = to;

        } else if (this.#grant && audio.readyState > 0) {
            audio.currentTime = to;

        } else {
            this.#position = to;
        }

        this.#drawTime();
        this.#sayPosition();
    }


    #outOfReach(seconds) {
        const { buffered } = this.#parts.audio;

        if (!this.#grant || Date.now() < this.#grant.until) {
            return false;
        }

        for (let i = 0; i < buffered.length; i++) {
            if (buffered.start(i) <= seconds && seconds < buffered.end(i)) {
                return false;
            }
        }

        return true;
    }


    #expire() {
        this.#unload();
        this.#enter("expired");
    }


    /* media events */

    /*
     * Safari may raise no error when a link has expired, so the clock is
     * looked at too.  A response that runs is not cut by the link's end: only
     * one that brings nothing counts.
     */

    #waiting() {
        const { audio } = this.#parts;

        if (!audio.paused) {
            this.#enter("buffering");
        }

        clearTimeout(this.#dry);
        this.#dry = setTimeout(() => {
            if (audio.readyState < 3 && this.#outOfReach(audio.currentTime)) {
                this.#expire();
            }
        }, Math.max(DRY, this.#grant.until - Date.now() + 1000));
    }


    /*
     * A media element does not tell why it was refused.  The same link is
     * asked for one byte, and the answer decides.
     */

    async #broken() {
        const { url, until } = this.#grant;
        const late = () => this.#enter("expired");

        this.#unload();
        this.#enter("requesting", "state.checking");

        if (Date.now() >= until) {
            await this.#settle(late, true);
            return;
        }

        const answer = await this.#ask(url,
            { headers: { Range: "bytes=0-0" } });

        if (answer.gone) {
            return;
        }

        if (!answer.code) {
            this.#enter("media_error");
            return;
        }

        const doubtful = ["session_required", "recording_blocked",
            "recording_not_found", "grant_expired", "grant_used"];

        if (doubtful.includes(answer.code)) {
            await this.#settle(late, true);
            return;
        }

        this.#fail(answer);
    }


    #listenToMedia() {
        const { audio } = this.#parts;

        const on = (name, action) => audio.addEventListener(name, () => {
            if (this.#grant) {
                action();
                this.#drawTime();
            }
        });

        on("loadedmetadata", () => {
            if (this.#position > 0) {
                audio.currentTime = this.#position;
            }
        });

        on("playing", () => {
            clearTimeout(this.#dry);
            this.#enter("playing");
        });

        on("pause", () => {
            if (!audio.ended) {
                this.#enter("paused");
                this.#sayPosition();
            }
        });

        on("ended", () => {
            this.#enter("ended");
            this.#sayPosition();
        });

        on("seeked", () => {
            if (this.#state === "ended" && !audio.ended) {
                this.#enter("paused");
            }
        });

        on("waiting", () => this.#waiting());
        on("stalled", () => audio.readyState < 3 && this.#waiting());
        on("error", () => this.#broken());
        on("timeupdate", () => {});
        on("progress", () => {});
    }


    /* saving */

    #askToSave() {
        const { dialog, download, fault } = this.#parts;

        if (isOff(download)) {
            this.#repeat("download");
            return;
        }

        setText(fault, "");
        dialog.showModal();
    }


    async #save() {
        const { confirm, dialog, fault } = this.#parts;

        if (this.#saving) {
            return;
        }

        const mine = this.#saving = new AbortController();

        setText(fault, "");
        confirm.setAttribute("aria-disabled", "true");
        setText(confirm, this.text("dialog.asking"));

        const answer = await this.#askGrant(
            { action: "download", confirm: true }, mine.signal);

        if (answer.gone) {
            return;
        }

        this.#doneSaving();

        if (answer.code || !this.#isOurs(answer.body.url)) {
            setText(fault, this.#whyNot(answer));
            await this.#settle(() => this.#state === "blocked"
                && this.#enter("ready"));
            return;
        }

        const link = make("a", "", { href: answer.body.url, download: "" });

        link.click();
        dialog.close();
        this.#tell("status", this.text("state.downloading"));
        this.#announce("downloading", this.text("state.downloading"));
    }


    #doneSaving() {
        const { confirm } = this.#parts;

        this.#saving?.abort();
        this.#saving = null;
        confirm.setAttribute("aria-disabled", "false");
        setText(confirm, this.text("dialog.confirm"));
    }


    #whyNot({ code, reasons, wait }) {
        return reasons?.length ? this.#sentences(reasons).join(" ")
            : this.text(this.#problemKey(code), { wait });
    }


    /* keys */

    /*
     * Space and the arrows, wherever the focus is in the card; but a button
     * keeps its Space, the speed and the volume keep their arrows.
     */

    #key(event) {
        const { dialog, seek, speed, volume } = this.#parts;
        const { key, target } = event;

        if (event.defaultPrevented || event.isComposing || dialog.open
            || event.metaKey || event.altKey)
        {
            return;
        }

        if (event.ctrlKey || event.shiftKey) {
            if (target === seek && key.startsWith("Arrow")) {
                event.preventDefault();     /* or the slider would move */
            }

            return;
        }

        const steps = { ArrowLeft: -STEP, ArrowRight: STEP };

        if (target === seek) {
            Object.assign(steps, { ArrowDown: -STEP, ArrowUp: STEP });
        }

        const own = target === speed || target === volume;
        const seeks = key in steps && !own;
        const toggles = key === " " && !target.closest("button, select");

        if (!seeks && !toggles) {
            return;
        }

        event.preventDefault();

        if (event.repeat) {
            return;
        }

        if (toggles) {
            this.toggle();
        } else {
            this.seekBy(steps[key]);
        }
    }


    /* drawing */

    /* The text of a key in the card's language; {name} is filled in. */

    text(key, values = {}) {
        const language = this.#language().toLowerCase();
        const text = [language, language.split("-")[0], ""]
            .map(name => tables.get(name)?.[key])
            .find(found => found !== undefined) ?? key;
        const all = values.wait === undefined ? values
            : { ...values, time: spoken(values.wait, this.#language()) };

        return text.replace(/\{(\w+)\}/g, (whole, name) => all[name] ?? whole);
    }


    #language() {
        const name = this.closest("[lang]")?.lang || "en";

        try {
            return Intl.getCanonicalLocales(name)[0];
        } catch {
            return "en";
        }
    }


    #enter(state, key = `state.${state}`, values = {}) {
        const same = state === this.#state;
        const text = state === "blocked"
            ? [this.#heading(), ...this.#sentences(
                this.#record?.playback.reasons ?? [])].join(" ")
            : this.text(key, values);

        if (same && text === this.#message && SILENT.includes(state)) {
            return;
        }

        this.#state = state;
        this.#message = text;
        this.#draw();
        this.#speak(key, text);
        this.#announce(state, text);
    }


    /* what is heard is not said: playing and pausing speak for themselves */

    #speak(key, text) {
        const silent = SILENT.includes(this.#state)
            && key === `state.${this.#state}`;

        if (this.#state === "blocked") {
            this.#tell("status", this.#heading());
        } else if (ALARMS.includes(this.#state)) {
            this.#tell("alert", text);
        } else {
            this.#tell("status", silent ? "" : text);
        }
    }


    #announce(state, message) {
        this.dispatchEvent(new CustomEvent("recordingstate",
            { bubbles: true, composed: true, detail: { state, message } }));
    }


    #tell(name, text) {
        const { alert, status } = this.#parts;

        setText(name === "alert" ? status : alert, "");
        setText(name === "alert" ? alert : status, text);
    }


    /* a press on a button that is off says the reason once more */

    #repeat(action) {
        const { alert } = this.#parts;
        const reasons = this.#record?.[action].reasons ?? [];
        const key = this.#record ? `blocked.${action}` : "blocked.status";
        const text = action === "download" || reasons.length
            ? [this.text(key), ...this.#sentences(reasons)].join(" ")
            : this.#message;

        alert.replaceChildren(document.createTextNode(text));
    }


    #sentences(codes) {
        return codes.map(code => this.text(`reason.${code}` in texts
            ? `reason.${code}` : "reason.other"));
    }


    #heading() {
        return this.text(this.#record?.download.allowed
            ? "blocked.playback" : "blocked.both");
    }


    /* all words anew, in the language that holds now */

    relabel() {
        const { call, callLog, signIn } = this.#parts;

        for (const [part, key] of this.#words) {
            if (part.matches("input")) {
                part.setAttribute("aria-label", this.text(key));
            } else {
                setText(part, this.text(key));
            }
        }

        setText(call, this.getAttribute("label") ?? "");
        callLog.href = this.getAttribute("call-log") ?? "/";
        signIn.href = this.getAttribute("sign-in") ?? "/sign-in";
        this.#draw();
    }


    #draw() {
        const state = this.#state;
        const { alert, callLog, label, play, playText, retry, signIn }
            = this.#parts;
        const playing = state === "playing" || state === "buffering";

        this.dataset.state = state;
        setText(label, this.text(`label.${state}`));
        setText(playText, this.text(playing ? "pause" : "play"));
        play.dataset.shows = playing ? "pause" : "play";
        play.setAttribute("aria-busy", String(MOVING.includes(state)
            && state !== "playing"));
        setOff(play, OFF.includes(state), state === "blocked"
            ? this.#parts.reasons.id : alert.id);

        signIn.hidden = state !== "session_expired";
        retry.hidden = !["session_expired", "unavailable"].includes(state);
        callLog.hidden = !["session_expired", "unavailable", "not_found"]
            .includes(state);

        this.#drawChecks();
        this.#drawReasons();
        this.#drawTime();
    }


    #drawChecks() {
        const found = {
            consent: this.#record?.consent,
            compliance: this.#record?.playback_compliance,
            media: this.#record?.media.status,
        };

        for (const [name, value] of Object.entries(found)) {
            const key = `${name}.${value}`;
            const text = this.text(key in texts ? key : "check.none");
            const part = this.#parts[name];

            part.dataset.value = value ?? "";
            part.dataset.look = value ? LOOK[value] ?? "open" : "none";
            setText(part.lastChild, text);
        }
    }


    #drawReasons() {
        const { download, reasons, saveReasons } = this.#parts;
        const blocked = this.#state === "blocked";
        const listen = this.#record?.playback.reasons ?? [];
        const save = this.#record?.download.reasons ?? [];
        const only = save.filter(code => !blocked || !listen.includes(code));

        setItems(reasons, this.#sentences(blocked ? listen : []));
        setItems(saveReasons, this.#record ? this.#sentences(only)
            : [this.text("blocked.status")]);
        setOff(download, !this.#record?.download.allowed,
            blocked ? `${reasons.id} ${saveReasons.id}` : saveReasons.id);
    }


    #drawTime(at = this.#now()) {
        const { audio, back, elapsed, forward, seek, total } = this.#parts;
        const duration = this.#duration();
        const share = n => duration
            ? `${Math.min(n / duration, 1) * 100}%` : "0%";

        if (this.#dragging) {
            at = Number(seek.value);
        } else {
            seek.max = duration;
            seek.value = at;
        }

        for (const part of [seek, back, forward]) {
            setOff(part, !this.#record?.playback.allowed);
        }

        setText(elapsed, clock(Math.min(at, duration)));
        setText(total, clock(duration));
        seek.style.setProperty("--arc-played", share(at));
        seek.style.setProperty("--arc-buffered",
            share(this.#loaded(audio, at)));
    }


    /* how far the recording is here without a gap */

    #loaded({ buffered }, at) {
        for (let i = 0; i < buffered.length; i++) {
            if (buffered.start(i) <= at && at <= buffered.end(i)) {
                return buffered.end(i);
            }
        }

        return 0;
    }


    /* For a screen reader; not while it plays, or it would never be quiet. */

    #sayPosition(at = this.#now()) {
        const language = this.#language();

        this.#parts.seek.setAttribute("aria-valuetext", this.text(
            "seek.value", {
                at: spoken(at, language),
                total: spoken(this.#duration(), language),
            }));
    }


    /* building: once, and never anew, so that the focus stays where it is */

    #build() {
        const id = `aidial-recording-${++count}`;
        const parts = this.#parts = {};

        const word = (part, key) => {
            this.#words.push([part, key]);
            return part;
        };

        const button = (name, key, ...icons) => parts[name] = make("button",
            name, { type: "button" }, ...icons.map(icon),
            parts[`${name}Text`] = word(make("span"), key));

        const check = name => make("div", "check", {},
            word(make("dt"), name),
            parts[name] = make("dd", `value arc-${name}`, {}, icon("good"),
                icon("bad"), icon("open"), make("span")));

        const range = (name, limits) => parts[name] = word(make("input", name,
            { type: "range", ...limits }), name);

        const labelled = (key, part) => make("label", "field", {},
            word(make("span"), key), part);

        const live = (name, role) => parts[name] = make("p", name,
            { role, id: `${id}-${name}` });

        const list = (name, look) => parts[name] = make("ul", look,
            { id: `${id}-${look}` });

        const link = (name, look) => parts[name] = word(make("a", look),
            look.replace("-", "_"));

        const level = /^[1-6]$/.exec(this.getAttribute("heading-level")) ?? 2;

        parts.audio = make("audio", "audio", { preload: "none" });
        parts.speed = make("select", "speed", {}, ...SPEEDS.map(n =>
            new Option(`${n}×`, n, n === 1, n === 1)));

        this.append(
            make("div", "head", {},
                word(make(`h${level}`, "title", { id: `${id}-title` }),
                    "title"),
                parts.label = make("span", "label"),
                parts.call = make("p", "call")),
            make("dl", "checks", {}, check("consent"), check("compliance"),
                check("media")),
            make("div", "player", {},
                make("div", "bar", {},
                    parts.elapsed = make("span", "elapsed"),
                    range("seek", { min: 0, max: 0, step: "any", value: 0 }),
                    parts.total = make("span", "total")),
                make("div", "transport", {},
                    button("back", "back", "back"),
                    button("play", "play", "play", "pause"),
                    button("forward", "forward", "forward")),
                make("div", "settings", {},
                    labelled("speed", parts.speed),
                    button("mute", "mute", "mute"),
                    labelled("volume", range("volume",
                        { min: 0, max: 100, step: 5, value: 100 })))),
            make("div", "messages", {},
                make("div", "says", { role: "status" },
                    parts.status = make("p", "status"),
                    list("reasons", "reasons")),
                live("alert", "alert"),
                parts.countdown = make("span", "countdown",
                    { role: "timer" }),
                make("div", "links", {}, link("signIn", "sign-in"),
                    button("retry", "retry"), link("callLog", "call-log"))),
            make("div", "save", {}, button("download", "download", "save"),
                list("saveReasons", "save-reasons")),
            parts.audio,
            parts.dialog = make("dialog", "dialog",
                { "aria-labelledby": `${id}-ask`,
                    "aria-describedby": `${id}-audit` },
                word(make("h2", "", { id: `${id}-ask` }), "dialog.title"),
                word(make("p", "", { id: `${id}-audit` }), "dialog.text"),
                live("fault", "alert"),
                make("div", "answers", {},
                    word(parts.cancel = make("button", "cancel",
                        { type: "button", autofocus: "" }), "dialog.cancel"),
                    word(parts.confirm = make("button", "confirm",
                        { type: "button" }), "dialog.confirm"))));

        this.#describe(id);
        this.#listen();
        this.#listenToMedia();
    }


    #describe(id) {
        const own = {
            "role": "group",
            "tabindex": "0",
            "aria-labelledby": `${id}-title`,
            "aria-keyshortcuts": "Space ArrowLeft ArrowRight",
        };

        for (const [name, value] of Object.entries(own)) {
            if (!this.hasAttribute(name)) {
                this.setAttribute(name, value);
            }
        }
    }


    #listen() {
        const { audio, back, cancel, confirm, dialog, download, forward, mute,
            play, retry, seek, speed, volume } = this.#parts;

        const on = (part, name, action) => part.addEventListener(name, action);

        this.addEventListener("keydown", event => this.#key(event));

        /* the second click of a double click must not take back the first */

        on(play, "click", event => event.detail > 1 || this.toggle());
        on(back, "click", () => this.seekBy(-STEP));
        on(forward, "click", () => this.seekBy(STEP));
        on(download, "click", () => this.#askToSave());
        on(cancel, "click", () => dialog.close());
        on(confirm, "click", () => this.#save());
        on(dialog, "close", () => this.#doneSaving());

        on(retry, "click", () => {
            this.focus();
            this.refresh();
        });

        /* a drag asks the edge once, where it ends */

        on(seek, "input", () => {
            this.#dragging = true;
            this.#drawTime();
            this.#sayPosition(Number(seek.value));
        });

        on(seek, "change", () => {
            this.#dragging = false;
            this.seekTo(seek.value);
        });

        on(seek, "focus", () => this.#sayPosition());

        on(speed, "change", () => {
            audio.playbackRate = Number(speed.value);
            audio.defaultPlaybackRate = audio.playbackRate;
        });

        on(volume, "input", () => audio.volume = volume.value / 100);
        on(mute, "click", () => audio.muted = !audio.muted);
        on(audio, "volumechange", () =>
            mute.setAttribute("aria-pressed", String(audio.muted)));
        mute.setAttribute("aria-pressed", "false");
    }
}


/* texts that a page has set before this script came */

for (const [language, table] of Object.entries(
    globalThis.aidialRecordingTexts ?? {}))
{
    translate(table, language);
}

customElements.define("aidial-recording-card", AidialRecordingCard);
