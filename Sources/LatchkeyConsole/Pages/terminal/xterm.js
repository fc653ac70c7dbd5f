// SPDX-License-Identifier: Apache-2.0

let loading = null;

/**
 * Loads xterm.js, which is large, at the first terminal.
 *
 * It makes style elements of its own. The page's policy lets those alone apply that have the page's nonce, and only if they have it
 * before they are put in.
 */
export function loadXterm() {
    loading ??= load();
    return loading;
}

async function load() {
    const nonce = document.querySelector("meta[name=style-nonce]")?.content ?? "";
    const create = document.createElement.bind(document);
    document.createElement = (name, options) => {
        const element = create(name, options);
        if (String(name).toLowerCase() === "style") element.nonce = nonce;
        return element;
    };
    const sheet = Object.assign(create("link"), { rel: "stylesheet", href: "/console/xterm/xterm.css" });
    document.head.append(sheet);
    // They are scripts of the older kind, which put their names into the global object.
    await import("/console/xterm/xterm.js");
    await Promise.all([import("/console/xterm/addon-fit.js"), import("/console/xterm/addon-webgl.js")]);
    const { Terminal, FitAddon, WebglAddon } = globalThis;
    return { Terminal, FitAddon: FitAddon.FitAddon, WebglAddon: WebglAddon.WebglAddon };
}

/** Draws with WebGL where the browser has it, and else as it can. */
export function addWebGL(terminal, WebglAddon) {
    try {
        const addon = new WebglAddon();
        addon.onContextLoss(() => addon.dispose());
        terminal.loadAddon(addon);
    } catch {
        // xterm.js draws without it, only more slowly.
    }
}
