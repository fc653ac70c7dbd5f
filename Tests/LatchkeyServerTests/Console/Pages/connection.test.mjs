// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection } from "../../../../Sources/LatchkeyConsole/Pages/session/connection.js";

class Socket {
    constructor(url) {
        this.url = url;
        this.sent = [];
    }
    send(data) {
        this.sent.push(data);
    }
    close() {
        this.onclose();
    }
}

/** A connection in a world that is moved by hand. */
function rig(resume = async () => ({ token: "again", url: "wss://r/2" })) {
    const world = {
        sockets: [],
        timers: new Map(),
        resumed: 0,
        open(url) {
            const socket = new Socket(url);
            world.sockets.push(socket);
            return socket;
        },
        resume() {
            world.resumed += 1;
            return resume();
        },
        setTimeout(call, delay) {
            const id = {};
            world.timers.set(id, { call, delay });
            return id;
        },
        clearTimeout: (id) => world.timers.delete(id),
    };
    const channel = {
        isNew: true,
        reason: null,
        attached: 0,
        received: [],
        attach: (transmit) => ((channel.attached += 1), (channel.transmit = transmit)),
        detach: () => (channel.transmit = null),
        receive: (bytes) => channel.received.push(bytes),
        tick() {},
    };
    const states = [];
    const connection = new Connection(channel, world, (state, detail) => states.push(detail ?? state), "client");
    return { world, channel, states, connection };
}

const settle = () => new Promise((done) => setImmediate(done));

/** Runs the timer that waits to come back. */
async function pass(world) {
    for (const [id, { call, delay }] of [...world.timers]) {
        if (delay === 250) continue;
        world.timers.delete(id);
        call();
    }
    await settle();
}

test("the first frame shows the token, and that the client is new", () => {
    const { world, channel, states, connection } = rig();
    connection.start("wss://r/1", "token");
    assert.equal(world.sockets[0].url, "wss://r/1");
    world.sockets[0].onopen();
    const opening = JSON.parse(world.sockets[0].sent[0]);
    assert.equal(opening.TokenValue, "token");
    assert.equal(opening.ClientId, "client");
    assert.equal(opening.LatchkeyNewClient, true);
    assert.equal(channel.attached, 1);
    assert.deepEqual(states, ["connecting", "connected"]);
    world.sockets[0].onmessage({ data: Uint8Array.of(1, 2).buffer });
    assert.deepEqual(channel.received, [Uint8Array.of(1, 2)]);
});

test("a lost connection is followed by another one, with a new token", async () => {
    const { world, channel, states, connection } = rig();
    connection.start("wss://r/1", "token");
    world.sockets[0].onopen();
    world.sockets[0].onclose();
    assert.equal(channel.transmit, null);
    assert.equal(states.at(-1), "waiting");
    await pass(world);
    channel.isNew = false;
    world.sockets[1].onopen();
    const opening = JSON.parse(world.sockets[1].sent[0]);
    assert.equal(opening.TokenValue, "again");
    assert.equal(opening.ClientId, "client");
    assert.equal(opening.LatchkeyNewClient, false);
    assert.equal(states.at(-1), "connected");
    world.sockets[0].onmessage({ data: Uint8Array.of(9).buffer });
    assert.deepEqual(channel.received, [], "a connection that is gone has no more to say");
});

test("attempts become rarer while the server is away, and come at once when the network is back", async () => {
    const { world, connection } = rig(async () => {
        throw new Error("away");
    });
    connection.start("wss://r/1", "token");
    world.sockets[0].onclose();
    const delays = [];
    for (let turn = 0; turn < 8; turn += 1) {
        delays.push([...world.timers.values()][0].delay);
        await pass(world);
    }
    assert.ok(delays[0] >= 100 && delays[0] < 200);
    assert.ok(delays.at(-1) >= 3000 && delays.at(-1) < 6000);
    const before = world.resumed;
    connection.hurry();
    await settle();
    assert.equal(world.resumed, before + 1);
    assert.equal(world.timers.size, 1);
});

test("a session that is over, or that is refused, is not asked for again", async () => {
    const over = rig(async () => ({ token: null }));
    over.connection.start("wss://r/1", "token");
    over.world.sockets[0].onclose();
    await pass(over.world);
    assert.equal(over.states.at(-1), "over");
    assert.equal(over.world.timers.size, 0);
    const refused = rig(async () => {
        throw Object.assign(new Error("no rights"), { isFinal: true });
    });
    refused.connection.start("wss://r/1", "token");
    refused.world.sockets[0].onclose();
    await pass(refused.world);
    assert.equal(refused.states.at(-1), "no rights");
    assert.equal(refused.world.timers.size, 0);
});

test("the end that the relay tells closes the connection for good", () => {
    const { world, channel, states, connection } = rig();
    connection.start("wss://r/1", "token");
    world.sockets[0].onopen();
    channel.receive = () => (channel.reason = "");
    world.sockets[0].onmessage({ data: new ArrayBuffer(1) });
    assert.equal(states.at(-1), "over");
    assert.equal(world.timers.size, 0);
    connection.hurry();
    assert.equal(world.resumed, 0);
});

test("what is closed before it began opens nothing", () => {
    const { world, connection } = rig();
    connection.close();
    connection.start("wss://r/1", "token");
    assert.equal(world.sockets.length, 0);
});

test("one that holds still goes on when it is told to, and only then", async () => {
    const { world, states, connection } = rig();
    connection.start("wss://r/1", "token");
    world.sockets[0].onopen();
    connection.suspend();
    assert.equal(states.at(-1), "waiting");
    assert.equal(world.timers.size, 0);
    await settle();
    assert.equal(world.resumed, 0);
    connection.hurry();
    connection.hurry();
    await settle();
    assert.equal(world.resumed, 1);
    assert.equal(world.sockets.length, 2);
});

test("a connection that answers nothing is given up", async () => {
    const { world, channel, states, connection } = rig();
    connection.start("wss://r/1", "token");
    world.sockets[0].onopen();
    channel.isStalled = true;
    for (const [, { call, delay }] of [...world.timers]) if (delay === 250) call();
    assert.equal(states.at(-1), "waiting");
    channel.isStalled = false;
    await pass(world);
    assert.equal(world.sockets.length, 2);
});
