/*
 * A network that breaks: TCP from a port of its own to the edge.  The page is
 * opened at the relay's address, so for the browser that is the portal.
 *
 *     const relay = await startRelay(world.url);
 *     relay.url
 *     relay.cutAfter(bytes);   ends the next connection that brought so many
 *     relay.cuts               how often that has happened
 *     await relay.stop();
 */

import { once } from "node:events";
import { connect, createServer } from "node:net";


export async function startRelay(url) {
    const relay = new Relay(Number(new URL(url).port));

    await relay.listen();

    return relay;
}


class Relay {
    #server;
    #sockets = new Set();
    #limit = Infinity;
    cuts = 0;

    constructor(port) {
        this.#server = createServer(client => this.#join(client, port));
    }


    async listen() {
        this.#server.listen(0, "127.0.0.1");
        await once(this.#server, "listening");
        this.url = `http://127.0.0.1:${this.#server.address().port}`;
    }


    cutAfter(bytes) {
        this.#limit = bytes;
    }


    async stop() {
        this.#server.close();
        this.#sockets.forEach(socket => socket.destroy());
        await once(this.#server, "close");
    }


    #join(client, port) {
        const edge = connect(port, "127.0.0.1");
        let brought = 0;

        for (const [socket, other] of [[client, edge], [edge, client]]) {
            this.#sockets.add(socket);
            socket.on("error", () => other.destroy());
            socket.on("close", () => {
                this.#sockets.delete(socket);
                other.destroy();
            });
        }

        edge.on("data", chunk => {
            brought += chunk.length;

            if (brought >= this.#limit) {
                this.#cut(client, edge);
                return;
            }

            if (!client.write(chunk)) {
                edge.pause();
            }
        });

        client.on("drain", () => edge.resume());
        client.pipe(edge);
    }


    /*
     * Once: what comes after it is whole.  The browser sees an early end, as
     * of a gateway that was restarted; after a reset Chromium would wait for
     * its user.
     */

    #cut(client, edge) {
        this.cuts++;
        this.#limit = Infinity;
        client.end();
        edge.resetAndDestroy();
    }
}
