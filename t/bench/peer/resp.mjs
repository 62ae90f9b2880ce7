// A small client of Redis: one connection, everything that is asked within a
// turn of the event loop leaves in one write, replies come back in order.

import net from 'node:net';

const CR = 13;


export class Redis {
    #socket;
    #waiting = [];
    #next = 0;
    #out = '';
    #rest = null;

    constructor(port) {
        this.#socket = net.connect(port, '127.0.0.1');
        this.#socket.setNoDelay(true);
        this.#socket.on('data', data => this.#read(data));
        this.#socket.on('close', () => this.#failed(new Error('closed')));
        this.#socket.on('error', error => this.#failed(error));
    }

    // the replies of these commands, once all are there

    ask(commands) {
        return new Promise((resolve, reject) => {
            if (this.#out === '') {
                setImmediate(() => this.#flush());
            }

            for (const words of commands) {
                this.#out += `*${words.length}\r\n`;

                for (const word of words) {
                    this.#out += `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
                }
            }

            this.#waiting.push({ n: commands.length, replies: [], resolve,
                                 reject });
        });
    }

    #flush() {
        this.#socket.write(this.#out);
        this.#out = '';
    }

    #failed(error) {
        for (const { reject } of this.#waiting.slice(this.#next)) {
            reject(error);
        }

        this.#waiting = [];
        this.#next = 0;
    }

    #read(data) {
        const buffer = this.#rest ? Buffer.concat([this.#rest, data]) : data;
        let at = 0;

        for (;;) {
            const found = parse(buffer, at);
            if (!found) {
                break;
            }

            at = found.at;
            this.#answer(found.value);
        }

        this.#rest = at < buffer.length ? buffer.subarray(at) : null;
    }

    #answer(value) {
        const task = this.#waiting[this.#next];

        task.replies.push(value);
        if (task.replies.length < task.n) {
            return;
        }

        this.#next++;

        // the head is given back now and then, not for every answer

        if (this.#next === this.#waiting.length || this.#next > 1000) {
            this.#waiting.splice(0, this.#next);
            this.#next = 0;
        }

        const error = task.replies.find(reply => reply instanceof Error);
        error ? task.reject(error) : task.resolve(task.replies);
    }
}


// {value, at} of the reply at that place, or null when it is not all there

function parse(buffer, at) {
    const end = buffer.indexOf(CR, at);
    if (end === -1 || end + 1 >= buffer.length) {
        return null;
    }

    const head = buffer.latin1Slice(at + 1, end);
    const next = end + 2;

    switch (String.fromCharCode(buffer[at])) {
    case '+':
        return { value: head, at: next };
    case '-':
        return { value: new Error(head), at: next };
    case ':':
        return { value: Number(head), at: next };
    case '$':
        return bulk(buffer, Number(head), next);
    default:
        return list(buffer, Number(head), next);
    }
}


function bulk(buffer, length, at) {
    if (length === -1) {
        return { value: null, at };
    }

    if (at + length + 2 > buffer.length) {
        return null;
    }

    return { value: buffer.utf8Slice(at, at + length), at: at + length + 2 };
}


function list(buffer, length, at) {
    const value = [];

    for (let i = 0; i < length; i++) {
        const found = parse(buffer, at);
        if (!found) {
            return null;
        }

        value.push(found.value);
        at = found.at;
    }

    return { value, at };
}
