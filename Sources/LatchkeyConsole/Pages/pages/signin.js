// SPDX-License-Identifier: Apache-2.0

import { redeem, signIn } from "../api/client.js";
import { field } from "../view/dialog.js";
import { fill, h } from "../view/dom.js";
import { span } from "../view/text.js";

/** Seconds that a clock may differ before a signature is refused. */
const CLOCK_SKEW = 300;

/**
 * Asks for an access key, whose secret stays in the page.
 *
 * @param {string} why what is said above; "" for nothing
 * @param {() => void} onDone
 */
export function signInPage(why, onDone) {
    const error = h("p.error", { role: "alert" });
    const button = h("button.primary", { type: "submit" }, "Sign in");
    const id = h("input", { name: "id", required: true, autocomplete: "username", spellcheck: "false", autofocus: true });
    const secret = h("input", {
        name: "secret",
        type: "password",
        required: true,
        autocomplete: "current-password",
        spellcheck: "false",
    });
    async function submit(event) {
        event.preventDefault();
        button.disabled = true;
        fill(error);
        try {
            await signIn(id.value.trim(), secret.value.trim());
            secret.value = "";
            onDone();
        } catch (failure) {
            fill(error, explain(failure));
            button.disabled = false;
            secret.focus();
        }
    }
    const form = h(
        "form",
        { onsubmit: submit },
        field("Access key id", id, "AKIA and 16 letters and digits"),
        field("Secret access key", secret, "It signs one request here, and is neither sent nor kept."),
        error,
        button,
    );
    return h(
        "main.sign-in",
        {},
        h("h1", {}, h("img", { src: "/console/icon.svg", alt: "", width: 32, height: 32 }), " Latchkey"),
        why ? h("p.trouble", { role: "status" }, why) : null,
        globalThis.isSecureContext
            ? form
            : h("p.error", { role: "alert" }, "This page was not loaded over TLS, so it cannot sign. Open it by https://."),
        h(
            "p.hint",
            {},
            "On the server itself, ",
            h("code", {}, "latchkeyd console open"),
            " prints a link that signs in without a key. ",
            h("code", {}, "latchkeyd access-key create NAME"),
            " makes a key.",
        ),
    );
}

/** Why signing in failed, and what helps. */
export function explain(failure) {
    const difference = failure.clockDifference ?? 0;
    if (/Signature|Clock|RequestExpired/.test(failure.code ?? "") && Math.abs(difference) > CLOCK_SKEW) {
        const way = difference > 0 ? "ahead of" : "behind";
        return `This machine's clock is ${span(Math.abs(difference))} ${way} the server's. Set it, then sign in again.`;
    }
    switch (failure.code) {
        case "UnrecognizedClientException":
        case "InvalidSignatureException":
            return "This access key and secret do not belong together, or the key is not known here.";
        case "ThrottlingException":
        case "TooManyRequestsException":
            return `${failure.message}.`;
        default:
            return failure.message;
    }
}

/** The code in a link's fragment, which is not sent with any request, and is taken out of the address; "" for none. */
export function linkCode() {
    const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? "";
    if (code) history.replaceState(null, "", location.pathname);
    return code;
}

/**
 * Asks before a link's code is used.
 *
 * @param {() => void} onDone
 * @param {(why: string) => void} onFailure
 */
export function linkPage(code, onDone, onFailure) {
    const button = h("button.primary", { type: "button" }, "Sign in");
    button.addEventListener("click", async () => {
        button.disabled = true;
        try {
            await redeem(code);
            onDone();
        } catch (failure) {
            onFailure(`The link does not sign in: ${failure.message}.`);
        }
    });
    return h(
        "main.sign-in",
        {},
        h("h1", {}, h("img", { src: "/console/icon.svg", alt: "", width: 32, height: 32 }), " Latchkey"),
        h("p", {}, "This link signs this browser in as the user who made it, with latchkeyd console open."),
        h("p", {}, "Go on only if that was you."),
        button,
    );
}
