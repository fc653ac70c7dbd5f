// SPDX-License-Identifier: Apache-2.0

import { resumeSession, startSession, terminateSession } from "../api/ssm.js";
import { Channel } from "../session/channel.js";
import { Connection } from "../session/connection.js";
import { fill, h, setText } from "../view/dom.js";
import { visible } from "../view/text.js";
import { findIn } from "./find.js";
import { linkProvider, openAddress } from "./links.js";
import { cleaned, paste, runsSomething } from "./paste.js";
import { Scrollback } from "./scrollback.js";
import { readSettings } from "./settings.js";
import { forgetTerminal, keepTerminal } from "./storage.js";
import { prefersDark, themeFor } from "./themes.js";
import { addWebGL, loadXterm } from "./xterm.js";

/** Why a relay says that a session has ended for this client alone. */
const TAKEN_OVER = "another client has taken the session over";

const utf8 = new TextEncoder();

/** A terminal on an instance, through a session that outlives connections and reloads. */
export class Shell {
    /**
     * @param {object} what
     * @param {string} what.target the instance's id
     * @param {string} what.name what it is called
     * @param {string|null} [what.sessionID] of one that runs, which is to be taken over; null to start one
     * @param {string} what.owner the ARN of the user who is signed in
     * @param {object} [kept] what ``keep`` had stored
     * @param {() => void} onChange title or state are others
     */
    constructor({ target, name, sessionID = null, owner }, kept, onChange) {
        this.owner = owner;
        this.isClosed = false;
        this.target = target;
        this.name = name;
        this.onChange = onChange;
        this.id = kept?.id ?? crypto.randomUUID();
        this.sessionID = kept?.sessionID ?? sessionID;
        this.opened = kept?.opened ?? Date.now();
        this.kept = kept;
        this.title = "";
        this.state = "connecting";
        this.reason = "";
        this.status = null;
        this.agentIsAway = false;
        this.terminal = null;
        this.scrollback = new Scrollback();
        this.lastFind = null;
        this.build();
    }

    build() {
        this.line = h("p.terminal-state", { role: "status", "aria-live": "polite" });
        this.buttons = h("div.terminal-buttons");
        this.screen = h("div.terminal-screen");
        this.search = this.buildSearch();
        this.element = h(
            "section.terminal",
            { "aria-label": `Terminal on ${visible(this.name)}`, "aria-keyshortcuts": "F6", hidden: true },
            h("div.terminal-bar", {}, this.line, this.buttons),
            this.search,
            this.screen,
        );
        this.screen.addEventListener("paste", (event) => this.interceptPaste(event), { capture: true });
    }

    buildSearch() {
        const input = h("input", { type: "search", "aria-label": "Find in the terminal", placeholder: "Find" });
        const outcome = h("span.hint", { role: "status" });
        const go = (isBackward) => {
            this.lastFind = findIn(this.terminal, input.value, this.lastFind, isBackward);
            setText(outcome, this.lastFind || !input.value ? "" : "not found");
        };
        input.addEventListener("input", () => ((this.lastFind = null), go(true)));
        input.addEventListener("keydown", (event) => {
            if (event.key === "Escape") this.showSearch(false);
            if (event.key === "Enter") go(!event.shiftKey);
        });
        return h(
            "form.terminal-search",
            { role: "search", hidden: true, onsubmit: (event) => event.preventDefault() },
            input,
            h("button", { type: "button", onclick: () => go(true) }, "Earlier"),
            h("button", { type: "button", onclick: () => go(false) }, "Later"),
            h("button", { type: "button", onclick: () => this.showSearch(false) }, "Close"),
            outcome,
        );
    }

    showSearch(isShown) {
        this.search.hidden = !isShown;
        this.fit();
        if (isShown) this.search.querySelector("input").select();
        else this.focus();
    }

    // What is drawn

    /** Opens it; the element has to be in the page and shown, since its size is what the shell begins with. */
    async open() {
        const { Terminal, FitAddon, WebglAddon } = await loadXterm();
        // It may have been closed meanwhile.
        if (this.isClosed) return;
        const settings = readSettings();
        const look = prefersDark();
        this.terminal = new Terminal({
            theme: themeFor(look.matches),
            fontFamily: "ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace",
            fontSize: settings.fontSize,
            screenReaderMode: settings.screenReader,
            minimumContrastRatio: 4.5,
            scrollback: 10_000,
            allowProposedApi: true,
            linkHandler: { activate: (_, text) => void openAddress(text) },
        });
        look.addEventListener("change", () => (this.terminal.options.theme = themeFor(look.matches)));
        this.fitAddon = new FitAddon();
        this.terminal.loadAddon(this.fitAddon);
        this.terminal.open(this.screen);
        addWebGL(this.terminal, WebglAddon);
        this.terminal.registerLinkProvider(linkProvider(this.terminal));
        this.terminal.onData((text) => this.type(utf8.encode(text)));
        this.terminal.onBinary((text) => this.type(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
        this.terminal.onTitleChange((title) => {
            this.title = visible(title.slice(0, 120));
            this.onChange();
        });
        this.terminal.onResize(({ cols, rows }) => this.channel?.resize(cols, rows));
        this.terminal.attachCustomKeyEventHandler((event) => this.handleKey(event));
        new ResizeObserver(() => this.fit()).observe(this.screen);
        this.fit();
        await this.connect();
    }

    fit() {
        if (!this.terminal || this.element.hidden || this.screen.clientHeight === 0) return;
        this.fitAddon.fit();
    }

    focus() {
        this.terminal?.focus();
    }

    /** Whether xterm.js goes on with a key. What leads out of the terminal is the page's: F6, announced by the element. */
    handleKey(event) {
        if (event.key === "F6") return false;
        if (event.type !== "keydown") return true;
        const isCommand = event.ctrlKey && event.shiftKey;
        if (isCommand && event.code === "KeyC") {
            event.preventDefault();
            void this.copy();
            return false;
        }
        // The browser pastes.
        if (isCommand && event.code === "KeyV") return false;
        if (isCommand && event.code === "KeyF") {
            event.preventDefault();
            this.showSearch(true);
            return false;
        }
        return true;
    }

    async copy() {
        const text = this.terminal.getSelection();
        if (text) await navigator.clipboard.writeText(text).catch(() => document.execCommand("copy"));
    }

    interceptPaste(event) {
        const text = event.clipboardData?.getData("text/plain") ?? "";
        if (!runsSomething(cleaned(text)) && cleaned(text) === text) return;
        event.preventDefault();
        event.stopPropagation();
        void paste(this.terminal, text);
    }

    type(bytes) {
        if (this.state === "ended") return;
        if (!this.channel?.input(bytes)) this.note("what was typed was not taken: the instance does not take more yet");
    }

    // The session

    world() {
        return {
            now: () => Date.now(),
            newID: () => crypto.randomUUID(),
            digest: async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)),
            later: (call, delay) => setTimeout(call, delay),
        };
    }

    makeChannel(state) {
        this.channel = new Channel(
            this.world(),
            {
                output: (bytes, drawn) =>
                    this.terminal.write(bytes, () => {
                        this.scrollback.add(bytes);
                        drawn();
                    }),
                message: (text) => this.note(text),
                agentAway: (isAway) => {
                    this.agentIsAway = isAway;
                    this.showState();
                },
                end: ({ status, reason }) => this.end(status, reason),
            },
            state,
        );
        this.channel.resize(this.terminal.cols, this.terminal.rows);
    }

    makeConnection(clientID) {
        this.clientID = clientID;
        this.connection = new Connection(
            this.channel,
            {
                open: (url) => new WebSocket(url),
                resume: () => resumeSession(this.sessionID),
                setTimeout: (call, delay) => setTimeout(call, delay),
                clearTimeout: (id) => clearTimeout(id),
            },
            (state, detail) => this.changed(state, detail),
            clientID,
        );
    }

    async connect() {
        const kept = this.kept;
        if (kept?.channel) {
            // The same client, after a reload: it goes on where it was.
            await new Promise((drawn) => this.terminal.write(kept.scrollback, drawn));
            if (this.isClosed) return;
            this.scrollback.add(kept.scrollback);
            this.makeChannel(kept.channel);
            this.makeConnection(kept.clientID);
            this.kept = null;
            return this.connection.resume();
        }
        this.kept = null;
        this.makeChannel();
        this.makeConnection(crypto.randomUUID());
        if (this.sessionID) return this.connection.resume();
        let started;
        try {
            started = await startSession(this.target);
        } catch (error) {
            return this.end(null, error.message);
        }
        this.sessionID = started.id;
        if (this.isClosed) return void terminateSession(started.id).catch(() => {});
        this.keep(false);
        this.connection.start(started.url, started.token);
    }

    /** Takes a session back that another client has taken over. */
    async takeBack() {
        this.terminal.reset();
        this.scrollback = new Scrollback();
        this.state = "connecting";
        this.agentIsAway = false;
        this.showState();
        await this.connect();
    }

    changed(state, detail) {
        if (this.state === "ended") return;
        if (state === "failed") return this.end(null, detail);
        // Whether output is still to be drawn, the channel knows, and tells the end itself.
        if (state === "over") {
            if (this.channel.reason === null) this.end(this.channel.status, "the session is over");
            return;
        }
        this.state = state;
        this.showState();
    }

    end(status, reason) {
        if (this.state === "ended") return;
        this.state = "ended";
        this.status = status;
        this.reason = reason;
        // Modes that a program has left on would make a mess of what is typed next.
        const isAlternate = this.terminal?.buffer.active.type === "alternate";
        this.terminal?.write(`${isAlternate ? "\x1b[?1049l" : ""}\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?2004l\x1b[m`);
        forgetTerminal(this.id);
        this.showState();
    }

    get isTakenOver() {
        return this.state === "ended" && this.reason === TAKEN_OVER;
    }

    get summary() {
        switch (this.state) {
            case "connecting":
                return "connecting …";
            case "waiting":
                return "the connection is lost; coming back …";
            case "connected":
                return this.agentIsAway ? "the instance has lost its connection; waiting for it …" : "connected";
            default:
                if (this.reason) return visible(this.reason);
                return this.status === null ? "the session is over" : `the shell has ended with status ${this.status}`;
        }
    }

    showState() {
        setText(this.line, `${visible(this.name)}: ${this.summary}`);
        this.element.dataset.state = this.agentIsAway && this.state === "connected" ? "waiting" : this.state;
        this.onChange();
    }

    /** A line beside the terminal, which does not disturb what is on it. */
    note(text) {
        setText(this.line, visible(text));
        clearTimeout(this.noteTimer);
        this.noteTimer = setTimeout(() => this.showState(), 4000);
    }

    showButtons(...buttons) {
        fill(this.buttons, buttons);
    }

    // Its end in this page

    /** Stores what another page needs to go on with the same shell. @param {boolean} isWhole with all that it has shown */
    keep(isWhole) {
        if (this.state === "ended" || !this.sessionID) return;
        const light = {
            id: this.id,
            target: this.target,
            name: this.name,
            sessionID: this.sessionID,
            opened: this.opened,
            owner: this.owner,
        };
        // One that is not shown yet since the page was loaded is what it was.
        if (!this.channel || this.kept) return void keepTerminal(this.id, this.kept ?? light);
        const whole = {
            ...light,
            clientID: this.clientID,
            channel: this.channel.state,
            scrollback: this.scrollback.bytes,
        };
        if (!isWhole || !keepTerminal(this.id, whole)) keepTerminal(this.id, light);
    }

    /** Ends the shell, or leaves it running, for another client to attach to. Throws where the shell may still run. */
    async close(endsIt) {
        forgetTerminal(this.id);
        const wasOpen = this.state !== "ended";
        this.isClosed = true;
        this.state = "ended";
        this.connection?.close();
        this.terminal?.dispose();
        this.element.remove();
        if (wasOpen && endsIt && this.sessionID) await terminateSession(this.sessionID);
    }
}
