// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decode, encode, HEADER_SIZE, MessageType, uuidBytes, uuidText } from "../../../../Sources/LatchkeyConsole/Pages/session/message.js";

const fixtures = new URL("../../../LatchkeySessionProtocolTests/Fixtures/session-frames.jsonl", import.meta.url);
const frames = readFileSync(fixtures, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const sha256 = (bytes) => Uint8Array.from(createHash("sha256").update(bytes).digest());

test("the frames that official ends sent are read, and written as they were", () => {
    assert.ok(frames.length >= 43);
    for (const frame of frames) {
        const bytes = bytesOf(frame.hex);
        const message = decode(bytes);
        assert.equal(message.type, frame.type);
        assert.equal(message.sequence, frame.seq);
        assert.equal(message.payloadType, frame.pt);
        assert.equal(message.id, frame.id);
        const flags = new DataView(bytes.buffer).getBigUint64(56);
        assert.deepEqual(encode({ ...message, digest: sha256(message.payload), flags }), bytes);
    }
});

test("the golden message", () => {
    const payload = new TextEncoder().encode("hi\n");
    const bytes = encode({
        type: MessageType.output,
        sequence: 7,
        payloadType: 1,
        payload,
        digest: sha256(payload),
        id: "00112233-4455-6677-8899-aabbccddeeff",
        created: 1700000000123,
    });
    assert.equal(
        Buffer.from(bytes).toString("hex"),
        "000000746f75747075745f73747265616d5f646174612020202020202020202020202020" +
            "000000010000018bcfe5687b000000000000000700000000000000008899aabbccddeeff0011223344556677" +
            "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4000000010000000368690a",
    );
});

test("what is no message is refused", () => {
    const bytes = bytesOf(frames[0].hex);
    assert.equal(decode(bytes.subarray(0, HEADER_SIZE - 1)), null);
    assert.equal(decode(bytes.subarray(0, bytes.length - 1)), null, "a payload that is shorter than it says");
    const changed = (at, value) => {
        const copy = Uint8Array.from(bytes);
        copy[at] = value;
        return decode(copy);
    };
    assert.equal(changed(3, 117), null, "another header length");
    assert.equal(changed(48, 0x80), null, "a negative number");
    assert.equal(changed(49, 0x7f), null, "a number beyond what JavaScript counts exactly");
});

test("UUIDs come back as they went", () => {
    const text = "00112233-4455-6677-8899-aabbccddeeff";
    assert.equal(uuidText(uuidBytes(text)), text);
});
