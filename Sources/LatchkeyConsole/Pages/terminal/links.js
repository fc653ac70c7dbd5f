// SPDX-License-Identifier: Apache-2.0

import { ask } from "../view/dialog.js";
import { h } from "../view/dom.js";
import { visible } from "../view/text.js";

const ADDRESS = /https?:\/\/[^\s"'<>`\\^{|}\u0000-\u001f\u007f-\u00a0]+/g;

/** The addresses in a line of a terminal, and where they begin. A full stop or bracket behind one is the sentence's. */
export function addressesIn(line) {
    return Array.from(line.matchAll(ADDRESS), (match) => {
        const count = (mark) => text.split(mark).length;
        let text = match[0].replace(/[.,;:!?]+$/, "");
        while (text.endsWith(")") && count(")") > count("(")) text = text.slice(0, -1);
        return { text, start: match.index };
    });
}

/** The address that may be opened; null for all but http and https. */
export function openable(text) {
    try {
        const url = new URL(text);
        // A name before an @ would look like the host.
        const isPlain = !url.username && !url.password;
        return isPlain && (url.protocol === "http:" || url.protocol === "https:") ? url : null;
    } catch {
        return null;
    }
}

/** Asks before it opens what a program on an instance has shown: what is read there may lead elsewhere than it says. */
export async function openAddress(text) {
    const url = openable(text);
    if (!url) return;
    const isSure = await ask({
        title: "Open this address?",
        content: [
            h("p", {}, "A program on the instance shows a link to:"),
            h("p.address", {}, h("strong", {}, visible(url.host)), visible(url.href.slice(url.origin.length))),
        ],
        action: "Open in a new tab",
    });
    if (isSure) globalThis.open(url.href, "_blank", "noopener,noreferrer");
}

/** What xterm.js asks for the links of a line. */
export function linkProvider(terminal) {
    return {
        provideLinks(number, callback) {
            const line = terminal.buffer.active.getLine(number - 1)?.translateToString(true) ?? "";
            callback(
                addressesIn(line).map(({ text, start }) => ({
                    text,
                    range: { start: { x: start + 1, y: number }, end: { x: start + text.length, y: number } },
                    activate: () => void openAddress(text),
                })),
            );
        },
    };
}
