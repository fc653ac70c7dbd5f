// SPDX-License-Identifier: Apache-2.0

import { fill, h, setText } from "./dom.js";

/** What is said to all, also to those who do not see: a line that goes by itself. */
export class Notices {
    constructor() {
        this.element = h("div.notices", { role: "status", "aria-live": "polite" });
    }

    say(text) {
        fill(this.element, h("p", {}, text));
        clearTimeout(this.timer);
        this.timer = setTimeout(() => fill(this.element), 6000);
    }
}

/** A line at the top of a page: why it is not up to date. Empty while it is. */
export class Trouble {
    constructor() {
        this.element = h("p.trouble", { role: "status", hidden: true });
    }

    show(error) {
        this.element.hidden = !error;
        setText(this.element, error ? `Not up to date: ${error.message}. Trying again.` : "");
    }
}

/** A button that copies a text. */
export function copyButton(text, label = "Copy") {
    const button = h("button.copy", { type: "button" }, label);
    button.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(text);
            setText(button, "Copied");
        } catch {
            setText(button, "Copying is not allowed here");
        }
        setTimeout(() => setText(button, label), 2000);
    });
    return button;
}

/** Something to paste elsewhere. */
export function snippet(text) {
    return h("div.snippet", {}, h("pre", { tabindex: 0 }, h("code", {}, text)), copyButton(text));
}
