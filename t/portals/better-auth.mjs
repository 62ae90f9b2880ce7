/*
 * better-auth with Redis as its secondary storage: the cookie is signed, the
 * session and its user are JSON in Redis.  Users are in memory.
 */

import express from "express";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders } from "better-auth/node";
import { PORT, SECRET, allUsers, connectRedis, userNamed } from "./common.mjs";

const PASSWORD = "correct-horse-battery";
const redis = await connectRedis();

const auth = betterAuth({
    baseURL: `http://127.0.0.1:${PORT}`,
    secret: SECRET,
    telemetry: { enabled: false },
    database: memoryAdapter(
        { user: [], session: [], account: [], verification: [] }),
    emailAndPassword: { enabled: true, autoSignIn: false },

    secondaryStorage: {
        get: (key) => redis.get(`auth:${key}`),
        set: (key, value, ttl) =>
            redis.set(`auth:${key}`, value, ttl ? { EX: ttl } : undefined),
        delete: (key) => redis.del(`auth:${key}`),
    },

    user: {
        additionalFields: {
            role: { type: "string" },
            tenant: { type: "string" },
            client: { type: "string" },
            projects: { type: "string[]" },
        },
    },

    // its own createdAt is a text, the edge reads a number

    session: {
        additionalFields: {
            beganAt: { type: "number", required: false, input: false },
        },
    },
    databaseHooks: {
        session: {
            create: {
                before: async (session) =>
                    ({ data: { ...session, beganAt: Date.now() } }),
            },
        },
    },
});

for (const [name, user] of allUsers()) {
    const { role, tenant, client, projects } = user;

    await auth.api.signUpEmail({
        body: { email: `${name}@example.com`, password: PASSWORD, name,
                role, tenant, client, projects },
    });
}


const app = express();

app.post("/sign-in", async (request, response) => {
    userNamed(request.query.user);

    const answer = await auth.api.signInEmail({
        body: { email: `${request.query.user}@example.com`,
                password: PASSWORD },
        headers: fromNodeHeaders(request.headers),
        asResponse: true,
    });

    pass(answer, response);
});


app.post("/sign-out", async (request, response) => {
    const answer = await auth.api.signOut({
        headers: fromNodeHeaders(request.headers),
        asResponse: true,
    });

    pass(answer, response);
});


function pass(answer, response) {
    response.append("Set-Cookie", answer.headers.getSetCookie());
    response.status(answer.ok ? 204 : answer.status).end();
}


app.listen(PORT, "127.0.0.1");
