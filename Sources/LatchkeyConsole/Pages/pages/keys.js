// SPDX-License-Identifier: Apache-2.0

import { createKeyPair, deleteKeyPair, describeInstances, describeKeyPairs, importKeyPair } from "../api/ec2.js";
import { ask, field, tell } from "../view/dialog.js";
import { h } from "../view/dom.js";
import { copyButton, snippet } from "../view/notice.js";
import { Table } from "../view/table.js";
import { visible } from "../view/text.js";
import { Page } from "./page.js";

/** Key pairs: whose public half is known here, and which instances were launched with it. */
export function keysPage(app) {
    let uses = new Map();
    const usesOf = (pair) => uses.get(pair.name) ?? [];
    const table = new Table({
        label: "Key pairs",
        key: (pair) => pair.id,
        columns: [
            { title: "Name", isWide: true, of: (pair) => visible(pair.name) },
            { title: "Type", of: (pair) => pair.type },
            {
                title: "Fingerprints",
                isWide: true,
                of: (pair) => pair.fingerprint + pair.openSSH,
                cell: (pair) => h("div.fingerprints", {}, fingerprints(pair)),
            },
            {
                title: "Instances",
                isWide: true,
                of: (pair) => String(usesOf(pair).length).padStart(6, "0") + usesOf(pair).join(),
                cell: (pair) => {
                    const names = usesOf(pair).map(visible);
                    return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ") || "–";
                },
            },
            {
                title: "Actions",
                isAction: true,
                of: (pair) => `${pair.name} ${usesOf(pair).length}`,
                cell: (pair) => actions(pair),
            },
        ],
        empty: () => [
            h("h2", {}, "No key pairs yet"),
            h("p", {}, "Instances are entered through their agents without one. For SSH, create one here, or import a public key."),
        ],
    });

    async function look() {
        const [pairs, instances] = await Promise.all([describeKeyPairs(), describeInstances()]);
        uses = new Map();
        for (const instance of instances.items) {
            if (instance.keyPair) uses.set(instance.keyPair, [...(uses.get(instance.keyPair) ?? []), instance.name || instance.id]);
        }
        for (const pair of pairs) pair.openSSH = await openSSHFingerprint(pair.publicKey);
        table.show(pairs);
    }

    function actions(pair) {
        return h(
            "div.actions",
            {},
            h(
                "button.small",
                { type: "button", "aria-label": `Show the public key of ${visible(pair.name)}`, onclick: () => showPublicKey(pair) },
                "Public key",
            ),
            h(
                "button.small.danger",
                { type: "button", "aria-label": `Delete ${visible(pair.name)}`, onclick: () => remove(pair) },
                "Delete",
            ),
        );
    }

    async function remove(pair) {
        const names = usesOf(pair).map(visible);
        const done = await ask({
            title: `Delete the key pair ${visible(pair.name)}?`,
            content: [
                h("p", {}, "Instances keep letting it in; only what is known of it here goes."),
                names.length > 0 ? h("p", {}, `Launched with it: ${names.slice(0, 10).join(", ")}`) : null,
            ],
            action: "Delete",
            isDangerous: true,
            perform: () => deleteKeyPair(pair.name),
        });
        if (done) await page.refresh();
    }

    const page = new Page("Key pairs", look);
    page.tools.append(
        h("button", { type: "button", onclick: () => importDialog(page) }, "Import …"),
        h("button.primary", { type: "button", onclick: () => createDialog(page) }, "Create …"),
    );
    page.body.append(table.element);
    return page;
}

/** As OpenSSH shows it, and as EC2 does where that is another. */
function fingerprints(pair) {
    const ec2 = visible(pair.fingerprint);
    const isSame = pair.openSSH === `SHA256:${ec2.replace(/=+$/, "")}`;
    return [
        pair.openSSH ? h("code", { title: "as OpenSSH shows it" }, pair.openSSH) : null,
        isSame ? null : h("code", { title: "as EC2 shows it" }, ec2),
    ];
}

/** SHA-256 of a public key in its line, as ssh-keygen shows it; "" where there is none. */
export async function openSSHFingerprint(line) {
    const blob = line?.split(" ")[1];
    if (!blob) return "";
    try {
        const bytes = Uint8Array.from(atob(blob), (letter) => letter.charCodeAt(0));
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
        return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, "")}`;
    } catch {
        return "";
    }
}

function showPublicKey(pair) {
    return tell({
        title: `The public half of ${visible(pair.name)}`,
        content: [h("p", {}, "A line of authorized_keys:"), snippet(visible(pair.publicKey.trim()))],
    });
}

async function createDialog(page) {
    const made = await ask({
        title: "Create a key pair",
        content: [
            field("Name", h("input", { name: "name", required: true, maxlength: 255, autofocus: true, autocomplete: "off" })),
            field(
                "Type",
                h("select", { name: "type" }, h("option", { value: "ed25519" }, "Ed25519"), h("option", { value: "rsa" }, "RSA, for older servers")),
            ),
            h("p.hint", {}, "The private half is given to this browser once, and is not kept here."),
        ],
        action: "Create and download",
        perform: (form) => createKeyPair(form.get("name"), form.get("type")),
    });
    if (!made) return;
    const file = `${made.name.replace(/[^\w.-]/g, "_")}.pem`;
    const address = URL.createObjectURL(new Blob([made.material], { type: "application/x-pem-file" }));
    const link = h("a.button.primary", { href: address, download: file }, `Download ${file}`);
    link.click();
    await page.refresh();
    await tell({
        title: `${visible(made.name)} was created`,
        content: [
            h("p", {}, "Its private half is in your downloads. It cannot be had again."),
            h("div.actions", {}, link, copyButton(made.material, "Copy the private half")),
            snippet(`latchkey key import ${made.name.replace(/[^\w.-]/g, "_")} ~/Downloads/${file}`),
        ],
    });
    URL.revokeObjectURL(address);
}

async function importDialog(page) {
    const text = h("textarea", { name: "key", rows: 5, spellcheck: "false", placeholder: "ssh-ed25519 AAAA… comment" });
    const file = h("input", {
        type: "file",
        onchange: async () => {
            const chosen = file.files[0];
            if (!chosen) return;
            if (chosen.size > 65_536) return void (text.value = "");
            text.value = await chosen.text();
        },
    });
    const done = await ask({
        title: "Import a public key",
        content: [
            field("Name", h("input", { name: "name", required: true, maxlength: 255, autofocus: true, autocomplete: "off" })),
            field("Public key", text, "A line of authorized_keys, or a .pub file. A private key is refused."),
            field("From a file", file),
        ],
        action: "Import",
        perform: async (form) => {
            const key = String(form.get("key")).trim();
            // A private half must not leave this machine by mistake.
            if (/PRIVATE KEY|PuTTY-User-Key-File/.test(key)) {
                text.value = "";
                throw new Error("this is a private key, which was not sent; paste its public half");
            }
            if (!key) throw new Error("paste a public key, or choose its file");
            return importKeyPair(form.get("name"), key);
        },
    });
    if (done) await page.refresh();
}
