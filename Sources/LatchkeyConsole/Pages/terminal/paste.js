// SPDX-License-Identifier: Apache-2.0

import { ask } from "../view/dialog.js";
import { h } from "../view/dom.js";
import { visible } from "../view/text.js";

/** Lines that are shown of what is to be pasted. */
const SHOWN = 8;

/** What there is to paste: without the controls that could end a bracketed paste, or type for the user. */
export function cleaned(text) {
    return text.replaceAll("\r\n", "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}

/** How many lines a shell would take a text for. */
export const lineCount = (text) => text.replace(/\n$/, "").split("\n").length;

/** Whether a text would run something at once. */
export const runsSomething = (text) => text.includes("\n");

/** Pastes a text; of one with line ends, which a shell may take for commands, the user is shown the beginning first. */
export async function paste(terminal, text) {
    const content = cleaned(text);
    if (!content) return;
    if (runsSomething(content)) {
        const lines = content.split("\n");
        const count = lineCount(content);
        const isSure = await ask({
            title: count === 1 ? "Paste a line with its end?" : `Paste ${count} lines?`,
            content: [
                h("p", {}, "Each line end may run what stands before it."),
                h(
                    "pre.excerpt",
                    {},
                    lines.slice(0, SHOWN).map(visible).join("\n") + (lines.length > SHOWN ? "\n…" : ""),
                ),
            ],
            action: "Paste",
        });
        if (!isSure) return terminal.focus();
    }
    terminal.paste(content);
    terminal.focus();
}
