// SPDX-License-Identifier: Apache-2.0

// Signature Version 4 (AWS General Reference), with the browser's own cryptography: the secret never leaves the page.

const utf8 = new TextEncoder();

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

const sha256 = async (text) => hex(await crypto.subtle.digest("SHA-256", utf8.encode(text)));

async function hmac(key, text) {
    const raw = typeof key === "string" ? utf8.encode(key) : key;
    const imported = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return crypto.subtle.sign("HMAC", imported, utf8.encode(text));
}

/**
 * The headers that sign a POST to the server's root.
 *
 * @param {object} request
 * @param {string} request.host as the browser sends it: with the port, unless it is the scheme's own
 * @param {string} request.service
 * @param {string} request.region
 * @param {string} request.accessKeyID
 * @param {string} request.secret
 * @param {string} request.body
 * @param {Record<string, string>} request.headers others that are signed, by names in small letters
 * @param {Date} request.date
 * @returns {Promise<Record<string, string>>} all headers to send, without `host`
 */
export async function signedHeaders({ host, service, region, accessKeyID, secret, body, headers, date }) {
    const time = date.toISOString().replace(/[-:]|\.\d{3}/g, "");
    const day = time.slice(0, 8);
    const signed = { ...headers, host, "x-amz-date": time };
    const names = Object.keys(signed).sort();
    const canonical = [
        "POST",
        "/",
        "",
        ...names.map((name) => `${name}:${signed[name].trim()}`),
        "",
        names.join(";"),
        await sha256(body),
    ].join("\n");
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = ["AWS4-HMAC-SHA256", time, scope, await sha256(canonical)].join("\n");
    let key = `AWS4${secret}`;
    for (const part of [day, region, service, "aws4_request"]) key = await hmac(key, part);
    const signature = hex(await hmac(key, text));
    return {
        ...headers,
        "x-amz-date": time,
        authorization:
            `AWS4-HMAC-SHA256 Credential=${accessKeyID}/${scope}, ` +
            `SignedHeaders=${names.join(";")}, Signature=${signature}`,
    };
}
