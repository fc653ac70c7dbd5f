// SPDX-License-Identifier: Apache-2.0

/** Bytes of what was shown last that are kept for a reload of the page. */
const LIMIT = 256 * 1024;

/** The last of what was drawn, as it came. */
export class Scrollback {
    constructor() {
        this.chunks = [];
        this.size = 0;
    }

    add(bytes) {
        this.chunks.push(bytes);
        this.size += bytes.length;
        while (this.size - this.chunks[0].length >= LIMIT) this.size -= this.chunks.shift().length;
    }

    get bytes() {
        const whole = new Uint8Array(this.size);
        let at = 0;
        for (const chunk of this.chunks) {
            whole.set(chunk, at);
            at += chunk.length;
        }
        return whole;
    }
}
