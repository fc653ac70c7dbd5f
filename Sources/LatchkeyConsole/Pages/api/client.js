// SPDX-License-Identifier: Apache-2.0

import { failureInJSON, failureInXML, Unreachable } from "./failure.js";
import { signedHeaders } from "./sign.js";
import { parseXML } from "./xml.js";

/** Milliseconds after which a request counts as lost. */
const TIMEOUT = 20_000;
const JSON_TYPE = "application/x-amz-json-1.1";

/** Whether the user has done something since the last request: what the page asks by itself does not keep the user signed in. */
let userHasActed = false;
for (const event of ["keydown", "pointerdown"]) {
    globalThis.addEventListener?.(event, () => (userHasActed = true), { capture: true, passive: true });
}

/** Says that the user is still there, if that is so: what is typed into a terminal is no request. */
export async function stayActive() {
    if (userHasActed) await call("Latchkey.DescribeConsoleSessions");
}

function pageHeader() {
    const value = userHasActed ? "user" : "page";
    userHasActed = false;
    return { "X-Latchkey-Console": value };
}

const signOutListeners = new Set();

/** Has a function called when the server says that the user is not signed in any more. */
export function onSignedOut(call) {
    signOutListeners.add(call);
}

async function post(headers, body) {
    try {
        const response = await fetch("/", {
            method: "POST",
            headers,
            body,
            cache: "no-store",
            redirect: "error",
            signal: AbortSignal.timeout(TIMEOUT),
        });
        return { response, text: await response.text() };
    } catch {
        throw new Unreachable();
    }
}

function refuse(failure) {
    if (failure.isSignedOut) for (const call of signOutListeners) call(failure);
    throw failure;
}

/**
 * Asks an operation of the JSON protocol.
 *
 * @param {string} target for example `AmazonSSM.StartSession`
 */
export async function call(target, content = {}) {
    const headers = { "Content-Type": JSON_TYPE, "X-Amz-Target": target, ...pageHeader() };
    const { response, text } = await post(headers, JSON.stringify(content));
    if (!response.ok) refuse(failureInJSON(text, response.status));
    return JSON.parse(text);
}

/**
 * Asks an operation of EC2.
 *
 * @param {Record<string, string>} parameters
 * @returns {Promise<Document>}
 */
export async function query(action, parameters = {}) {
    const form = new URLSearchParams({ Action: action, Version: "2016-11-15", ...parameters });
    const headers = { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8", ...pageHeader() };
    const { response, text } = await post(headers, form.toString());
    const document = parseXML(text);
    if (!response.ok) refuse(failureInXML(document, response.status));
    if (!document) throw new Unreachable();
    return document;
}

/** Opens a session of the console: the answer has the browser keep a cookie. The secret stays here. */
export async function signIn(accessKeyID, secret) {
    const body = "{}";
    const headers = await signedHeaders({
        host: location.host,
        service: "latchkey",
        region: "local",
        accessKeyID,
        secret,
        body,
        headers: { "content-type": JSON_TYPE, "x-amz-target": "Latchkey.CreateConsoleSession" },
        date: new Date(),
    });
    const { response, text } = await post(headers, body);
    if (response.ok) return requireCookie();
    throw Object.assign(failureInJSON(text, response.status), { clockDifference: clockDifference(response) });
}

/** Whether the browser has kept the cookie that it was given, which scripts do not see. */
async function requireCookie() {
    try {
        await call("Latchkey.DescribeConsoleSessions");
    } catch (failure) {
        if (failure.code !== "MissingAuthenticationTokenException") throw failure;
        throw new Error("This browser does not keep this site's cookie, without which you cannot sign in. Allow it.");
    }
}

/** Seconds by which this machine's clock is ahead of the server's. */
function clockDifference(response) {
    const date = Date.parse(response.headers.get("Date") ?? "");
    return Number.isNaN(date) ? null : Math.round((Date.now() - date) / 1000);
}

/** Opens a session of the console with a link's code. */
export async function redeem(code) {
    const headers = { "Content-Type": JSON_TYPE, "X-Amz-Target": "Latchkey.RedeemConsoleLink" };
    const { response, text } = await post(headers, JSON.stringify({ Code: code }));
    if (!response.ok) throw failureInJSON(text, response.status);
    await requireCookie();
}

/** Asks a list to its end. @param {(token?: string) => Promise<{items: object[], next?: string}>} page */
export async function all(page, limit = Infinity) {
    const items = [];
    let next;
    do {
        const answer = await page(next);
        items.push(...answer.items);
        next = answer.next || undefined;
    } while (next && items.length < limit);
    return { items, next };
}
