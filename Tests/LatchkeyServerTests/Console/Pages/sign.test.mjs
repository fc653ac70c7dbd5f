// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { createHash, createHmac, webcrypto } from "node:crypto";
import { test } from "node:test";

import { signedHeaders } from "../../../../Sources/LatchkeyConsole/Pages/api/sign.js";

globalThis.crypto ??= webcrypto;

const request = {
    host: "relay.example:8443",
    service: "latchkey",
    region: "local",
    accessKeyID: "AKIDEXAMPLE",
    secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    body: "{}",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Latchkey.CreateConsoleSession" },
    date: new Date("2015-08-30T12:36:00.789Z"),
};

/** The signature of the same, written out by the rules of Signature Version 4. */
function expected() {
    const hash = (text) => createHash("sha256").update(text).digest("hex");
    const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
    const canonical =
        "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:relay.example:8443\nx-amz-date:20150830T123600Z\n" +
        "x-amz-target:Latchkey.CreateConsoleSession\n\ncontent-type;host;x-amz-date;x-amz-target\n" +
        hash("{}");
    const scope = "20150830/local/latchkey/aws4_request";
    const text = `AWS4-HMAC-SHA256\n20150830T123600Z\n${scope}\n${hash(canonical)}`;
    const key = scope.split("/").reduce((before, part) => hmac(before, part), `AWS4${request.secret}`);
    return hmac(key, text).toString("hex");
}

test("a request is signed by the rules, and the secret is in none of its headers", async () => {
    const headers = await signedHeaders(request);
    assert.equal(headers["x-amz-date"], "20150830T123600Z");
    assert.equal(
        headers.authorization,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/local/latchkey/aws4_request, " +
            `SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=${expected()}`,
    );
    assert.ok(!JSON.stringify(headers).includes(request.secret));
    assert.equal(headers.host, undefined, "a browser sends it by itself");
});
