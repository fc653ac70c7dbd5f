// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, compareNames, matches, span, visible, visibleLines } from "../../../../Sources/LatchkeyConsole/Pages/view/text.js";

test("what does not print, or turns the writing round, is shown", () => {
    assert.equal(visible("a\u202eb"), "a\\u{202E}b");
    assert.equal(visible("a\u0000\u001b[31m\n\u0085\u200b\ufeff"), "a\\u{0}\\u{1B}[31m\\u{A}\\u{85}\\u{200B}\\u{FEFF}");
    assert.equal(visible("\u{e0041}"), "\\u{E0041}");
    assert.equal(visible("naïve 漢字 🚀 عربى"), "naïve 漢字 🚀 عربى");
    assert.equal(visible("<b>&amp;"), "<b>&amp;");
});

test("lines and tabs of longer text stay", () => {
    assert.equal(visibleLines("one\r\n\ttwo\u001b\nthree\r"), "one\n\ttwo\\u{1B}\nthree\\u{D}");
});

test("names are ordered as people count", () => {
    const names = ["app-12", "App-2", "app-1", "app-2", "db"];
    assert.deepEqual(names.sort(compareNames), ["app-1", "App-2", "app-2", "app-12", "db"]);
});

test("times are told in one unit", () => {
    const now = new Date(1_000_000_000);
    const before = (seconds) => ago(new Date(now - seconds * 1000), now);
    assert.deepEqual([0, 59, 60, 7199, 90_000].map(before), ["just now", "59 s ago", "1 min ago", "1 h ago", "1 d ago"]);
    assert.equal(ago(null), "never");
    assert.equal(span(-5), "0 s");
});

test("a search is for all of its words, in any order", () => {
    assert.ok(matches("PROD web", "web-1 env=prod"));
    assert.ok(!matches("prod db", "web-1 env=prod"));
});
