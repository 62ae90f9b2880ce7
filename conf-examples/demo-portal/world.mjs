/*
 * world.txt: the one list of tenants, clients, projects, people and calls, as
 * rows "kind|field|field ...".  Its comments name the fields.
 */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const FIELDS = {
    tenant: ["id", "name", "staffPlayback", "download"],
    client: ["id", "tenant", "name"],
    project: ["id", "name"],
    person: ["id", "name", "role", "tenant", "client", "projects"],
    call: ["id", "client", "project", "format", "hoursAgo", "consent",
        "compliance", "media", "caller", "subject"],
};

/* the portal's own words for the roles; the edge's configuration has both */

export const ROLES = {
    client_admin: { word: "owner", title: "Client Admin" },
    client_manager: { word: "manager", title: "Client Manager" },
    client_staff: { word: "agent", title: "Client Staff" },
};

const TYPES = { mp3: "audio/mpeg", wav: "audio/wav", opus: "audio/ogg" };


/* { tenant, client, project, person, call }: a Map by id of each */

export function readWorld(file, media) {
    const world = {};

    for (const kind of Object.keys(FIELDS)) {
        world[kind] = new Map();
    }

    for (const line of readFileSync(file, "utf8").split("\n")) {
        const [kind, ...values] = line.split("|");

        if (!Object.hasOwn(FIELDS, kind)) {
            continue;
        }

        const row = Object.fromEntries(
            FIELDS[kind].map((field, i) => [field, values[i]]));

        world[kind].set(row.id, row);
    }

    const seconds = Number(readFileSync(join(media, "seconds"), "utf8"));
    const now = Date.now();

    for (const call of world.call.values()) {
        call.tenant = world.client.get(call.client).tenant;
        call.at = new Date(now - call.hoursAgo * 3_600_000);
        call.seconds = seconds;
        call.type = TYPES[call.format];
        call.bytes = statSync(join(media, `call.${call.format}`)).size;
    }

    for (const person of world.person.values()) {
        person.projects = person.projects.split(",");
    }

    return world;
}


/* whether a call is the session's user's: tenant, client and project */

export function inScope(call, user) {
    return call.tenant === user.tenant && call.client === user.client
        && (user.projects.includes("*")
            || user.projects.includes(call.project));
}
