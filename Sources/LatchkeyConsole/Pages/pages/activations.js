// SPDX-License-Identifier: Apache-2.0

import { createActivation, deleteActivation, describeActivations } from "../api/ssm.js";
import { ask, field, tell } from "../view/dialog.js";
import { h } from "../view/dom.js";
import { snippet } from "../view/notice.js";
import { Table } from "../view/table.js";
import { visible } from "../view/text.js";
import { Page } from "./page.js";

/** Activations: each lets machines' agents register themselves. */
export function activationsPage() {
    const table = new Table({
        label: "Activations",
        key: (activation) => activation.id,
        columns: [
            { title: "Id", of: (activation) => visible(activation.id) },
            { title: "Name of its machines", isWide: true, of: (activation) => visible(activation.name) || "–" },
            { title: "Registered", of: (activation) => `${activation.count} of ${activation.limit}` },
            {
                title: "Expires",
                of: (activation) => (activation.isExpired ? "expired" : (activation.expires?.toLocaleString() ?? "–")),
            },
            {
                title: "Actions",
                isAction: true,
                of: (activation) => activation.id,
                cell: (activation) =>
                    h(
                        "button.small.danger",
                        {
                            type: "button",
                            "aria-label": `Delete the activation ${visible(activation.id)}`,
                            onclick: async () => {
                                await deleteActivation(activation.id);
                                await page.refresh();
                            },
                        },
                        "Delete",
                    ),
            },
        ],
        empty: () => [
            h("h2", {}, "No activations"),
            h("p", {}, "An activation gives a command that is typed on a machine once. Its agent then dials out to here, and no port of it has to be open."),
        ],
    });
    const page = new Page("Activations", async () => table.show(await describeActivations()));
    page.tools.append(h("button.primary", { type: "button", onclick: () => createDialog(page) }, "Add a machine …"));
    page.body.append(table.element);
    return page;
}

async function createDialog(page) {
    const made = await ask({
        title: "Add a machine",
        content: [
            field("Name", h("input", { name: "name", maxlength: 256, autofocus: true, autocomplete: "off", placeholder: "web-1" })),
            field("Machines", h("input", { name: "limit", type: "number", min: 1, max: 1000, value: "1", required: true }), "How many may register with it, within a day."),
        ],
        action: "Make the command",
        perform: async (form) => {
            const script = await installCommand();
            return { ...(await createActivation(form.get("name"), Number(form.get("limit")))), script };
        },
    });
    if (!made) return;
    await page.refresh();
    await tell({
        title: "On the machine, as root",
        content: [
            h("p", {}, "This has the machine's agent register itself here:"),
            snippet(made.script(made.id, made.code)),
            h("p.hint", {}, "It is shown this once."),
        ],
    });
}

/** What makes the line to be typed on a machine, in the server's words. */
async function installCommand() {
    const response = await fetch("/agent/command", { cache: "no-store" });
    if (!response.ok) throw new Error("the server does not say how its agent is installed");
    const line = (await response.text()).trim();
    return (id, code) => line.replace("ACTIVATION-ID", id).replace("ACTIVATION-CODE", code);
}
