// SPDX-License-Identifier: Apache-2.0

import { h } from "../view/dom.js";
import { Trouble } from "../view/notice.js";
import { Poll } from "../view/poll.js";

/** A place of the console: a heading, what it shows, and a look that keeps it up to date while it is shown. */
export class Page {
    /**
     * @param {string} title
     * @param {(() => Promise<void>)|null} look
     */
    constructor(title, look) {
        this.title = title;
        this.heading = h("h1", { tabindex: -1 }, title);
        this.tools = h("div.tools");
        this.trouble = new Trouble();
        this.body = h("div.body");
        this.element = h(
            "div.page",
            {},
            h("header.page-head", {}, this.heading, this.tools),
            this.trouble.element,
            this.body,
        );
        this.poll = look ? new Poll(look, (error) => this.trouble.show(error)) : null;
    }

    show() {
        this.poll?.start();
    }

    hide() {
        this.poll?.stop();
    }

    /** Brings it up to date now. */
    refresh() {
        return this.poll?.now();
    }
}
