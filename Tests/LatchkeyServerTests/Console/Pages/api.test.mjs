// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { failureInJSON, Unreachable } from "../../../../Sources/LatchkeyConsole/Pages/api/failure.js";
import { fleetOf } from "../../../../Sources/LatchkeyConsole/Pages/api/fleet.js";

test("a refusal is told in the server's words, and whether asking again is of use", () => {
    const denied = failureInJSON('{"__type":"com.amazon#AccessDeniedException","Message":"not yours"}', 400);
    assert.deepEqual([denied.code, denied.message, denied.isFinal], ["AccessDeniedException", "not yours", true]);
    const busy = failureInJSON('{"__type":"ServiceUnavailable","message":"busy"}', 503);
    assert.deepEqual([busy.message, busy.isFinal], ["busy", false]);
    assert.equal(failureInJSON('{"__type":"TooManyRequestsException","Message":"wait"}', 429).isFinal, false);
    assert.equal(new Unreachable().isFinal, false);
    assert.equal(failureInJSON('{"__type":"ExpiredTokenException"}', 403).isSignedOut, true);
});

test("what is no JSON comes from something on the way", () => {
    const failure = failureInJSON("<html>Bad Gateway</html>", 502);
    assert.deepEqual([failure.code, failure.message, failure.isFinal], ["HTTP 502", "HTTP 502", false]);
});

test("a fleet is EC2's instances and the machines that their agents alone tell of, each once", () => {
    const agents = new Map([
        ["i-1", { id: "i-1", name: "web" }],
        ["mi-1", { id: "mi-1", name: "db", address: "10.0.0.1" }],
    ]);
    const fleet = fleetOf([{ id: "i-1", name: "web", state: "running" }], agents);
    assert.deepEqual(fleet.map(({ id, state, address }) => [id, state, address]), [
        ["i-1", "running", undefined],
        ["mi-1", "managed", "10.0.0.1"],
    ]);
});
