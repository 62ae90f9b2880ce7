/*
 * What the page says: a sentence for each reason of the edge, a word and a
 * look for each state, and figures as people read them.
 */

const roles = {
    client_admin: "Client Admin",
    client_manager: "Client Manager",
    client_staff: "Client Staff",
};

const sentences = {
    role_restriction: "Your role may not download recordings.",
    staff_playback_disabled: "Your company does not let staff listen.",
    missing_entitlement: "Downloads are not part of your company's plan.",
    consent_denied: "The caller did not consent to the recording.",
    consent_missing: "The caller was never asked for consent.",
    consent_unknown: "It is not known whether the caller consented.",
    compliance_denied: "A compliance review ruled out playback.",
    compliance_missing_evidence: "The evidence for a compliance review is "
                                 + "missing.",
    compliance_policy_blocked: "A compliance policy blocks playback.",
    media_not_generated: "The recording is not ready yet.",
    media_unavailable: "The recording cannot be reached at the moment.",
    media_removed: "The recording has been removed.",
};

const problems = {
    session_required: "Your session has ended. Please sign in again.",
    rate_limited: "That was too often. Please wait a few seconds.",
    recording_not_found: "This recording was not found.",
    service_unavailable: "The service is busy. Please try again in a moment.",
    grant_expired: "This link has expired. Please try again.",
    grant_used: "This link has been used already.",
};

const states = {
    granted: ["good", "Granted"],
    permitted: ["good", "Permitted"],
    available: ["good", "Available"],
    denied: ["bad", "Denied"],
    policy_blocked: ["bad", "Policy blocked"],
    removed: ["bad", "Removed"],
    missing: ["open", "Missing"],
    missing_evidence: ["open", "No evidence"],
    unknown: ["open", "Unknown"],
    not_generated: ["open", "Not ready"],
    unavailable: ["open", "Unavailable"],
};

const types = {
    "audio/mpeg": "MP3",
    "audio/wav": "WAV",
    "audio/ogg": "Ogg Opus",
};


export const role = name => roles[name] ?? "Unknown role";

/* [look, word] */

export const state = name => states[name] ?? ["open", "Unknown"];

export const type = name => types[name] ?? "Audio";

export const reasons = codes =>
    codes.map(code => sentences[code] ?? "This is not allowed.").join(" ");

export const problem = answer =>
    answer.reasons?.length ? reasons(answer.reasons)
        : problems[answer.code] ?? "That did not work. Please try again.";

export const date = text => new Intl.DateTimeFormat("en", {
    weekday: "short", day: "numeric", month: "short",
    hour: "2-digit", minute: "2-digit", hourCycle: "h23",
}).format(new Date(text));

export const size = bytes => `${(bytes / 1e6).toFixed(1)} MB`;

export const length = seconds =>
    `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

/* the parts of a line, each kept whole when the line wraps */

export const line = parts =>
    parts.map(part => part.replaceAll(" ", "\u00a0")).join("\u00a0\u00b7 ");

export const initials = name =>
    name.split(" ").map(part => part[0]).join("").slice(0, 2);
