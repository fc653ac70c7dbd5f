// SPDX-License-Identifier: Apache-2.0

import { describeImages, describeKeyPairs, runInstance } from "../api/ec2.js";
import { ask, field } from "../view/dialog.js";
import { h } from "../view/dom.js";
import { visible } from "../view/text.js";

/** Asks what to launch, and launches it. */
export async function launchDialog(app, page) {
    let [images, keyPairs] = [[], []];
    try {
        [images, keyPairs] = await Promise.all([describeImages(), describeKeyPairs()]);
    } catch (error) {
        return app.say(error.message);
    }
    if (images.length === 0) {
        return app.say("This server launches no instances: latchkeyd run --docker does, beside a container engine.");
    }
    const option = (value, text) => h("option", { value }, text);
    const launched = await ask({
        title: "Launch an instance",
        content: [
            field("Name", h("input", { name: "name", maxlength: 256, autofocus: true, autocomplete: "off" })),
            field(
                "Image",
                h("select", { name: "image" }, images.map((image) => option(image.id, visible(image.name || image.id)))),
            ),
            field(
                "Key pair",
                h(
                    "select",
                    { name: "keyPair" },
                    option("", "none: the agent lets in who is let in here"),
                    keyPairs.map((pair) => option(pair.name, visible(pair.name))),
                ),
            ),
        ],
        action: "Launch",
        perform: (form) =>
            runInstance({ name: form.get("name"), image: form.get("image"), keyPair: form.get("keyPair") }),
    });
    if (!launched) return;
    app.say(`${visible(launched.name || launched.id)} is being launched`);
    await page.refresh();
}
