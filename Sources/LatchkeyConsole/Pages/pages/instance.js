// SPDX-License-Identifier: Apache-2.0

import { changeInstance, consoleOutput, describeInstances } from "../api/ec2.js";
import { machine } from "../api/fleet.js";
import { connectionStatus, describeAgents, describeSessions } from "../api/ssm.js";
import { ask } from "../view/dialog.js";
import { fill, h, setText } from "../view/dom.js";
import { snippet } from "../view/notice.js";
import { ago, visible, visibleLines } from "../view/text.js";
import { sessionTable } from "./sessions.js";
import { Page } from "./page.js";

/** Bytes of an instance's console that are shown: the last ones. */
const CONSOLE_LIMIT = 256 * 1024;

/** One instance: the ways into it, what is known of it, its sessions, and what can be done with it. */
export function instancePage(app, id) {
    let instance = null;
    let agent = null;
    let status = null;
    let shown = "";
    const facts = h("dl.facts");
    const roads = h("ul.roads");
    const actions = h("div.actions");
    const output = h("pre.console", { tabindex: 0, role: "region", "aria-label": "Console output" });
    const sessions = sessionTable(app, () => page, { isNarrow: true });
    const console = h(
        "details",
        { ontoggle: () => console.open && void showConsole() },
        h("summary", {}, "Console output"),
        output,
    );

    async function look() {
        const [found, agents, connection, active] = await Promise.all([
            describeInstances({ ids: [id] }).catch((error) => {
                if (error.code?.includes("NotFound") || error.code?.includes("Malformed")) return { items: [] };
                throw error;
            }),
            describeAgents(),
            connectionStatus(id).catch(() => null),
            describeSessions("Active"),
        ]);
        agent = agents.get(id) ?? null;
        instance = found.items[0] ?? (agent ? machine(agent) : null);
        status = connection;
        sessions.show(active.filter((session) => session.target === id));
        show();
    }

    function show() {
        const name = visible(instance?.name || id);
        setText(page.heading, name);
        // Drawn anew only if something is another, so that focus and selection stay.
        const now = JSON.stringify([instance, agent?.isOnline, agent?.lastSeen, status]);
        if (now === shown) return;
        shown = now;
        showRoads();
        showActions();
        showFacts();
    }

    function showRoads() {
        const isOnline = status?.isConnected ?? agent?.isOnline ?? false;
        const name = instance?.name || id;
        const lines = [];
        if (isOnline) {
            lines.push(road(true, "relay", "its agent is connected, and opens a shell without a key"));
        } else if (agent) {
            lines.push(road(false, "relay", `its agent was last heard of ${ago(agent.lastSeen)}`));
        } else {
            lines.push(road(false, "relay", "it has no agent here"));
        }
        const address = instance?.address;
        lines.push(
            address
                ? road(null, "ssh", `at ${visible(address)}, from a terminal, with a key that fits`)
                : road(false, "ssh", "it has no address"),
        );
        if (status?.takesPushedKeys) lines.push(road(true, "pushed keys", "its sshd asks the agent for them"));
        if (status?.wasCopied) {
            lines.push(road(false, "warning", "a second agent with the same registration was turned away just now"));
        }
        fill(roads, lines);
        const words = /^[\w.-]+$/.test(name) ? name : id;
        roads.append(h("li", {}, snippet(`latchkey connect ${words}`)));
    }

    function showActions() {
        const isOnline = status?.isConnected ?? agent?.isOnline ?? false;
        const isLaunched = Boolean(instance?.image);
        const state = instance?.state;
        const change = (title, action, isDangerous, text) => () =>
            ask({
                title: `${title} ${visible(instance.name || id)}?`,
                content: [h("p", {}, text)],
                action: title,
                isDangerous,
                perform: () => changeInstance(action, id),
            }).then((done) => done && page.refresh());
        fill(
            actions,
            isOnline
                ? h(
                      "button.primary",
                      { type: "button", onclick: () => app.connect({ id, name: instance?.name || id }) },
                      "Connect",
                  )
                : null,
            isLaunched && state === "stopped"
                ? h("button", { type: "button", onclick: change("Start", "StartInstances", false, "It boots again.") }, "Start")
                : null,
            isLaunched && state === "running"
                ? [
                      h(
                          "button",
                          {
                              type: "button",
                              onclick: change("Reboot", "RebootInstances", false, "Everyone on it is thrown off."),
                          },
                          "Reboot",
                      ),
                      h(
                          "button",
                          {
                              type: "button",
                              onclick: change("Stop", "StopInstances", false, "Its sessions end; its disk stays."),
                          },
                          "Stop",
                      ),
                  ]
                : null,
            isLaunched && state !== "terminated" && state !== "shutting-down"
                ? h(
                      "button.danger",
                      {
                          type: "button",
                          onclick: change("Terminate", "TerminateInstances", true, "It is gone for good, with its disk."),
                      },
                      "Terminate",
                  )
                : null,
        );
    }

    function showFacts() {
        const entries = [
            ["Id", id],
            ["State", instance?.state ?? "not there any more"],
            ["Why", instance?.stateReason],
            ["Address", instance?.address || agent?.address],
            ["Key pair", instance?.keyPair],
            ["Image", instance?.image],
            ["Launched", instance?.launched ? new Date(instance.launched).toLocaleString() : ""],
            ["Agent", agent ? [status?.agent, agent.version].filter(Boolean).join(" ") : "none"],
            ["Last heard of", agent ? ago(status?.lastSeen ?? agent.lastSeen) : ""],
            ["Host name", agent?.host],
            ["Platform", agent?.platform],
            ...Object.entries(instance?.tags ?? {})
                .filter(([key]) => key !== "Name")
                .map(([key, value]) => [`Tag ${key}`, value || "(empty)"]),
        ];
        fill(
            facts,
            entries
                .filter(([, value]) => value)
                .map(([term, value]) => [h("dt", {}, visible(term)), h("dd", {}, visible(value))]),
        );
    }

    async function showConsole() {
        setText(output, "…");
        try {
            const text = await consoleOutput(id);
            const part = text.slice(-CONSOLE_LIMIT);
            const note = part.length < text.length ? "… (the last 256 KiB)\n" : "";
            setText(output, visibleLines(note + part) || "It has said nothing yet.");
        } catch (error) {
            setText(output, error.message);
        }
    }

    const page = new Page(id, look);
    page.tools.append(actions);
    page.body.append(
        h("section.card", {}, h("h2", {}, "Ways in"), roads),
        h("section.card", {}, h("h2", {}, "Sessions"), sessions.element),
        h("section.card", {}, h("h2", {}, "What is known"), facts),
        console,
    );
    return page;
}

function road(isOpen, name, text) {
    const mark = isOpen === null ? "?" : isOpen ? "+" : "–";
    const words = isOpen === null ? "not known from here" : isOpen ? "open" : "closed";
    return h(
        `li.road.${isOpen === null ? "unknown" : isOpen ? "open" : "closed"}`,
        {},
        h("span.mark", { "aria-hidden": "true" }, mark),
        h("span.hidden", {}, words),
        h("strong", {}, name),
        h("span", {}, text),
    );
}
