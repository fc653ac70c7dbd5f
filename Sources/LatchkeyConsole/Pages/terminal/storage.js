// SPDX-License-Identifier: Apache-2.0

// What a tab of the browser keeps of its terminals while the page is loaded anew: it is the browser's for this tab alone, and goes
// with it.

const PREFIX = "terminal:";

/** Bytes as text in which each stands for itself, which storage takes. */
const pack = (bytes) => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return text;
};
const unpack = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** JSON of a value with bytes in it. */
export const freeze = (value) =>
    JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? { bytes: pack(part) } : part));
export const thaw = (text) =>
    JSON.parse(text, (_, part) =>
        part && typeof part === "object" && typeof part.bytes === "string" ? unpack(part.bytes) : part,
    );

export function keepTerminal(id, value, storage = sessionStorage) {
    try {
        storage.setItem(PREFIX + id, freeze(value));
        return true;
    } catch {
        return false;
    }
}

export function forgetTerminal(id, storage = sessionStorage) {
    storage.removeItem(PREFIX + id);
}

/** Those that were kept, the oldest first. */
export function keptTerminals(storage = sessionStorage) {
    const found = [];
    for (let index = 0; index < storage.length; index += 1) {
        const key = storage.key(index);
        if (!key.startsWith(PREFIX)) continue;
        try {
            found.push(thaw(storage.getItem(key)));
        } catch {
            // Of another version of the console.
        }
    }
    return found.sort((one, other) => one.opened - other.opened);
}
