// SPDX-License-Identifier: Apache-2.0

const KEY = "latchkey-console";
const DEFAULTS = { screenReader: false, fontSize: 14, onClose: null };

/** What this browser's user has chosen; kept where the browser lets it be kept. */
export function readSettings(storage = globalThis.localStorage) {
    try {
        return { ...DEFAULTS, ...JSON.parse(storage.getItem(KEY) ?? "{}") };
    } catch {
        return { ...DEFAULTS };
    }
}

export function changeSettings(change, storage = globalThis.localStorage) {
    const settings = { ...readSettings(storage), ...change };
    try {
        storage.setItem(KEY, JSON.stringify(settings));
    } catch {
        // They hold until the page is left.
    }
    return settings;
}
