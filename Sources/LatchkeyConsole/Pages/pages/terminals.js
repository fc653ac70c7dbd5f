// SPDX-License-Identifier: Apache-2.0

import { stayActive } from "../api/client.js";
import { terminateSession } from "../api/ssm.js";
import { lockName, Orphans } from "../terminal/orphans.js";
import { Shell } from "../terminal/shell.js";
import { changeSettings, readSettings } from "../terminal/settings.js";
import { forgetTerminal, keptTerminals } from "../terminal/storage.js";
import { ask } from "../view/dialog.js";
import { h, setText } from "../view/dom.js";
import { visible } from "../view/text.js";
import { Page } from "./page.js";

/** Milliseconds between two looks for shells of tabs that were closed. */
const ORPHANS_EVERY = 10_000;

/** The terminals of this browser tab: they stay while one moves between pages, and through a reload. */
export class Terminals {
    constructor(app) {
        this.app = app;
        this.shells = [];
        this.current = null;
        this.tabs = h("div.tabs", { role: "tablist", "aria-label": "Terminals" });
        this.screens = h("div.screens");
        this.nothing = h(
            "div.nothing",
            {},
            h("h2", {}, "No terminal is open"),
            h("p", {}, "Connect to an instance, and its shell opens here."),
            h("p", {}, h("a.button.primary", { href: "/console/instances", onclick: app.follow }, "Instances")),
        );
        this.page = new Page("Terminals", null);
        this.page.element.classList.add("terminals");
        this.page.body.append(this.tabs, this.nothing, this.screens);
        this.page.show = () => this.shown();
        this.page.hide = () => {};
        this.page.element.addEventListener("keydown", (event) => {
            if (event.key !== "F6") return;
            event.preventDefault();
            this.leave();
        });
        globalThis.addEventListener("pagehide", () => {
            for (const shell of this.shells) shell.keep(true);
        });
        const heldLocks = async () => new Set((await navigator.locks.query()).held.map((lock) => lock.name));
        this.orphans = navigator.locks ? new Orphans(localStorage, heldLocks) : null;
        setInterval(() => void this.endOrphans(), ORPHANS_EVERY);
        // What is typed keeps its user signed in.
        setInterval(() => this.running.length > 0 && stayActive().catch(() => {}), 60_000);
        globalThis.addEventListener("online", () => this.hurry());
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "visible") this.hurry();
        });
    }

    /** Ends the shells of browser tabs that were closed, if that is what their user has chosen. */
    async endOrphans() {
        if (!this.orphans || !this.app.isSignedIn) return;
        for (const { sessionID, owner } of await this.orphans.look()) {
            if (owner !== this.app.owner || readSettings().onClose !== "end") continue;
            await terminateSession(sessionID).catch((error) => this.app.say(`A closed tab's shell may still run: ${error.message}`));
        }
    }

    /** Notes for other tabs which shells this one has. */
    noteShells() {
        for (const shell of this.shells) {
            const runs = shell.state !== "ended" && shell.sessionID !== null;
            if (runs === (shell.isNoted ?? false)) continue;
            shell.isNoted = runs;
            if (runs) this.orphans?.add(shell.id, shell.sessionID, shell.owner);
            else this.orphans?.remove(shell.id);
        }
    }

    hurry() {
        for (const shell of this.shells) shell.connection?.hurry();
    }

    /** Comes back to what this browser tab had before it was loaded anew. */
    async restore() {
        for (const kept of keptTerminals()) {
            // Another user's, who was signed in here before.
            if (kept.owner !== this.app.owner) {
                forgetTerminal(kept.id);
                continue;
            }
            // A copy of this browser tab has the same: the first that lives has the terminal.
            if (!(await this.claim(kept.id))) {
                forgetTerminal(kept.id);
                continue;
            }
            this.add(new Shell(kept, kept, () => this.update()));
            forgetTerminal(kept.id);
        }
    }

    /** Whether no other browser tab has this terminal; from here on this one has. */
    claim(id) {
        return new Promise((resolve) => {
            if (!navigator.locks) return resolve(true);
            void navigator.locks.request(lockName(id), { ifAvailable: true }, (lock) => {
                resolve(lock !== null);
                // Held for as long as the page lives.
                return lock === null ? undefined : new Promise(() => {});
            });
        });
    }

    /** Opens a terminal, on an instance or in a session that runs. */
    open(what) {
        const shell = new Shell({ ...what, owner: this.app.owner }, undefined, () => this.update());
        void this.claim(shell.id);
        this.add(shell);
        this.select(shell);
        this.app.go("/console/terminals");
    }

    add(shell) {
        this.shells.push(shell);
        this.screens.append(shell.element);
        this.current ??= shell;
        this.update();
    }

    select(shell) {
        this.current = shell;
        this.shown();
    }

    shown() {
        this.update();
        const shell = this.current;
        if (!shell || !this.screens.isConnected) return;
        for (const other of this.shells) other.element.hidden = other !== shell;
        if (!shell.terminal && !shell.isOpening) {
            shell.isOpening = true;
            shell.showState();
            // It begins with the size that it has in the page.
            requestAnimationFrame(async () => {
                try {
                    await shell.open();
                } catch (error) {
                    shell.end(null, error.message);
                }
                shell.focus();
            });
        } else {
            requestAnimationFrame(() => (shell.fit(), shell.focus()));
        }
    }

    /** Out of the terminal, by keyboard: to its tab. */
    leave() {
        const selected = this.tabs.querySelector("[aria-selected=true]");
        if (document.activeElement === selected) this.current?.focus();
        else selected?.focus();
        this.app.say(document.activeElement === selected ? "Out of the terminal. F6 leads back into it." : "In the terminal. F6 leads out of it.");
    }

    update() {
        this.nothing.hidden = this.shells.length > 0;
        this.app.showTerminalCount(this.shells.length);
        this.noteShells();
        for (const shell of this.shells) {
            this.updateTab((shell.tab ??= this.makeTab(shell)), shell);
            this.showButtons(shell);
        }
        const tabs = this.shells.map((shell) => shell.tab.element);
        // Put in anew only if others came or went: what has the focus, or is being clicked, stays.
        if (tabs.length !== this.tabs.children.length || tabs.some((tab, index) => tab !== this.tabs.children[index])) {
            this.tabs.replaceChildren(...tabs);
        }
    }

    makeTab(shell) {
        const name = visible(shell.name);
        const title = h("span.title");
        const button = h(
            "button.tab-name",
            {
                type: "button",
                role: "tab",
                "data-id": shell.id,
                onclick: () => this.select(shell),
                onkeydown: (event) => this.moveBetweenTabs(event, shell),
            },
            h("span.dot", { "aria-hidden": "true" }),
            name,
            title,
        );
        const close = h(
            "button.tab-close",
            { type: "button", "aria-label": `Close the terminal on ${name}`, onclick: () => this.close(shell) },
            "×",
        );
        return { element: h("div.tab", { role: "presentation" }, button, close), button, close, title };
    }

    updateTab({ element, button, close, title }, shell) {
        const isCurrent = shell === this.current;
        element.dataset.state = shell.element.dataset.state ?? shell.state;
        button.setAttribute("aria-selected", String(isCurrent));
        button.tabIndex = close.tabIndex = isCurrent ? 0 : -1;
        setText(title, shell.title);
        button.title = shell.title ? `${visible(shell.name)}: ${shell.title}` : visible(shell.name);
    }

    moveBetweenTabs(event, shell) {
        const index = this.shells.indexOf(shell);
        const target = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: this.shells.length - 1 }[event.key];
        if (event.key === "Delete") return void this.close(shell);
        if (target === undefined) return;
        event.preventDefault();
        const next = this.shells[(target + this.shells.length) % this.shells.length];
        this.select(next);
        requestAnimationFrame(() => this.tabs.querySelector(`[data-id="${next.id}"]`)?.focus());
    }

    showButtons(shell) {
        const state = `${shell.state} ${shell.isTakenOver}`;
        if (shell.buttonsFor === state) return;
        shell.buttonsFor = state;
        if (shell.state !== "ended") {
            return shell.showButtons(h("button.small", { type: "button", onclick: () => shell.showSearch(true) }, "Find"));
        }
        const again = () => {
            const { target, name } = shell;
            void this.remove(shell, false);
            this.open({ target, name });
        };
        const back = () => {
            void shell.takeBack();
            shell.focus();
        };
        shell.showButtons(
            shell.isTakenOver ? h("button.small.primary", { type: "button", onclick: back }, "Take it back") : null,
            h("button.small", { type: "button", onclick: again }, "Open another"),
            h("button.small", { type: "button", onclick: () => this.remove(shell, false) }, "Close"),
        );
    }

    async close(shell) {
        if (shell.state === "ended" || !shell.sessionID) return this.remove(shell, true);
        let choice = readSettings().onClose;
        if (!choice) {
            const keeps = h("input", { type: "checkbox", name: "keeps" });
            const which = (value, text, isChosen) =>
                h("label.choice", {}, h("input", { type: "radio", name: "choice", value, checked: isChosen }), text);
            const answer = await ask({
                title: `Close the terminal on ${visible(shell.name)}?`,
                content: [
                    which("end", "End the shell, and what runs in it", true),
                    which("leave", "Leave it running: Sessions leads back to it, until it has been idle for too long", false),
                    h("label.choice", {}, keeps, "Do so from now on"),
                ],
                action: "Close",
                perform: async (form) => ({ choice: form.get("choice"), isKept: form.get("keeps") !== null }),
            });
            if (!answer) return;
            choice = answer.choice;
            if (answer.isKept) changeSettings({ onClose: choice });
        }
        await this.remove(shell, choice === "end");
    }

    async remove(shell, endsIt) {
        const index = this.shells.indexOf(shell);
        if (index < 0) return;
        this.shells.splice(index, 1);
        this.orphans?.remove(shell.id);
        if (this.current === shell) this.current = this.shells[Math.min(index, this.shells.length - 1)] ?? null;
        try {
            await shell.close(endsIt);
        } catch (error) {
            this.app.say(`The shell may still run: ${error.message}. Sessions tells.`);
        }
        this.shown();
    }

    /** Holds still until the user signs in again. */
    suspend() {
        for (const shell of this.shells) shell.connection?.suspend();
    }

    /** Lets go of all that is open, which goes on without this page. */
    async leaveAll() {
        await Promise.all(this.shells.slice().map((shell) => this.remove(shell, false)));
    }

    /** Those whose shells still run. */
    get running() {
        return this.shells.filter((shell) => shell.state !== "ended");
    }

    async endAll() {
        await Promise.all(this.shells.slice().map((shell) => this.remove(shell, true)));
    }
}
