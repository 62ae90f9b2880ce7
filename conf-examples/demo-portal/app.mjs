/*
 * The portal's pages and forms.  The edge stands in front: it answers
 * /api/calls/…/recording and /recordings/ itself, and passes the rest.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

import express from "express";

import * as pages from "./pages.mjs";
import { CHANGES } from "./records.mjs";
import { currentUser, expire, sessions, signIn, signOut }
    from "./sessions.mjs";
import { possible, switches } from "./words.mjs";
import { inScope } from "./world.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

const POLICY = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "media-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
].join("; ");

const HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
};


export function makeApp({ redis, records, world, secret, card, look }) {
    const app = express();

    app.disable("x-powered-by");
    app.set("trust proxy", 1);          /* the edge, and nobody before it */
    app.set("query parser", false);

    app.use(headers);
    app.use("/assets", files(join(here, "assets")));

    for (const name of ["look.css", "icon.svg"]) {
        app.get(`/${name}`, (request, response) =>
            response.sendFile(name, { root: look }));
    }

    app.use("/recording-card", files(card));
    app.use(ownPagesOnly);
    app.use((request, response, next) => {
        response.set("Cache-Control", "no-store");
        next();
    });
    app.use(sessions(redis, secret));
    app.use(express.urlencoded({ extended: false, limit: "1kb",
        parameterLimit: 4 }));

    signingIn(app, redis, world);
    calls(app, redis, records, world);
    endings(app);

    return app;
}


function files(directory) {
    return express.static(directory, { index: false, redirect: false,
        dotfiles: "ignore", maxAge: 0 });
}


function headers(request, response, next) {
    response.set(HEADERS);
    next();
}


/*
 * A form of another site is not heard, even where a browser sends the cookie
 * along with it.  A client that says nothing about where it comes from is not
 * a page of ours either.
 */

function ownPagesOnly(request, response, next) {
    if (["GET", "HEAD"].includes(request.method)) {
        return next();
    }

    const site = request.get("Sec-Fetch-Site");
    const origin = request.get("Origin");
    const own = `${request.protocol}://${request.get("Host")}`;

    const foreign = (site === undefined && origin === undefined)
        || (site !== undefined && site !== "same-origin")
        || (origin !== undefined && origin !== own);

    if (foreign) {
        response.status(403);
        return response.send(pages.trouble("That came from somewhere else",
            "This form is only accepted from the portal's own pages."));
    }

    next();
}


function signingIn(app, redis, world) {
    app.get("/", (request, response) => response.redirect(303, "/calls"));

    app.get("/sign-in", (request, response) =>
        response.send(pages.signIn(world)));

    app.get("/sign-in/:person", (request, response, next) => {
        const person = world.person.get(request.params.person);

        person ? response.send(pages.signInAs(world, person)) : next();
    });

    app.post("/sign-in/:person", async (request, response, next) => {
        const person = world.person.get(request.params.person);

        if (!person) {
            return next();
        }

        await signIn(redis, request, person);
        response.redirect(303, "/calls");
    });

    app.post("/sign-out", async (request, response) => {
        await signOut(redis, request, response);
        response.redirect(303, "/sign-in");
    });
}


function calls(app, redis, records, world) {
    const signedIn = async (request, response, next) => {
        const user = await currentUser(redis, request);

        if (!user) {
            return response.redirect(303, "/sign-in");
        }

        response.locals.user = user;
        response.locals.person = world.person.get(request.session.person);
        next();
    };

    const theirCall = (request, response, next) => {
        const call = world.call.get(request.params.call);

        if (!call || !inScope(call, response.locals.user)) {
            return next("route");       /* as a call that nobody has */
        }

        response.locals.call = call;
        next();
    };

    app.get("/calls", signedIn, (request, response) => {
        const { user, person } = response.locals;
        const rows = [...world.call.values()]
            .filter(call => inScope(call, user))
            .sort((a, b) => b.at - a.at);

        response.send(pages.log(world, person, rows));
    });

    app.get("/calls/:call", signedIn, theirCall, async (request, response) => {
        const { person, call } = response.locals;

        response.send(pages.call(world, person, call,
            await records.states(call)));
    });

    app.post("/calls/:call/change", signedIn, theirCall,
        (request, response) =>
            change(redis, records, request, response));
}


/* One change of the panel.  A page without its script is sent back. */

async function change(redis, records, request, response) {
    const { call } = response.locals;
    const { name, to } = request.body ?? {};
    const ends = name === "session" && to === "off";
    let said = "Your session was deleted.";

    if (ends) {
        await expire(redis, request);
    } else if (isChange(call, name, to)) {
        await records.set(call, name, to === "on");
        said = CHANGES[name][to === "on" ? "saidOn" : "saidOff"];
    } else {
        response.status(400);
        return response.send(pages.trouble("There is no such change",
            "Go back to the call and try again."));
    }

    if (request.accepts(["html", "json"]) === "json") {
        return response.json({ said, session: !ends,
            switches: switches(await records.states(call), call) });
    }

    response.redirect(303, `/calls/${call.id}`);
}


function isChange(call, name, to) {
    return Object.hasOwn(CHANGES, name ?? "")
        && (to === "off" || (to === "on" && possible(name, call)));
}


function endings(app) {
    app.use((request, response) => {
        response.status(404);
        response.send(pages.trouble("There is no such page",
            "The address is wrong, or what it names is not yours to see."));
    });

    /* four parameters: that is how Express knows an error handler */

    app.use((error, request, response, next) => {
        const status = error.status >= 400 && error.status < 500
            ? error.status : 503;

        if (status === 503) {
            console.error(`${request.method} ${request.path}: `
                + error.message);
        }

        if (response.headersSent) {
            return next(error);
        }

        response.status(status);
        response.send(status === 503
            ? pages.trouble("The portal is not available right now",
                "Wait a moment and try again.")
            : pages.trouble("That request was not understood",
                "Go back and try again."));
    });
}
