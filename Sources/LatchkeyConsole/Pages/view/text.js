// SPDX-License-Identifier: Apache-2.0

/**
 * Text from elsewhere, as it can be shown in one line: controls, marks that turn the direction of writing, and what is invisible
 * become visible escapes, so that a name looks like nothing but itself.
 */
export function visible(text) {
    return String(text).replace(
        /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g,
        (found) => `\\u{${found.codePointAt(0).toString(16).toUpperCase()}}`,
    );
}

/** The same for text of several lines, such as a console's output: line ends and tabs stay. */
export function visibleLines(text) {
    return String(text)
        .replaceAll("\r\n", "\n")
        .split("\n")
        .map((line) => line.split("\t").map(visible).join("\t"))
        .join("\n");
}

/** Compares names as people count: app-2 before app-12. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
export const compareNames = (one, other) => collator.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);

/** How long ago a date is: "3 min ago". */
export function ago(date, now = new Date()) {
    if (!date) return "never";
    const seconds = Math.round((now - date) / 1000);
    if (seconds < 5) return "just now";
    return `${span(seconds)} ago`;
}

/** A time of seconds, in one unit. */
export function span(seconds) {
    const units = [
        [86_400, "d"],
        [3600, "h"],
        [60, "min"],
        [1, "s"],
    ];
    const [size, unit] = units.find(([size]) => seconds >= size) ?? [1, "s"];
    return `${Math.floor(Math.max(0, seconds) / size)} ${unit}`;
}

/** Whether all words of a search are in a text, in any order. */
export function matches(search, text) {
    const folded = text.toLowerCase();
    return search
        .toLowerCase()
        .split(/\s+/)
        .every((word) => folded.includes(word));
}
