// SPDX-License-Identifier: Apache-2.0

import { MessageType, PayloadType, acknowledgement, decode, encode, readJSON, writeJSON } from "./message.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";

/** What the page says it is to agents that compare versions with those of the official plugin. */
export const CLIENT_VERSION = "1.2.792.0";

/**
 * Bytes of output that an agent of Latchkey's may have under way: a browser cannot stop reading, so all of it may wait to be
 * drawn. Half of what a terminal draws in the tenth of a second that Ctrl-C may take.
 */
export const WINDOW = 256 * 1024;

/** Bytes of input in one message; what is pasted goes in several. */
const INPUT_CHUNK = 16 * 1024;
/** Bytes of input that may wait for the agent; and that may be typed before it listens. */
const INPUT_LIMIT = 4 << 20;
const EARLY_LIMIT = 64 * 1024;
/** An acknowledgement waits for so many bytes more, or milliseconds. */
const ACKNOWLEDGE = { bytes: 64 * 1024, delay: 5 };

/** Milliseconds that an acknowledgement of input may take. */
const STALLED = 10_000;

const TERMINATE_SESSION = Uint8Array.of(0, 0, 0, 2);

/** @typedef {{sequence: number, id: string, payloadType: number, payload: Uint8Array}} Message */

/**
 * A client's end of a session: the two directions, the handshake and the acknowledgements. It outlives the connections that
 * carry it, and knows no sockets, no clock and no terminal.
 */
export class Channel {
    /**
     * @param {object} world what it needs of the world
     * @param {() => number} world.now milliseconds since 1970
     * @param {() => string} world.newID a random UUID
     * @param {(bytes: Uint8Array) => Promise<Uint8Array>} world.digest SHA-256
     * @param {(call: () => void, delay: number) => unknown} world.later
     * @param {object} on what it tells
     * @param {(bytes: Uint8Array, drawn: () => void) => void} on.output
     * @param {(message: string) => void} on.message a line for the user, from the handshake
     * @param {(isAway: boolean) => void} on.agentAway
     * @param {({status: number|null, reason: string}) => void} on.end
     * @param {object} [state] what ``state`` of another one gave
     */
    constructor(world, on, state = {}) {
        this.world = world;
        this.on = on;
        this.receiver = new Receiver(state.expected);
        this.sender = new Sender(state.sender);
        /** What both ends can do beyond the official ones; null until, or unless, they agreed. */
        this.extensions = state.extensions ?? null;
        /** Whether the agent listens. */
        this.isReady = state.isReady ?? false;
        this.status = state.status ?? null;
        this.size = state.size ?? null;
        /** What was typed before the agent listened. */
        this.early = state.early ?? new Uint8Array();
        /** Output that has come and is not drawn yet. */
        this.bytesWaiting = 0;
        /** Messages that came in their turn and are not acknowledged, since they, or ones before them, are not drawn yet. */
        this.untaken = [];
        this.lastTaken = null;
        this.bytesUnacknowledged = 0;
        this.isAcknowledging = false;
        this.reason = null;
        this.hasEnded = false;
        this.transmit = null;
        this.agentIsAway = false;
        /** Messages go out in the order in which they were made, although digests take their time. */
        this.outgoing = Promise.resolve();
    }

    /** What another channel of the same client goes on with, as after a reload of the page. What is not drawn comes again. */
    get state() {
        return {
            expected: this.untaken[0]?.message.sequence ?? this.receiver.expected,
            sender: this.sender.state,
            extensions: this.extensions,
            isReady: this.isReady,
            status: this.status,
            size: this.size,
            early: this.early,
        };
    }

    /** Whether nothing of the agent has come yet: the relay is told. */
    get isNew() {
        return this.receiver.expected === 0;
    }

    /** Whether what is typed is taken. */
    get takesInput() {
        return !this.hasEnded && this.sender.bytes < INPUT_LIMIT && this.early.length < EARLY_LIMIT;
    }

    // The connection

    /** Goes on over a new connection. @param {(bytes: Uint8Array) => void} transmit */
    attach(transmit) {
        this.transmit = transmit;
        // The relay says so again if it is still so.
        this.agentIsAway = false;
        this.replay();
    }

    detach() {
        this.transmit = null;
    }

    /** Whether nothing has answered for so long that the connection is gone, though nothing has said so: half a network's end. */
    get isStalled() {
        return !this.agentIsAway && this.reason === null && this.sender.waiting(this.world.now()) > STALLED;
    }

    replay() {
        for (const message of this.sender.replay(this.world.now())) this.put(message);
    }

    /** To be called now and then: sends again what an agent may have dropped. */
    tick() {
        if (!this.transmit || this.reason !== null) return;
        const message = this.sender.due(this.world.now());
        if (message) this.put(message);
    }

    put({ sequence, payloadType, payload }) {
        this.transmitMessage({ type: MessageType.input, sequence, payloadType, payload });
    }

    transmitMessage(message) {
        const transmit = this.transmit;
        if (!transmit) return;
        this.outgoing = this.outgoing.then(async () => {
            const digest = await this.world.digest(message.payload);
            // What was meant for a connection that is gone goes out over the next one by itself.
            if (transmit !== this.transmit) return;
            transmit(encode({ ...message, digest, id: this.world.newID(), created: this.world.now() }));
        });
        // What a connection that is just ending does not take, goes out over the next one.
        this.outgoing = this.outgoing.catch(() => {});
    }

    // What comes

    /** A frame of the relay's. @param {Uint8Array} bytes */
    receive(bytes) {
        const message = decode(bytes);
        if (!message || this.hasEnded) return;
        switch (message.type) {
            case MessageType.output:
                return this.receiveOutput(message);
            case MessageType.acknowledge:
                return this.receiveAcknowledgement(readJSON(message.payload));
            case MessageType.pause:
                this.agentIsAway = true;
                return this.on.agentAway(true);
            case MessageType.start:
                this.agentIsAway = false;
                this.on.agentAway(false);
                return this.replay();
            case MessageType.closed: {
                const content = readJSON(message.payload);
                this.reason = typeof content?.Output === "string" ? content.Output : "";
                return this.endIfDrawn();
            }
        }
    }

    receiveAcknowledgement(content) {
        const sequence = content?.AcknowledgedMessageSequenceNumber;
        if (content?.AcknowledgedMessageType !== MessageType.input || !Number.isSafeInteger(sequence)) return;
        this.sender.acknowledged(sequence, this.extensions?.CumulativeAcknowledgement === true);
    }

    receiveOutput(message) {
        const outcome = this.receiver.receive(message);
        if (outcome === "duplicate") return this.acknowledgeAgain(message);
        for (const ready of outcome.ready ?? []) this.take(ready);
    }

    take(message) {
        switch (message.payloadType) {
            case PayloadType.handshakeRequest:
                this.enqueue(message).isDrawn = true;
                this.answer(readJSON(message.payload));
                break;
            case PayloadType.handshakeComplete: {
                this.enqueue(message).isDrawn = true;
                const text = readJSON(message.payload)?.CustomerMessage;
                if (typeof text === "string" && text) this.on.message(text);
                this.begin();
                break;
            }
            case PayloadType.exitCode:
                this.enqueue(message).isDrawn = true;
                this.status = exitStatus(message.payload);
                break;
            case PayloadType.output:
            case PayloadType.error:
            case PayloadType.parameter:
            case PayloadType.standardError:
                // An official agent with a shell shakes no hands: its first words say that it is there.
                this.begin();
                this.draw(message);
                break;
            default:
                this.enqueue(message).isDrawn = true;
        }
        this.takeDrawn();
    }

    enqueue(message) {
        const entry = { message, isDrawn: false };
        this.untaken.push(entry);
        return entry;
    }

    draw(message) {
        const entry = this.enqueue(message);
        this.bytesWaiting += message.payload.length;
        this.on.output(message.payload, () => {
            entry.isDrawn = true;
            this.bytesWaiting -= message.payload.length;
            this.takeDrawn();
            this.endIfDrawn();
        });
    }

    // Acknowledgements: only what is drawn has been received, so that a terminal that is slow holds back the agent.

    takeDrawn() {
        while (this.untaken[0]?.isDrawn) this.taken(this.untaken.shift().message);
    }

    taken(message) {
        this.lastTaken = message;
        if (this.extensions?.CumulativeAcknowledgement !== true) return this.acknowledge(message);
        this.bytesUnacknowledged += message.payload.length;
        // What is no output is rare, and may be the last that the agent waits for.
        const isOutput = message.payloadType === PayloadType.output;
        if (!isOutput || this.bytesUnacknowledged >= ACKNOWLEDGE.bytes) return this.acknowledgeTaken();
        if (this.isAcknowledging) return;
        this.isAcknowledging = true;
        this.world.later(() => {
            this.isAcknowledging = false;
            if (this.bytesUnacknowledged > 0) this.acknowledgeTaken();
        }, ACKNOWLEDGE.delay);
    }

    acknowledgeTaken() {
        this.bytesUnacknowledged = 0;
        this.acknowledge(this.lastTaken);
    }

    /** A message that comes again: its acknowledgement may have been lost. */
    acknowledgeAgain(message) {
        if (message.sequence >= (this.untaken[0]?.message.sequence ?? this.receiver.expected)) return;
        // After a reload it is not known which one was taken last; but what comes again was.
        if (this.extensions?.CumulativeAcknowledgement === true && this.lastTaken) this.acknowledgeTaken();
        else this.acknowledge(message);
    }

    acknowledge({ sequence, id }) {
        this.transmitMessage({ type: MessageType.acknowledge, payload: acknowledgement(sequence, id) });
    }

    // Handshake

    answer(request) {
        const actions = Array.isArray(request?.RequestedClientActions) ? request.RequestedClientActions : [];
        const extensions = request?.Latchkey
            ? {
                  CumulativeAcknowledgement: true,
                  ProcessControl: true,
                  PayloadChecksum: false,
                  HalfClose: false,
                  Window: WINDOW,
              }
            : undefined;
        this.send(
            PayloadType.handshakeResponse,
            writeJSON({
                ClientVersion: CLIENT_VERSION,
                ProcessedClientActions: actions.map((action) => ({
                    ActionType: String(action?.ActionType),
                    ActionStatus: action?.ActionType === "SessionType" ? 1 : 3,
                    Error: action?.ActionType === "SessionType" ? "" : "the console does not encrypt a second time",
                })),
                Errors: null,
                Latchkey: extensions,
            }),
        );
        if (extensions) this.extensions = extensions;
    }

    begin() {
        if (this.isReady) return;
        this.isReady = true;
        if (this.size) this.sendSize();
        const early = this.early;
        this.early = new Uint8Array();
        if (early.length > 0) this.input(early);
    }

    // What goes

    send(payloadType, payload) {
        const message = this.sender.add(payloadType, payload, this.world.now());
        this.put(message);
    }

    /** What was typed or pasted. @param {Uint8Array} bytes @returns {boolean} whether it was taken */
    input(bytes) {
        if (!this.takesInput) return false;
        if (!this.isReady) {
            this.early = Uint8Array.of(...this.early, ...bytes.subarray(0, EARLY_LIMIT));
            return true;
        }
        for (let at = 0; at < bytes.length; at += INPUT_CHUNK) {
            this.send(PayloadType.output, bytes.slice(at, at + INPUT_CHUNK));
        }
        return true;
    }

    /** The terminal's size, as soon as the agent listens and at each change. */
    resize(cols, rows) {
        if (this.size?.cols === cols && this.size?.rows === rows) return;
        this.size = { cols, rows };
        if (this.isReady && !this.hasEnded) this.sendSize();
    }

    sendSize() {
        this.send(PayloadType.size, writeJSON({ cols: this.size.cols, rows: this.size.rows }));
    }

    /** Asks the agent to end the session. */
    terminate() {
        this.send(PayloadType.flag, TERMINATE_SESSION);
    }

    endIfDrawn() {
        if (this.reason === null || this.hasEnded || this.untaken.length > 0) return;
        this.hasEnded = true;
        this.on.end({ status: this.status, reason: this.reason });
    }
}

/** The number in what an agent says of a process that has ended: "EXIT_CODE: 7". */
function exitStatus(payload) {
    const found = /(-?\d+)\s*$/.exec(new TextDecoder().decode(payload.subarray(0, 64)));
    return found ? Number(found[1]) : null;
}
