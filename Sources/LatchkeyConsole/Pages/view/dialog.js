// SPDX-License-Identifier: Apache-2.0

import { fill, h } from "./dom.js";

/**
 * Asks in a dialog of the browser's own, which keeps the focus and closes with Escape.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {(Node|string)[]} options.content
 * @param {string} options.action what the button says that does it
 * @param {boolean} [options.isDangerous]
 * @param {(form: FormData) => Promise<unknown>} [options.perform] is waited for; what it throws is shown, and the dialog stays
 * @returns {Promise<unknown>} what `perform` gave, or true; null where it was given up
 */
export function ask({ title, content, action, isDangerous = false, perform = async () => true }) {
    return new Promise((resolve) => {
        let outcome = null;
        const error = h("p.error", { role: "alert" });
        const confirm = h(isDangerous ? "button.danger" : "button.primary", { type: "submit" }, action);
        const form = h(
            "form",
            {
                method: "dialog",
                async onsubmit(event) {
                    event.preventDefault();
                    confirm.disabled = true;
                    fill(error);
                    try {
                        outcome = (await perform(new FormData(form))) ?? true;
                        dialog.close();
                    } catch (failure) {
                        fill(error, failure.message);
                        confirm.disabled = false;
                    }
                },
            },
            h("h2", { id: "dialog-title" }, title),
            content,
            error,
            h(
                "div.buttons",
                {},
                h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
                confirm,
            ),
        );
        const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
        const before = document.activeElement;
        dialog.addEventListener("close", () => {
            dialog.remove();
            before?.focus?.();
            resolve(outcome);
        });
        document.body.append(dialog);
        dialog.showModal();
        (form.querySelector("[autofocus]") ?? confirm).focus();
    });
}

/** Tells something that is to be read, or copied, before it goes. */
export function tell({ title, content, action = "Done" }) {
    return new Promise((resolve) => {
        const dialog = h(
            "dialog",
            { "aria-labelledby": "dialog-title" },
            h(
                "form",
                { method: "dialog" },
                h("h2", { id: "dialog-title" }, title),
                content,
                h("div.buttons", {}, h("button.primary", { type: "submit", autofocus: true }, action)),
            ),
        );
        const before = document.activeElement;
        dialog.addEventListener("close", () => {
            dialog.remove();
            before?.focus?.();
            resolve();
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

/** A field of a form with its label. */
export function field(label, input, hint) {
    const id = `field-${(fieldCount += 1)}`;
    input.id = id;
    if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
    return h(
        "div.field",
        {},
        h("label", { for: id }, label),
        input,
        hint ? h("p.hint", { id: `${id}-hint` }, hint) : null,
    );
}

let fieldCount = 0;
