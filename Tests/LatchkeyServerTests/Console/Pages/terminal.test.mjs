// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { find } from "../../../../Sources/LatchkeyConsole/Pages/terminal/find.js";
import { addressesIn, openable } from "../../../../Sources/LatchkeyConsole/Pages/terminal/links.js";
import { cleaned, lineCount, runsSomething } from "../../../../Sources/LatchkeyConsole/Pages/terminal/paste.js";
import { lockName, Orphans } from "../../../../Sources/LatchkeyConsole/Pages/terminal/orphans.js";
import { Scrollback } from "../../../../Sources/LatchkeyConsole/Pages/terminal/scrollback.js";
import { changeSettings, readSettings } from "../../../../Sources/LatchkeyConsole/Pages/terminal/settings.js";
import { forgetTerminal, keepTerminal, keptTerminals } from "../../../../Sources/LatchkeyConsole/Pages/terminal/storage.js";

class Storage {
    constructor() {
        this.items = new Map();
    }
    get length() {
        return this.items.size;
    }
    key(index) {
        return Array.from(this.items.keys())[index];
    }
    getItem(key) {
        return this.items.get(key) ?? null;
    }
    setItem(key, value) {
        if (this.isFull) throw new Error("full");
        this.items.set(key, value);
    }
    removeItem(key) {
        this.items.delete(key);
    }
}

test("what is pasted cannot end its own paste, or press keys", () => {
    assert.equal(cleaned("a\u001b[201~\u0003b\u009bc\tд\r\nx"), "a[201~bc\tд\nx");
    assert.ok(!cleaned("\u001b[201~rm").includes("\u001b"));
});

test("lines are counted as a shell would run them", () => {
    assert.deepEqual(["one", "one\n", "one\ntwo", "one\ntwo\n"].map(lineCount), [1, 1, 2, 2]);
    assert.deepEqual(["one", "one\n"].map(runsSomething), [false, true]);
});

test("addresses are found as people write them, and only those of the web are opened", () => {
    const found = addressesIn("see (https://a.example/b_(c)), http://x.example. or ftp://y.example, <https://z.example/?q=1>");
    assert.deepEqual(found.map((address) => address.text), ["https://a.example/b_(c)", "http://x.example", "https://z.example/?q=1"]);
    assert.equal(found[0].start, 5);
    assert.equal(openable("javascript:alert(1)"), null);
    assert.equal(openable("data:text/html,x"), null);
    assert.equal(openable("https://"), null);
    assert.equal(openable("https://a.example/").host, "a.example");
});

test("a search goes through all lines, both ways, and round", () => {
    const lines = ["alpha beta", "gamma", "Beta beta"];
    const next = (from, isBackward) => find("beta", (row) => lines[row], lines.length, from, isBackward);
    const places = [];
    for (let at = next(null, false), step = 0; step < 4; step += 1, at = next(at, false)) places.push([at.row, at.column]);
    assert.deepEqual(places, [[0, 6], [2, 0], [2, 5], [0, 6]]);
    assert.deepEqual(next(null, true), { row: 2, column: 5 });
    assert.deepEqual(next({ row: 2, column: 0 }, true), { row: 0, column: 6 });
    assert.equal(find("delta", (row) => lines[row], lines.length, null, false), null);
    assert.equal(find("", (row) => lines[row], lines.length, null, false), null);
});

test("the last of what was shown is kept, and no more than its limit and a chunk", () => {
    const scrollback = new Scrollback();
    for (let number = 0; number < 100; number += 1) scrollback.add(new Uint8Array(10_000).fill(number));
    assert.ok(scrollback.size >= 256 * 1024 && scrollback.size < 256 * 1024 + 10_000);
    const bytes = scrollback.bytes;
    assert.equal(bytes.length, scrollback.size);
    assert.equal(bytes.at(-1), 99);
});

test("terminals are stored with their bytes as they are, the oldest first, and what cannot be read is passed over", () => {
    const storage = new Storage();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    assert.ok(keepTerminal("b", { id: "b", opened: 2, channel: { sender: { kept: [{ payload: bytes }] } } }, storage));
    keepTerminal("a", { id: "a", opened: 1 }, storage);
    storage.setItem("terminal:c", "{");
    storage.setItem("other", "{}");
    const kept = keptTerminals(storage);
    assert.deepEqual(kept.map(({ id }) => id), ["a", "b"]);
    assert.deepEqual(kept[1].channel.sender.kept[0].payload, bytes);
    forgetTerminal("a", storage);
    assert.deepEqual(keptTerminals(storage).map(({ id }) => id), ["b"]);
    storage.isFull = true;
    assert.equal(keepTerminal("d", { id: "d" }, storage), false);
});

test("settings are what was chosen, and the usual ones where nothing can be kept", () => {
    const storage = new Storage();
    assert.equal(readSettings(storage).fontSize, 14);
    changeSettings({ fontSize: 20 }, storage);
    assert.equal(readSettings(storage).fontSize, 20);
    storage.isFull = true;
    assert.equal(changeSettings({ fontSize: 30 }, storage).fontSize, 30);
    storage.items.set("latchkey-console", "{");
    assert.equal(readSettings(storage).fontSize, 14);
    assert.equal(readSettings(undefined).fontSize, 14);
});

test("a shell whose tab is gone is told once, and not before a reload would have brought it back", async () => {
    const storage = new Storage();
    let held = new Set([lockName("a"), lockName("b")]);
    const orphans = new Orphans(storage, async () => held);
    orphans.add("a", "session-a", "ann");
    new Orphans(storage, async () => held).add("b", "session-b", "ann");
    assert.deepEqual(await orphans.look(), []);
    held = new Set([lockName("b")]);
    assert.deepEqual(await orphans.look(), []);
    held = new Set([lockName("a"), lockName("b")]);
    assert.deepEqual(await orphans.look(), [], "it was only loaded anew");
    held = new Set([lockName("b")]);
    await orphans.look();
    assert.deepEqual(await orphans.look(), [{ id: "a", sessionID: "session-a", owner: "ann" }]);
    assert.deepEqual(await orphans.look(), []);
    orphans.remove("b");
    held = new Set();
    await orphans.look();
    assert.deepEqual(await orphans.look(), []);
});
