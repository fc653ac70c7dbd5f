// SPDX-License-Identifier: Apache-2.0

import { describeSessions, terminateSession } from "../api/ssm.js";
import { ask } from "../view/dialog.js";
import { h } from "../view/dom.js";
import { Table } from "../view/table.js";
import { span, visible } from "../view/text.js";
import { Page } from "./page.js";

/** Documents whose sessions are shells, which another client can go on with. */
const SHELL = new Set(["", "SSM-SessionManagerRunShell"]);

/** The sessions that run, and those that have ended. */
export function sessionsPage(app) {
    const live = sessionTable(app, () => page, {});
    const past = sessionTable(app, () => page, { isPast: true });
    const page = new Page("Sessions", async () => {
        const [active, history] = await Promise.all([describeSessions("Active"), describeSessions("History")]);
        live.show(active);
        past.show(history);
    });
    page.body.append(
        h("section", {}, h("h2", {}, "Running"), live.element),
        h("section", {}, h("h2", {}, "Ended"), past.element),
    );
    return page;
}

/** A table of sessions. */
export function sessionTable(app, page, { isPast = false, isNarrow = false }) {
    const time = (session) => (session.ended ?? new Date()) - session.started;
    return new Table({
        label: isPast ? "Sessions that have ended" : "Sessions that run",
        key: (session) => session.id,
        sortedBy: isNarrow ? 1 : 2,
        isDescending: true,
        columns: [
            isNarrow
                ? null
                : {
                      title: "Instance",
                      isWide: true,
                      of: (session) => app.nameOf(session.target),
                      cell: (session) =>
                          h(
                              "a.name",
                              { href: `/console/instances/${encodeURIComponent(session.target)}`, onclick: app.follow },
                              visible(app.nameOf(session.target)),
                          ),
                  },
            { title: "Whose", of: (session) => visible(session.owner) },
            {
                title: isPast ? "Ended" : "Since",
                of: (session) => (isPast ? session.ended : session.started)?.toISOString() ?? "",
                cell: (session) => (isPast ? session.ended : session.started)?.toLocaleString() ?? "–",
            },
            { title: "Lasted", of: (session) => span(time(session) / 1000) },
            { title: "What", of: (session) => visible(SHELL.has(session.document) ? "shell" : session.document) },
            isPast
                ? { title: "Why it ended", isWide: true, of: (session) => visible(session.details) || "–" }
                : {
                      title: "State",
                      of: (session) => session.status,
                      cell: (session) => h(`span.state.${session.status.toLowerCase()}`, {}, session.status.toLowerCase()),
                  },
            isPast
                ? null
                : {
                      title: "Actions",
                      isAction: true,
                      of: (session) => `${session.id} ${app.nameOf(session.target)}`,
                      cell: (session) => actions(app, page, session),
                  },
        ].filter(Boolean),
        empty: () =>
            h("p", {}, isPast ? "None has ended in the last 30 days." : "No session runs. Connect to an instance to open one."),
    });
}

function actions(app, page, session) {
    const name = visible(app.nameOf(session.target));
    return h(
        "div.actions",
        {},
        SHELL.has(session.document)
            ? h(
                  "button.small",
                  {
                      type: "button",
                      "aria-label": `Attach to the session on ${name}`,
                      onclick: () => app.attach(session),
                  },
                  "Attach",
              )
            : null,
        h(
            "button.small.danger",
            {
                type: "button",
                "aria-label": `End the session on ${name}`,
                onclick: async () => {
                    const done = await ask({
                        title: `End the session on ${name}?`,
                        content: [h("p", {}, `What ${visible(session.owner)} runs in it ends, too.`)],
                        action: "End it",
                        isDangerous: true,
                        perform: () => terminateSession(session.id),
                    });
                    if (done) await page().refresh();
                },
            },
            "End",
        ),
    );
}
