/*
 * The records that the edge reads: one of each tenant and of each call.  They
 * are plain JSON strings in Redis; docs/redis-contract.md says what is in them.
 */

const PREFIX = "aidial:";

/*
 * What a visitor may change on a call's page: where it stands, the two words
 * it takes, and what the page says about them.
 */

export const CHANGES = {
    consent: {
        label: "Consent", of: "call", path: ["consent"],
        on: "granted", off: "denied",
        toOn: "Grant consent", toOff: "Withdraw consent",
        saidOn: "Consent is granted.", saidOff: "Consent was withdrawn.",
    },
    compliance: {
        label: "Playback compliance", of: "call",
        path: ["playback_compliance"],
        on: "permitted", off: "denied",
        toOn: "Permit playback", toOff: "Block playback",
        saidOn: "Playback compliance is permitted.",
        saidOff: "Playback compliance was denied.",
    },
    media: {
        label: "Recording", of: "call", path: ["media", "status"],
        on: "available", off: "removed",
        toOn: "Restore the recording", toOff: "Remove the recording",
        saidOn: "The recording was restored.",
        saidOff: "The recording was removed.",
    },
    download: {
        label: "Download entitlement", of: "tenant",
        path: ["recording_download"],
        on: true, off: false,
        toOn: "Switch downloads on", toOff: "Switch downloads off",
        saidOn: "Downloads are part of the plan.",
        saidOff: "Downloads are no longer part of the plan.",
    },
    staff: {
        label: "Playback by staff", of: "tenant", path: ["staff_playback"],
        on: true, off: false,
        toOn: "Let staff listen", toOff: "Stop staff listening",
        saidOn: "Staff may listen.", saidOff: "Staff may no longer listen.",
    },
};


export class Records {
    #redis;
    #world;
    #last = Promise.resolve();          /* changes are made one by one */

    constructor(redis, world) {
        this.#redis = redis;
        this.#world = world;
    }


    async write() {
        const pairs = [];

        for (const tenant of this.#world.tenant.values()) {
            pairs.push([key("tenant", tenant.id), {
                staff_playback: tenant.staffPlayback === "true",
                recording_download: tenant.download === "true",
            }]);
        }

        for (const call of this.#world.call.values()) {
            pairs.push([key("call", call.id), callRecord(call)]);
        }

        await Promise.all(pairs.map(([name, record]) =>
            this.#redis.set(name, JSON.stringify(record))));

        return pairs.length;
    }


    /* what each change stands at for this call: { consent: "granted", ... } */

    async states(call) {
        const [ofCall, ofTenant] = await Promise.all([
            this.#read(key("call", call.id)),
            this.#read(key("tenant", call.tenant)),
        ]);

        return Object.fromEntries(Object.entries(CHANGES).map(
            ([name, { of, path }]) => [name, path.reduce(
                (part, step) => part?.[step],
                of === "call" ? ofCall : ofTenant)]));
    }


    set(call, name, on) {
        const { of, path, on: yes, off: no } = CHANGES[name];
        const where = key(of, of === "call" ? call.id : call.tenant);

        const change = async () => {
            const record = await this.#read(where);
            const last = path.at(-1);
            const part = path.slice(0, -1).reduce(
                (inner, step) => inner[step] ??= {}, record);

            part[last] = on ? yes : no;
            await this.#redis.set(where, JSON.stringify(record));
        };

        const done = this.#last.then(change);

        this.#last = done.catch(() => {});

        return done;
    }


    async #read(name) {
        return JSON.parse(await this.#redis.get(name) ?? "{}");
    }
}


function key(kind, id) {
    return `${PREFIX}${kind}:${id}`;
}


/* what is not known is not written, as most portals have it */

function callRecord(call) {
    const record = {
        tenant_id: call.tenant,
        client_id: call.client,
        project_id: call.project,
    };

    if (call.consent !== "missing") {
        record.consent = call.consent;
    }

    if (call.compliance !== "missing_evidence") {
        record.playback_compliance = call.compliance;
    }

    if (call.media !== "not_generated") {
        record.media = {
            status: call.media,
            object: `/${call.tenant}/2026/${call.id}.${call.format}`,
            content_type: call.type,
            size_bytes: call.bytes,
            duration_seconds: call.seconds,
            filename: `call-${call.id}.${call.format}`,
        };
    }

    return record;
}
