// SPDX-License-Identifier: Apache-2.0

/** Milliseconds between two looks: a change is shown within two seconds. */
const INTERVAL = 1500;
/** After a failure. */
const AFTER_FAILURE = 3000;

/**
 * Looks again and again for as long as its page is shown and the browser's tab is seen; else it costs nothing.
 */
export class Poll {
    /**
     * @param {() => Promise<void>} look
     * @param {(error: Error|null) => void} onOutcome
     */
    constructor(look, onOutcome) {
        this.look = look;
        this.onOutcome = onOutcome;
        this.isOn = false;
        this.timer = null;
        this.isLooking = false;
        this.wasAsked = false;
        this.onVisible = () => void this.now();
    }

    start() {
        this.isOn = true;
        document.addEventListener("visibilitychange", this.onVisible);
        this.now();
    }

    stop() {
        this.isOn = false;
        document.removeEventListener("visibilitychange", this.onVisible);
        clearTimeout(this.timer);
    }

    /** Looks at once, as after something was done. */
    async now() {
        clearTimeout(this.timer);
        if (!this.isOn || document.visibilityState === "hidden") return;
        // What was asked while a look went on may have come too late for that.
        if (this.isLooking) {
            this.wasAsked = true;
            return;
        }
        this.isLooking = true;
        let failure = null;
        try {
            await this.look();
        } catch (error) {
            failure = error;
        }
        this.isLooking = false;
        if (!this.isOn) return;
        this.onOutcome(failure);
        const again = this.wasAsked;
        this.wasAsked = false;
        this.timer = setTimeout(() => this.now(), again ? 0 : failure ? AFTER_FAILURE : INTERVAL);
    }
}
