/* How the portal's pages say what stands in a record, a person or a time. */

import { CHANGES } from "./records.mjs";
import { ROLES } from "./world.mjs";

const STATE = {
    consent: { granted: "Granted", denied: "Denied", unknown: "Unknown",
        undefined: "Missing" },
    compliance: { permitted: "Permitted", denied: "Denied",
        policy_blocked: "Blocked by policy", undefined: "Evidence missing" },
    media: { available: "Available", unavailable: "Unavailable",
        removed: "Removed", undefined: "Not generated" },
    download: { true: "On", false: "Off" },
    staff: { true: "On", false: "Off" },
};


/* the panel's rows, as the page draws them and its script redraws them */

export function switches(states, call) {
    return Object.entries(CHANGES).map(([name, change]) => {
        const state = states[name];
        const on = state === change.on;

        return {
            name,
            label: change.label,
            state: STATE[name][state] ?? "Unknown",
            look: on ? "good" : state === undefined || state === "unknown"
                ? "open" : "bad",
            to: on ? "off" : "on",
            action: on ? change.toOff : change.toOn,
            possible: on || possible(name, call),
        };
    });
}


/* a recording that the media origin never had cannot come back */

export function possible(name, call) {
    return name !== "media" || call.media === "available";
}


export const roleTitle = person => ROLES[person.role].title;


export function projectNames(world, person) {
    return person.projects.includes("*") ? "All projects"
        : person.projects.map(id => world.project.get(id).name).join(", ");
}


export function initials(name) {
    return name.split(" ").map(word => word[0]).join("").slice(0, 2);
}


export function length(seconds) {
    const whole = Math.floor(seconds);

    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}


export function when(date) {
    return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium",
        timeStyle: "short", timeZone: "UTC" }).format(date) + " UTC";
}
