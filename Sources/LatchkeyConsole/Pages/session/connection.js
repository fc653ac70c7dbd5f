// SPDX-License-Identifier: Apache-2.0

import { CLIENT_VERSION } from "./channel.js";

/** Milliseconds between two attempts to come back, at first and at most. */
const PAUSES = { first: 100, most: 3000 };
/** Milliseconds: how often the channel is asked what is to be sent again. */
const TICK = 250;

/**
 * Carries a channel over WebSockets, one after the other: when one is lost, it asks for a new token and comes back, for as long
 * as the session lives.
 */
export class Connection {
    /**
     * @param {import("./channel.js").Channel} channel
     * @param {object} world
     * @param {(url: string) => WebSocket} world.open
     * @param {() => Promise<{token: string|null, url: string}>} world.resume a new token; null where the session is over
     * @param {(call: () => void, delay: number) => number} world.setTimeout
     * @param {(id: number) => void} world.clearTimeout
     * @param {(state: "connecting"|"connected"|"waiting"|"over"|"failed", detail?: string) => void} onState
     * @param {string} clientID the same for as long as the tab lives: it tells the relay a return from another client
     */
    constructor(channel, world, onState, clientID) {
        this.channel = channel;
        this.world = world;
        this.onState = onState;
        this.clientID = clientID;
        this.socket = null;
        this.pause = PAUSES.first;
        this.timer = null;
        this.ticker = null;
        this.isClosed = false;
        this.isResuming = false;
        this.isSuspended = false;
    }

    /** Opens the first connection, with the token that StartSession gave. */
    start(url, token) {
        this.onState("connecting");
        this.connect(url, token);
    }

    /** Comes back to a session that was left, as after a reload. */
    async resume() {
        if (this.isClosed || this.socket || this.isResuming) return;
        this.clear();
        this.isSuspended = false;
        this.isResuming = true;
        this.onState("connecting");
        let answer;
        try {
            answer = await this.world.resume();
        } catch (error) {
            this.isResuming = false;
            if (this.isClosed || this.isSuspended) return;
            // What the server refuses, it refuses again; anything else may pass.
            if (error?.isFinal) return this.fail(error.message);
            return this.wait();
        }
        this.isResuming = false;
        if (this.isClosed || this.isSuspended) return;
        if (!answer.token) return this.finish("over");
        this.connect(answer.url, answer.token);
    }

    connect(url, token) {
        if (this.isClosed) return;
        let socket;
        try {
            socket = this.world.open(url);
        } catch (error) {
            return this.fail(error.message);
        }
        this.socket = socket;
        socket.binaryType = "arraybuffer";
        socket.onopen = () => {
            this.pause = PAUSES.first;
            socket.send(
                JSON.stringify({
                    MessageSchemaVersion: "1.0",
                    RequestId: this.clientID,
                    TokenValue: token,
                    ClientId: this.clientID,
                    ClientVersion: CLIENT_VERSION,
                    LatchkeyNewClient: this.channel.isNew,
                }),
            );
            this.channel.attach((bytes) => socket.send(bytes));
            this.tick();
            this.onState("connected");
        };
        socket.onmessage = ({ data }) => {
            if (this.socket !== socket) return;
            this.channel.receive(typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));
            if (this.channel.reason !== null) this.finish("over");
        };
        socket.onclose = () => {
            if (this.socket === socket) this.lose();
        };
    }

    /** The connection is no more, whether it has said so or not. */
    lose() {
        const socket = this.socket;
        this.drop();
        socket.close();
        if (!this.isClosed) this.wait();
    }

    drop() {
        this.socket = null;
        this.channel.detach();
        this.world.clearTimeout(this.ticker);
        this.ticker = null;
    }

    tick() {
        if (this.channel.isStalled) return this.lose();
        this.channel.tick();
        this.ticker = this.world.setTimeout(() => this.tick(), TICK);
    }

    wait() {
        this.onState("waiting");
        // Not all browsers of a relay that starts again come in the same moment.
        this.timer = this.world.setTimeout(() => this.resume(), this.pause * (1 + Math.random()));
        this.pause = Math.min(this.pause * 2, PAUSES.most);
    }

    /** Tries at once, as when the network is back or the page is seen again. */
    hurry() {
        if (this.timer === null && !this.isSuspended) return;
        this.pause = PAUSES.first;
        void this.resume();
    }

    /** Holds still, as until the user signs in again; ``hurry`` goes on. */
    suspend() {
        if (this.isClosed) return;
        this.isSuspended = true;
        this.clear();
        const socket = this.socket;
        this.drop();
        socket?.close();
        this.onState("waiting");
    }

    clear() {
        this.world.clearTimeout(this.timer);
        this.timer = null;
    }

    fail(detail) {
        this.isClosed = true;
        this.clear();
        this.onState("failed", detail);
    }

    finish(state) {
        if (this.isClosed) return;
        this.isClosed = true;
        this.clear();
        const socket = this.socket;
        this.drop();
        socket?.close();
        this.onState(state);
    }

    /** Lets go of the session, which goes on without this page. */
    close() {
        this.finish("over");
    }
}
