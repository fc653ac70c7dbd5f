// SPDX-License-Identifier: Apache-2.0

import { call, onSignedOut } from "./api/client.js";
import { accountPage } from "./pages/account.js";
import { activationsPage } from "./pages/activations.js";
import { instancePage } from "./pages/instance.js";
import { instancesPage } from "./pages/instances.js";
import { keysPage } from "./pages/keys.js";
import { sessionsPage } from "./pages/sessions.js";
import { linkCode, linkPage, signInPage } from "./pages/signin.js";
import { Terminals } from "./pages/terminals.js";
import { describeInstances } from "./api/ec2.js";
import { describeAgents } from "./api/ssm.js";
import { fleetOf } from "./api/fleet.js";
import { ask } from "./view/dialog.js";
import { fill, h, setText } from "./view/dom.js";
import { Notices } from "./view/notice.js";
import { visible } from "./view/text.js";

const HOME = "/console/instances";

const PLACES = [
    ["/console/instances", "Instances"],
    ["/console/terminals", "Terminals"],
    ["/console/sessions", "Sessions"],
    ["/console/keys", "Key pairs"],
    ["/console/activations", "Activations"],
    ["/console/account", "Account"],
];

/** The console as a whole: who is signed in, and which place is shown. */
export class App {
    constructor() {
        this.notices = new Notices();
        this.names = new Map();
        this.page = null;
        this.pages = new Map();
        this.isSignedIn = false;
        this.follow = (event) => {
            if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
            event.preventDefault();
            this.go(event.currentTarget.getAttribute("href"));
        };
        onSignedOut(() => this.isSignedIn && this.showSignIn("You are not signed in any more."));
        globalThis.addEventListener("popstate", () => this.isSignedIn && this.show(location.pathname));
    }

    async start() {
        const code = linkCode();
        if (code) return this.showLink(code);
        await this.showConsole("");
    }

    /** Asks before a link signs in, which may be another's who wants to be looked for in this browser. */
    showLink(code) {
        fill(document.body, linkPage(code, () => void this.showConsole(), (why) => this.showSignIn(why)));
        document.querySelector("button").focus();
    }

    showAway() {
        fill(document.body, h("main.sign-in", {}, h("h1", {}, "Latchkey"), h("p.trouble", {}, "The server does not answer. Trying again.")));
        setTimeout(() => this.start(), 2000);
    }

    showSignIn(why) {
        this.isSignedIn = false;
        this.page?.hide();
        this.terminals?.suspend();
        fill(document.body, signInPage(why, () => void this.showConsole()));
        document.title = "Sign in – Latchkey";
        document.querySelector("[autofocus]")?.focus();
    }

    /** @param {string} [why] what is said to a user who is not signed in */
    async showConsole(why) {
        let sessions;
        try {
            ({ Sessions: sessions } = await call("Latchkey.DescribeConsoleSessions"));
        } catch (error) {
            return error.status ? this.showSignIn(why ?? error.message) : this.showAway();
        }
        const owner = sessions.find((session) => session.IsCurrent)?.Owner ?? "";
        if (this.terminals && owner !== this.owner) {
            // What the user before had open is not this one's.
            await this.terminals.leaveAll();
            this.terminals = null;
            this.pages.clear();
        }
        this.owner = owner;
        this.isSignedIn = true;
        this.build();
        if (!this.terminals) {
            this.terminals = new Terminals(this);
            await this.terminals.restore();
        }
        this.terminals.hurry();
        void this.learnNames();
        this.show(location.pathname);
    }

    build() {
        this.links = PLACES.map(([path, title]) =>
            h("a", { href: path, onclick: this.follow }, title, path.endsWith("terminals") ? h("span.badge", { hidden: true }) : null),
        );
        this.main = h("main", { id: "main" });
        fill(
            document.body,
            h("a.skip", { href: "#main" }, "To the content"),
            h(
                "div.layout",
                {},
                h(
                    "nav",
                    { "aria-label": "Console" },
                    h(
                        "a.brand",
                        { href: HOME, onclick: this.follow },
                        h("img", { src: "/console/icon.svg", alt: "", width: 28, height: 28 }),
                        "Latchkey",
                    ),
                    this.links,
                    h("p.who", {}, h("span.hidden", {}, "Signed in as "), visible(this.owner.split("/").at(-1))),
                ),
                this.main,
            ),
            this.notices.element,
        );
    }

    /** Goes to a place of the console. */
    go(path) {
        if (location.pathname !== path) history.pushState(null, "", path);
        this.show(path);
    }

    show(path) {
        const page = this.pageAt(path);
        path = location.pathname;
        this.page?.hide();
        this.page = page;
        fill(this.main, page.element);
        for (const link of this.links) {
            const isHere = path === link.getAttribute("href") || path.startsWith(`${link.getAttribute("href")}/`);
            if (isHere) link.setAttribute("aria-current", "page");
            else link.removeAttribute("aria-current");
        }
        document.title = `${page.heading.textContent} – Latchkey`;
        page.heading.focus({ preventScroll: true });
        page.show();
    }

    pageAt(path) {
        const [, , place, id] = path.split("/");
        if (place === "instances" && id) return instancePage(this, decodeURIComponent(id));
        if (place === "terminals") return this.terminals.page;
        const make = { instances: instancesPage, sessions: sessionsPage, keys: keysPage, activations: activationsPage, account: accountPage }[place];
        if (!make) {
            history.replaceState(null, "", HOME);
            return this.pageAt(HOME);
        }
        if (!this.pages.has(place)) this.pages.set(place, make(this));
        return this.pages.get(place);
    }

    say(text) {
        this.notices.say(text);
    }

    /** Opens a shell on an instance. */
    connect(instance) {
        this.names.set(instance.id, instance.name || instance.id);
        this.terminals.open({ target: instance.id, name: instance.name || instance.id });
    }

    /** Goes on with a session that runs, in the place of the client that it has. */
    attach(session) {
        this.terminals.open({ target: session.target, name: this.nameOf(session.target), sessionID: session.id });
    }

    nameOf(id) {
        return this.names.get(id) ?? id;
    }

    async learnNames() {
        try {
            const [instances, agents] = await Promise.all([describeInstances(), describeAgents()]);
            for (const { id, name } of fleetOf(instances.items, agents)) this.names.set(id, name || id);
        } catch {
            // Ids stand for what is not known.
        }
    }

    showTerminalCount(count) {
        const badge = this.links?.map((link) => link.querySelector(".badge")).find(Boolean);
        if (!badge) return;
        badge.hidden = count === 0;
        setText(badge, String(count));
    }

    async signOut() {
        const running = this.terminals.running;
        if (running.length > 0) {
            const names = running.map((shell) => visible(shell.name)).join(", ");
            const isSure = await ask({
                title: "Sign out?",
                content: [h("p", {}, `These shells end with it: ${names}.`)],
                action: "Sign out",
                isDangerous: true,
            });
            if (!isSure) return;
        }
        await this.terminals.endAll();
        try {
            await call("Latchkey.DeleteConsoleSession");
        } catch (error) {
            if (!error.isSignedOut) return this.say(`You are still signed in: ${error.message}.`);
        }
        this.terminals = null;
        this.pages.clear();
        this.showSignIn("");
    }
}
