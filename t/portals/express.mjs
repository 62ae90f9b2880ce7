/*
 * express-session with connect-redis: signed cookie, JSON in Redis.
 */

import express from "express";
import session from "express-session";
import { RedisStore } from "connect-redis";
import { PORT, SECRET, connectRedis, userNamed } from "./common.mjs";

const app = express();

app.use(session({
    store: new RedisStore({ client: await connectRedis() }),
    secret: SECRET,
    resave: false,
    saveUninitialized: true,
}));


app.post("/sign-in", (request, response, next) => {
    const user = userNamed(request.query.user);

    // another id for the session: one that was planted is worth nothing

    request.session.regenerate((error) => {
        if (error) {
            return next(error);
        }

        request.session.user = user;
        request.session.createdAt = Date.now();
        response.sendStatus(204);
    });
});


app.post("/sign-out", (request, response, next) => {
    request.session.destroy((error) => {
        if (error) {
            return next(error);
        }

        response.sendStatus(204);
    });
});


// whoever comes gets a session, as a visitor with a shopping cart does

app.get("/visit", (request, response) => {
    request.session.visited = true;
    response.sendStatus(204);
});


app.listen(PORT, "127.0.0.1");
