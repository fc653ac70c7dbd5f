// SPDX-License-Identifier: Apache-2.0

/** What each protocol says of one who is not signed in, or not any more. */
const SIGNED_OUT = new Set([
    "ExpiredToken",
    "ExpiredTokenException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
]);

/** What the server refused, in its own words. */
export class ServiceFailure extends Error {
    /**
     * @param {string} code for example `AccessDeniedException`
     * @param {string} message
     * @param {number} status of HTTP
     */
    constructor(code, message, status) {
        super(message || code);
        this.code = code;
        this.status = status;
        /** Whether asking again would be refused again. */
        this.isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
    }

    /** Whether the user is not signed in any more. */
    get isSignedOut() {
        return SIGNED_OUT.has(this.code);
    }
}

/** The server was not reached at all. */
export class Unreachable extends Error {
    constructor() {
        super("the server does not answer");
        this.isFinal = false;
    }
}

/** An error of the JSON protocol: {"__type": "PREFIX#Code", "Message": "…"}. */
export function failureInJSON(text, status) {
    let content = null;
    try {
        content = JSON.parse(text);
    } catch {
        // What is no JSON comes from something on the way.
    }
    const code = String(content?.__type ?? `HTTP ${status}`).split("#").at(-1);
    return new ServiceFailure(code, String(content?.Message ?? content?.message ?? ""), status);
}

/** An error of the Query protocol. */
export function failureInXML(document, status) {
    const text = (name) => document?.querySelector(name)?.textContent ?? "";
    return new ServiceFailure(text("Error > Code") || `HTTP ${status}`, text("Error > Message"), status);
}
