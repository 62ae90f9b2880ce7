/*
 * A portal whose session is a JSON Web Token.  LIBRARY says who signs it,
 * jose or jsonwebtoken, and ALG how; KEY_FILE is where the edge finds what it
 * verifies with.  Signing out is a key in Redis.
 */

import { createSecretKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import express from "express";
import { SignJWT, exportJWK } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { PORT, SECRET, connectRedis, userNamed } from "./common.mjs";

const { LIBRARY, ALG, KEY_FILE, KEY_FORM } = process.env;
const ISSUER = "https://portal.example.com";
const AUDIENCE = "recordings";
const LIFE_SECONDS = 1800;

const PAIRS = {
    RS256: ["rsa", { modulusLength: 2048 }],
    ES256: ["ec", { namedCurve: "P-256" }],
    EdDSA: ["ed25519", {}],
};


// the key that signs; what verifies is written for the edge

async function signingKey() {
    if (ALG === "HS256") {
        writeFileSync(KEY_FILE, `${SECRET}\n`);
        return createSecretKey(SECRET, "utf8");
    }

    const { publicKey, privateKey } = generateKeyPairSync(...PAIRS[ALG]);

    writeFileSync(KEY_FILE, KEY_FORM === "jwks"
        ? JSON.stringify({ keys: [await exportJWK(publicKey)] })
        : publicKey.export({ type: "spki", format: "pem" }));

    return privateKey;
}


const SIGN = {
    jose: (claims, key) =>
        new SignJWT(claims)
            .setProtectedHeader({ alg: ALG, typ: "JWT" })
            .setIssuer(ISSUER)
            .setAudience(AUDIENCE)
            .setIssuedAt()
            .setExpirationTime(`${LIFE_SECONDS}s`)
            .sign(key),

    jsonwebtoken: (claims, key) =>
        jsonwebtoken.sign(claims, key, {
            algorithm: ALG, issuer: ISSUER, audience: AUDIENCE,
            expiresIn: LIFE_SECONDS,
        }),
};


const redis = await connectRedis();
const key = await signingKey();
const app = express();


app.post("/sign-in", async (request, response) => {
    const { id, ...scope } = userNamed(request.query.user);
    const token = await SIGN[LIBRARY](
        { sub: id, sid: randomUUID(), scope }, key);

    response.cookie("portal_token", token, { httpOnly: true });
    response.sendStatus(204);
});


// a token cannot be taken back: the edge is told that its session has ended

app.post("/sign-out", async (request, response) => {
    const token = request.headers.cookie.match(/portal_token=([^;]+)/)[1];
    const { sid } = jsonwebtoken.decode(token);

    await redis.set(`aidial:revoked:${sid}`, "1", { EX: LIFE_SECONDS });
    response.clearCookie("portal_token");
    response.sendStatus(204);
});


app.listen(PORT, "127.0.0.1");
