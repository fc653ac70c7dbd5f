// SPDX-License-Identifier: Apache-2.0

const KEY = "latchkey-console-shells";

/** The name of the lock that a tab of the browser holds for each of its terminals, for as long as it lives. */
export const lockName = (id) => `latchkey:${id}`;

/**
 * The shells that this browser has open, in whichever tab: of one whose tab was closed, the others end or leave the shell, as its
 * user wants it. A tab that is loaded anew is back before the second look.
 */
export class Orphans {
    /**
     * @param {Storage} storage of the browser, for all of its tabs
     * @param {() => Promise<Set<string>>} heldLocks the names of the locks that are held
     */
    constructor(storage, heldLocks) {
        this.storage = storage;
        this.heldLocks = heldLocks;
        this.suspects = new Set();
    }

    read() {
        try {
            return JSON.parse(this.storage.getItem(KEY) ?? "{}");
        } catch {
            return {};
        }
    }

    change(body) {
        const shells = this.read();
        body(shells);
        try {
            this.storage.setItem(KEY, JSON.stringify(shells));
        } catch {
            // Where nothing can be kept, the server's idle limit ends what is left.
        }
    }

    /** A tab has a terminal, in this session. */
    add(id, sessionID, owner) {
        this.change((shells) => (shells[id] = { sessionID, owner }));
    }

    /** A terminal was closed as its user wanted, or its shell has ended. */
    remove(id) {
        this.change((shells) => delete shells[id]);
    }

    /**
     * @returns {Promise<{id: string, sessionID: string, owner: string}[]>} those that no tab has any more, each told once
     */
    async look() {
        const held = await this.heldLocks();
        const lost = Object.entries(this.read()).filter(([id]) => !held.has(lockName(id)));
        const found = lost.filter(([id]) => this.suspects.has(id));
        this.suspects = new Set(lost.map(([id]) => id));
        for (const [id] of found) this.remove(id);
        return found.map(([id, shell]) => ({ id, ...shell }));
    }
}
