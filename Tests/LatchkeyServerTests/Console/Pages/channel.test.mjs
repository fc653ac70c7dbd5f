// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { Channel, WINDOW } from "../../../../Sources/LatchkeyConsole/Pages/session/channel.js";
import { decode, encode, MessageType, PayloadType, readJSON, writeJSON } from "../../../../Sources/LatchkeyConsole/Pages/session/message.js";

const sha256 = async (bytes) => Uint8Array.from(createHash("sha256").update(bytes).digest());
const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (string) => new TextEncoder().encode(string);

/** A channel, what it told, and an agent at its other end that is played by hand. */
class Rig {
    constructor(state) {
        this.time = 1000;
        this.calls = [];
        this.undrawn = [];
        this.shown = "";
        this.messages = [];
        this.away = [];
        this.ended = null;
        this.sent = [];
        this.ids = 0;
        const world = {
            now: () => this.time,
            newID: () => `00000000-0000-4000-8000-${String((this.ids += 1)).padStart(12, "0")}`,
            digest: sha256,
            later: (call) => this.calls.push(call),
        };
        const on = {
            output: (payload, drawn) => this.undrawn.push({ payload, drawn }),
            message: (line) => this.messages.push(line),
            agentAway: (isAway) => this.away.push(isAway),
            end: (end) => (this.ended = end),
        };
        this.channel = new Channel(world, on, state);
        this.next = state?.expected ?? 0;
        this.attach();
    }

    attach() {
        this.sent = [];
        this.channel.attach((message) => this.sent.push(decode(message)));
    }

    /** The agent says something. */
    async say(payloadType, payload, sequence = this.next++) {
        const message = { type: MessageType.output, sequence, payloadType, payload };
        this.channel.receive(await this.frame(message));
        await this.settle();
    }

    async frame(message) {
        return encode({
            ...message,
            digest: await sha256(message.payload),
            id: "00112233-4455-4677-8899-aabbccddeeff",
            created: this.time,
        });
    }

    async relay(type, content = {}) {
        this.channel.receive(await this.frame({ type, payload: writeJSON(content) }));
        await this.settle();
    }

    async acknowledge(sequence) {
        await this.relay(MessageType.acknowledge, {
            AcknowledgedMessageType: MessageType.input,
            AcknowledgedMessageSequenceNumber: sequence,
        });
    }

    async greet(extensions = { CumulativeAcknowledgement: true, ProcessControl: true }) {
        await this.say(
            PayloadType.handshakeRequest,
            writeJSON({
                AgentVersion: "3.3.1142.0",
                RequestedClientActions: [
                    { ActionType: "SessionType", ActionParameters: { SessionType: "Standard_Stream" } },
                ],
                ...(extensions ? { Latchkey: extensions } : {}),
            }),
        );
        await this.say(PayloadType.handshakeComplete, writeJSON({ HandshakeTimeToComplete: 1, CustomerMessage: "" }));
    }

    /** Draws what has come, and lets acknowledgements go. */
    async draw(count = this.undrawn.length) {
        for (const { payload, drawn } of this.undrawn.splice(0, count)) {
            this.shown += text(payload);
            drawn();
        }
        await this.settle();
    }

    async settle() {
        await new Promise((done) => setImmediate(done));
        for (const call of this.calls.splice(0)) call();
        await this.channel.outgoing;
        await new Promise((done) => setImmediate(done));
    }

    get acknowledged() {
        return this.sent
            .filter((message) => message.type === MessageType.acknowledge)
            .map((message) => readJSON(message.payload).AcknowledgedMessageSequenceNumber);
    }

    get input() {
        return this.sent.filter((message) => message.type === MessageType.input);
    }
}

test("the handshake agrees on what Latchkey's ends can do, and the size follows it", async () => {
    const rig = new Rig();
    rig.channel.resize(97, 31);
    assert.equal(rig.channel.input(bytes("ear")), true);
    assert.equal(rig.channel.input(bytes("ly")), true);
    await rig.settle();
    assert.deepEqual(rig.input, [], "nothing is sent before the agent listens");
    await rig.greet();
    const [response, size, early] = rig.input;
    assert.equal(text(early.payload), "early");
    assert.equal(response.payloadType, PayloadType.handshakeResponse);
    const content = readJSON(response.payload);
    assert.deepEqual(content.ProcessedClientActions, [{ ActionType: "SessionType", ActionStatus: 1, Error: "" }]);
    assert.equal(content.Latchkey.Window, WINDOW);
    assert.equal(size.payloadType, PayloadType.size);
    assert.deepEqual(readJSON(size.payload), { cols: 97, rows: 31 });
    assert.deepEqual([response.sequence, size.sequence], [0, 1]);
});

test("an official agent, which shakes no hands for a shell, is asked for nothing of Latchkey's", async () => {
    const rig = new Rig();
    rig.channel.resize(80, 24);
    await rig.say(PayloadType.output, bytes("$ "));
    await rig.draw();
    assert.equal(rig.shown, "$ ");
    assert.deepEqual(rig.acknowledged, [0]);
    assert.deepEqual(readJSON(rig.input[0].payload), { cols: 80, rows: 24 });
    const other = new Rig();
    await other.greet(null);
    assert.equal(readJSON(other.input[0].payload).Latchkey, undefined);
});

test("encryption is refused by name", async () => {
    const rig = new Rig();
    await rig.say(
        PayloadType.handshakeRequest,
        writeJSON({ RequestedClientActions: [{ ActionType: "KMSEncryption" }, { ActionType: "SessionType" }] }),
    );
    const statuses = readJSON(rig.input[0].payload).ProcessedClientActions.map((action) => action.ActionStatus);
    assert.deepEqual(statuses, [3, 1]);
});

test("only what is drawn is acknowledged, the last of several for all", async () => {
    const rig = new Rig();
    await rig.greet();
    rig.sent = [];
    for (const word of ["a", "b", "c"]) await rig.say(PayloadType.output, bytes(word));
    assert.deepEqual(rig.acknowledged, []);
    assert.equal(rig.channel.bytesWaiting, 3);
    await rig.draw(2);
    assert.deepEqual(rig.acknowledged, [3]);
    await rig.draw();
    assert.deepEqual(rig.acknowledged, [3, 4]);
    assert.equal(rig.shown, "abc");
});

test("a status is acknowledged only behind the output before it, and told at the end", async () => {
    const rig = new Rig();
    await rig.greet();
    rig.sent = [];
    await rig.say(PayloadType.output, bytes("last words"));
    await rig.say(PayloadType.exitCode, bytes("EXIT_CODE: 7"));
    assert.deepEqual(rig.acknowledged, []);
    await rig.relay(MessageType.closed, { Output: "" });
    assert.equal(rig.ended, null, "its last words are not drawn yet");
    await rig.draw();
    assert.deepEqual(rig.acknowledged.at(-1), 3);
    assert.deepEqual(rig.ended, { status: 7, reason: "" });
    assert.equal(rig.channel.input(bytes("x")), false);
});

test("messages are shown once and in order, however they come", async () => {
    const rig = new Rig();
    await rig.greet();
    await rig.say(PayloadType.output, bytes("2"), 3);
    await rig.say(PayloadType.output, bytes("3"), 4);
    assert.equal(rig.undrawn.length, 0);
    await rig.say(PayloadType.output, bytes("1"), 2);
    await rig.say(PayloadType.output, bytes("1"), 2);
    await rig.draw();
    assert.equal(rig.shown, "123");
    rig.sent = [];
    await rig.say(PayloadType.output, bytes("1"), 2);
    assert.deepEqual(rig.acknowledged, [4], "what comes again was not acknowledged in vain");
});

test("after a cut everything goes out again, once, and in order", async () => {
    const rig = new Rig();
    await rig.greet();
    for (const word of ["one", "two", "three"]) rig.channel.input(bytes(word));
    await rig.settle();
    const numbers = rig.input.map((message) => message.sequence);
    assert.deepEqual(numbers, [0, 1, 2, 3]);
    await rig.acknowledge(1);
    rig.channel.detach();
    rig.channel.input(bytes("four"));
    await rig.settle();
    rig.attach();
    await rig.settle();
    assert.deepEqual(rig.input.map((message) => text(message.payload)), ["two", "three", "four"]);
    await rig.acknowledge(4);
    rig.time += 100_000;
    rig.sent = [];
    rig.channel.tick();
    await rig.settle();
    assert.deepEqual(rig.input, []);
});

test("what an agent dropped is sent again, ever more seldom", async () => {
    const rig = new Rig();
    await rig.greet();
    await rig.acknowledge(0);
    rig.channel.input(bytes("x"));
    await rig.settle();
    rig.sent = [];
    const times = [];
    for (let passed = 0; passed < 6000; passed += 100) {
        rig.time += 100;
        rig.channel.tick();
        await rig.settle();
        if (rig.sent.splice(0).length > 0) times.push(passed + 100);
    }
    assert.deepEqual(times, [300, 900, 2100, 4500]);
});

test("a reload goes on where it was: nothing is lost or doubled", async () => {
    const rig = new Rig();
    rig.channel.resize(80, 24);
    await rig.greet();
    await rig.say(PayloadType.output, bytes("drawn "));
    await rig.draw();
    await rig.say(PayloadType.output, bytes("not drawn "));
    rig.channel.input(bytes("typed"));
    await rig.acknowledge(1);
    const state = structuredClone(rig.channel.state);
    const after = new Rig(state);
    await after.settle();
    assert.equal(after.channel.isNew, false);
    assert.deepEqual(after.input.map((message) => [message.sequence, text(message.payload)]), [[2, "typed"]]);
    await after.say(PayloadType.output, bytes("drawn "), 2);
    await after.say(PayloadType.output, bytes("not drawn "), 3);
    await after.draw();
    assert.equal(after.shown, "not drawn ");
    assert.equal(after.channel.takesInput, true);
    after.channel.resize(80, 24);
    await after.settle();
    assert.equal(after.input.length, 1, "a size that is known is not told again");
});

test("what was drawn while the connection was lost is acknowledged after a reload, too", async () => {
    const rig = new Rig();
    await rig.greet();
    await rig.say(PayloadType.output, bytes("drawn"));
    rig.channel.detach();
    await rig.draw();
    const after = new Rig(structuredClone(rig.channel.state));
    await after.say(PayloadType.output, bytes("drawn"), 2);
    assert.deepEqual(after.acknowledged, [2]);
    assert.equal(after.undrawn.length, 0);
});

test("a connection that takes nothing stops nothing", async () => {
    const rig = new Rig();
    await rig.greet();
    rig.channel.attach(() => {
        throw new Error("closing");
    });
    rig.channel.input(bytes("x"));
    await rig.settle();
    rig.attach();
    await rig.settle();
    assert.equal(text(rig.input.at(-1).payload), "x");
});

test("the relay says that an agent is away and back, and asks for what was lost", async () => {
    const rig = new Rig();
    await rig.greet();
    rig.channel.input(bytes("x"));
    await rig.settle();
    rig.sent = [];
    await rig.relay(MessageType.pause);
    await rig.relay(MessageType.start);
    assert.deepEqual(rig.away, [true, false]);
    assert.deepEqual(rig.input.map((message) => message.sequence), [0, 1]);
});

test("input that nothing answers shows that the connection is gone, unless the agent is known to be away", async () => {
    const rig = new Rig();
    await rig.greet();
    await rig.acknowledge(rig.channel.sender.next - 1);
    rig.channel.input(bytes("x"));
    assert.equal(rig.channel.isStalled, false);
    rig.time += 10_001;
    assert.equal(rig.channel.isStalled, true);
    await rig.relay(MessageType.pause);
    assert.equal(rig.channel.isStalled, false);
    await rig.relay(MessageType.start);
    assert.equal(rig.channel.isStalled, false, "it was sent again just now");
    rig.time += 10_001;
    rig.attach();
    assert.equal(rig.channel.isStalled, false);
});

test("input is bounded while it is not taken", async () => {
    const rig = new Rig();
    await rig.greet();
    assert.equal(rig.channel.input(new Uint8Array(5 << 20)), true);
    assert.equal(rig.channel.input(bytes("x")), false);
    await rig.settle();
    assert.ok(rig.input.every((message) => message.payload.length <= 16 * 1024));
    await rig.acknowledge(rig.channel.sender.next - 1);
    assert.equal(rig.channel.input(bytes("x")), true);
});

test("a hostile agent's words are borne", async () => {
    const rig = new Rig();
    await rig.say(PayloadType.handshakeRequest, bytes("{"));
    await rig.say(PayloadType.handshakeRequest, bytes('{"RequestedClientActions":[null,7,{"ActionType":["x"]}]}'));
    await rig.say(PayloadType.handshakeComplete, bytes("null"));
    await rig.say(999, bytes("?"));
    await rig.say(PayloadType.exitCode, bytes("EXIT_CODE: x"));
    await rig.relay(MessageType.acknowledge, { AcknowledgedMessageSequenceNumber: "0" });
    rig.channel.receive(new Uint8Array(3));
    await rig.relay(MessageType.closed, { Output: 7 });
    assert.deepEqual(rig.ended, { status: null, reason: "" });
});
