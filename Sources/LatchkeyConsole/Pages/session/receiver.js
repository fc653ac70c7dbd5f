// SPDX-License-Identifier: Apache-2.0

/** What is kept of messages that come before their turn: bytes, and messages. */
const EARLY_BYTES = 4 << 20;
const EARLY_COUNT = 10_000;

/** The output's direction of a session: puts messages in their order. */
export class Receiver {
    /** @param {number} expected the number that the next message in order has */
    constructor(expected = 0) {
        this.expected = expected;
        this.early = new Map();
        this.earlyBytes = 0;
    }

    /**
     * Takes in a message.
     *
     * @returns {{ready: object[]}|"duplicate"|"early"|"dropped"} the messages whose turn it is; "duplicate" for one that was there
     *     before, to be acknowledged again; "dropped" for one that will be sent again
     */
    receive(message) {
        if (message.sequence < this.expected || this.early.has(message.sequence)) return "duplicate";
        if (message.sequence > this.expected) {
            const size = message.payload.length;
            if (this.early.size >= EARLY_COUNT || this.earlyBytes + size > EARLY_BYTES) return "dropped";
            // A view would keep the whole frame's memory only as long as the message; so it is no copy.
            this.early.set(message.sequence, message);
            this.earlyBytes += size;
            return "early";
        }
        const ready = [message];
        this.expected += 1;
        for (let next; (next = this.early.get(this.expected)) !== undefined; this.expected += 1) {
            this.early.delete(this.expected);
            this.earlyBytes -= next.payload.length;
            ready.push(next);
        }
        return { ready };
    }
}
