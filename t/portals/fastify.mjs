/*
 * @fastify/session with a Redis store (it takes those of express-session):
 * the cookie is signed by @fastify/cookie, JSON in Redis.
 */

import fastify from "fastify";
import cookie from "@fastify/cookie";
import session from "@fastify/session";
import { RedisStore } from "connect-redis";
import { PORT, SECRET, connectRedis, userNamed } from "./common.mjs";

const app = fastify();

await app.register(cookie);
await app.register(session, {
    secret: SECRET,
    store: new RedisStore({ client: await connectRedis() }),
    cookie: { secure: false, maxAge: 1800_000 },
});


app.post("/sign-in", async (request, reply) => {
    await request.session.regenerate();
    request.session.set("user", userNamed(request.query.user));
    request.session.set("createdAt", Date.now());

    return reply.code(204).send();
});


app.post("/sign-out", async (request, reply) => {
    await request.session.destroy();

    return reply.code(204).send();
});


app.get("/visit", async (request, reply) => {
    request.session.set("visited", true);

    return reply.code(204).send();
});


await app.listen({ port: PORT, host: "127.0.0.1" });
