/*
 * iron-session: the whole session is sealed in the cookie, nothing is in
 * Redis, and only the portal can open it.  So the edge asks.
 */

import express from "express";
import { getIronSession } from "iron-session";
import { PORT, SECRET, userNamed } from "./common.mjs";

const app = express();


function sessionOf(request, response) {
    return getIronSession(request, response, {
        cookieName: "portal",
        password: SECRET,
        ttl: 1800,
        cookieOptions: { secure: false },
    });
}


app.post("/sign-in", async (request, response) => {
    const session = await sessionOf(request, response);

    session.user = userNamed(request.query.user);
    session.createdAt = Math.floor(Date.now() / 1000);
    await session.save();
    response.sendStatus(204);
});


app.post("/sign-out", async (request, response) => {
    const session = await sessionOf(request, response);

    session.destroy();
    response.sendStatus(204);
});


app.get("/visit", async (request, response) => {
    const session = await sessionOf(request, response);

    session.visited = true;
    await session.save();
    response.sendStatus(204);
});


app.get("/internal/recording-session", async (request, response) => {
    const { user, createdAt } = await sessionOf(request, response);

    if (!user) {
        return response.sendStatus(401);
    }

    response.json({
        user_id: user.id, role: user.role, tenant_id: user.tenant,
        client_id: user.client, project_ids: user.projects,
        created_at: createdAt,
    });
});


app.listen(PORT, "127.0.0.1");
