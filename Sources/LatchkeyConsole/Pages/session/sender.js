// SPDX-License-Identifier: Apache-2.0

/** Milliseconds after which the oldest message is sent again, at first and at most: an agent whose shell is not up drops it. */
const RESEND = { first: 300, most: 5000 };

/**
 * The input's direction of a session: numbers messages and keeps each until it is acknowledged, so that a cut loses nothing.
 * Messages are given out as {sequence, payloadType, payload}; making bytes of them is the channel's.
 */
export class Sender {
    /** @param {{next: number, kept: object[]}} [state] what ``state`` of another one gave */
    constructor(state = { next: 0, kept: [] }) {
        this.next = state.next;
        /** Unacknowledged, the oldest first. */
        this.kept = state.kept.map((message) => ({ ...message, sent: 0, since: 0 }));
        this.bytes = this.kept.reduce((sum, message) => sum + message.payload.length, 0);
        this.delay = RESEND.first;
    }

    /** A message of a payload, to be sent now. */
    add(payloadType, payload, now) {
        const message = { sequence: this.next, payloadType, payload, sent: now, since: now };
        this.next += 1;
        this.kept.push(message);
        this.bytes += payload.length;
        return message;
    }

    /** @param {boolean} isCumulative whether it counts for all messages before, too */
    acknowledged(sequence, isCumulative) {
        const before = this.kept.length;
        this.kept = this.kept.filter((message) =>
            isCumulative ? message.sequence > sequence : message.sequence !== sequence,
        );
        if (this.kept.length === before) return;
        this.bytes = this.kept.reduce((sum, message) => sum + message.payload.length, 0);
        this.delay = RESEND.first;
    }

    /** Everything that is to go out again, since the connection is another, or the other end asks for it. */
    replay(now) {
        this.delay = RESEND.first;
        for (const message of this.kept) message.sent = message.since = now;
        return this.kept;
    }

    /** Milliseconds for which the oldest message has been under way over this connection; 0 for none. */
    waiting(now) {
        return this.kept.length > 0 ? now - this.kept[0].since : 0;
    }

    /** The message that is to be sent again by now; null for none. */
    due(now) {
        const front = this.kept[0];
        if (!front || now - front.sent < this.delay) return null;
        front.sent = now;
        this.delay = Math.min(this.delay * 2, RESEND.most);
        return front;
    }

    /** What another one, after a reload, goes on with. */
    get state() {
        return { next: this.next, kept: this.kept.map(({ sent: _, since: __, ...message }) => message) };
    }
}
