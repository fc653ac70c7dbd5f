// SPDX-License-Identifier: Apache-2.0

import { describeInstances } from "../api/ec2.js";
import { fleetOf } from "../api/fleet.js";
import { describeAgents } from "../api/ssm.js";
import { h, setText } from "../view/dom.js";
import { snippet } from "../view/notice.js";
import { Table } from "../view/table.js";
import { matches, visible } from "../view/text.js";
import { launchDialog } from "./launch.js";
import { Page } from "./page.js";

/** Instances that are shown at once; of more, a search shows those it finds. */
const LIMIT = 1000;
/** Every so many looks all agents are asked about, which takes a request for each fifty. */
const AGENTS_EVERY = 2;

/** The fleet: every instance, and one click to a shell on it. */
export function instancesPage(app) {
    let instances = [];
    let agents = new Map();
    let hasMore = false;
    let looks = 0;
    const search = h("input", {
        type: "search",
        placeholder: "Search by name, id, address or tag",
        "aria-label": "Search instances",
        oninput: () => {
            show();
            if (hasMore) void page.refresh();
        },
    });
    const count = h("p.hint", { role: "status" });

    const table = new Table({
        label: "Instances",
        key: (instance) => instance.id,
        columns: [
            {
                title: "Name",
                isWide: true,
                of: (instance) => instance.name || instance.id,
                cell: (instance) =>
                    h(
                        "a.name",
                        { href: `/console/instances/${instance.id}`, onclick: app.follow },
                        visible(instance.name || instance.id),
                    ),
            },
            {
                title: "State",
                of: (instance) => instance.state,
                cell: (instance) => h(`span.state.${instance.state.replace(/[^a-z-]/g, "")}`, {}, instance.state),
            },
            {
                title: "Agent",
                of: (instance) => agentOf(instance).text,
                cell: (instance) => h(`span.state.${agentOf(instance).kind}`, {}, agentOf(instance).text),
            },
            { title: "Address", of: (instance) => visible(instance.address) || "–" },
            { title: "Key pair", of: (instance) => visible(instance.keyPair) || "–" },
            { title: "Tags", isWide: true, of: (instance) => tagText(instance) || "–" },
            {
                title: "Connect",
                isAction: true,
                of: (instance) => `${instance.id} ${agentOf(instance).kind} ${instance.name}`,
                cell: (instance) => connectCell(app, instance, agentOf(instance)),
            },
        ],
        empty: () => (search.value ? h("p", {}, "No instance fits the search.") : emptyFleet(app)),
    });

    function agentOf(instance) {
        const agent = agents.get(instance.id);
        if (!agent) return { text: "none", kind: "none" };
        return agent.isOnline ? { text: "connected", kind: "online" } : { text: "away", kind: "away" };
    }

    function show() {
        const text = search.value.trim();
        const found = text ? instances.filter((instance) => matches(text, searchText(instance))) : instances;
        table.show(found);
        const all = hasMore ? `more than ${instances.length}` : String(instances.length);
        setText(count, text ? `${found.length} of ${all}` : instances.length > 0 ? `${all} instances` : "");
    }

    async function look() {
        const text = search.value.trim();
        // Of a fleet that is larger than the list, the server searches by name.
        const name = hasMore && text ? `*${text.replace(/[*?\\]/g, "\\$&")}*` : undefined;
        const asksAgents = looks % AGENTS_EVERY === 0;
        looks += 1;
        const [answer, known] = await Promise.all([
            describeInstances({ limit: LIMIT, name }),
            asksAgents ? describeAgents() : agents,
        ]);
        agents = known;
        if (!name) hasMore = Boolean(answer.next);
        instances = fleetOf(answer.items, agents);
        show();
    }

    const page = new Page("Instances", look);
    page.tools.append(
        search,
        h("button", { type: "button", onclick: () => launchDialog(app, page) }, "Launch …"),
    );
    page.body.append(count, table.element);
    return page;
}

function searchText(instance) {
    return [instance.name, instance.id, instance.address, instance.state, instance.keyPair, tagText(instance)].join(" ");
}

function tagText(instance) {
    return Object.entries(instance.tags)
        .filter(([key]) => key !== "Name")
        .map(([key, value]) => visible(value ? `${key}=${value}` : key))
        .sort()
        .join(", ");
}

function connectCell(app, instance, agent) {
    const name = visible(instance.name || instance.id);
    if (agent.kind === "online") {
        return h(
            "button.primary.small",
            { type: "button", "aria-label": `Connect to ${name}`, onclick: () => app.connect(instance) },
            "Connect",
        );
    }
    return h(
        "a.small",
        { href: `/console/instances/${instance.id}`, onclick: app.follow, "aria-label": `How to connect to ${name}` },
        "How to connect",
    );
}

function emptyFleet(app) {
    return [
        h("h2", {}, "No instances yet"),
        h("p", {}, "A machine joins with its agent:"),
        h("p", {}, h("a.button.primary", { href: "/console/activations", onclick: app.follow }, "Add a machine")),
        h("p", {}, "One that sshd lets you in already is added from a terminal:"),
        snippet("latchkey instance add web-1 --address 10.0.0.5 --user admin"),
    ];
}
