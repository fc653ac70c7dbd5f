// SPDX-License-Identifier: Apache-2.0

import { call } from "../api/client.js";
import { changeSettings, readSettings } from "../terminal/settings.js";
import { field } from "../view/dialog.js";
import { h } from "../view/dom.js";
import { Table } from "../view/table.js";
import { ago, visible } from "../view/text.js";
import { Page } from "./page.js";

const date = (seconds) => new Date(seconds * 1000);

/** Who is signed in, where else, and how terminals behave. */
export function accountPage(app) {
    const settings = readSettings();
    const table = new Table({
        label: "Browsers that are signed in",
        key: (session) => session.SessionId,
        sortedBy: 2,
        isDescending: true,
        columns: [
            { title: "User", of: (session) => visible(String(session.Owner).split("/").at(-1)) },
            {
                title: "Browser",
                isWide: true,
                of: (session) => `${visible(session.UserAgent ?? "unknown")} ${session.SourceAddress ?? ""}`,
                cell: (session) =>
                    h(
                        "div",
                        {},
                        session.IsCurrent ? h("strong", {}, "This one") : visible(session.SourceAddress ?? "unknown"),
                        h("p.hint", {}, visible(session.UserAgent ?? "")),
                    ),
            },
            { title: "Last used", of: (session) => date(session.LastUsedDate).toISOString(), cell: (session) => ago(date(session.LastUsedDate)) },
            {
                title: "Ends",
                of: (session) => date(session.ExpirationDate).toISOString(),
                cell: (session) => date(session.ExpirationDate).toLocaleString(),
            },
            {
                title: "Actions",
                isAction: true,
                of: (session) => session.SessionId,
                cell: (session) =>
                    session.IsCurrent
                        ? ""
                        : h(
                              "button.small.danger",
                              {
                                  type: "button",
                                  onclick: async () => {
                                      await call("Latchkey.DeleteConsoleSession", { SessionId: session.SessionId });
                                      await page.refresh();
                                  },
                              },
                              "Sign out there",
                          ),
            },
        ],
        empty: () => h("p", {}, "None."),
    });
    const page = new Page("Account", async () => table.show((await call("Latchkey.DescribeConsoleSessions")).Sessions));
    const reader = h("input", {
        type: "checkbox",
        checked: settings.screenReader,
        onchange: () => changeSettings({ screenReader: reader.checked }),
    });
    const size = h("input", {
        type: "number",
        min: 8,
        max: 32,
        value: String(settings.fontSize),
        onchange: () => changeSettings({ fontSize: Math.min(32, Math.max(8, Number(size.value) || 14)) }),
    });
    const close = h(
        "select",
        { onchange: () => changeSettings({ onClose: close.value || null }) },
        [
            ["", "ask"],
            ["end", "end the shell"],
            ["leave", "leave it running"],
        ].map(([value, text]) => h("option", { value, selected: (settings.onClose ?? "") === value }, text)),
    );
    page.tools.append(h("button", { type: "button", onclick: () => app.signOut() }, "Sign out"));
    page.body.append(
        h("section", {}, h("h2", {}, "Signed in"), table.element),
        h(
            "section.card",
            {},
            h("h2", {}, "Terminals"),
            field("For a screen reader", reader, "What a terminal shows is read out as it comes. New terminals have it."),
            field("Size of letters", size, "In pixels, for new terminals."),
            field("When a terminal is closed", close),
            h("p.hint", {}, "In a terminal, F6 leads out of it, Ctrl+Shift+F finds, Ctrl+Shift+C copies."),
        ),
    );
    return page;
}
