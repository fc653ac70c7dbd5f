// SPDX-License-Identifier: Apache-2.0

/**
 * An element. What is shown always goes in as text, never as markup.
 *
 * @param {string} tag with classes behind dots: "p.hint"
 * @param {Record<string, unknown>} [properties] `on…` for listeners, true and false for attributes that are there or not
 * @param {...(Node|string|number|null|false|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
    const [name, ...classes] = tag.split(".");
    const element = document.createElement(name);
    if (classes.length > 0) element.className = classes.join(" ");
    for (const [key, value] of Object.entries(properties)) {
        if (value === null || value === undefined || value === false) continue;
        if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else if (key === "value" || key === "checked") element[key] = value;
        else element.setAttribute(key, value === true ? "" : String(value));
    }
    fill(element, children);
    return element;
}

/** Puts children in the place of those that an element has. */
export function fill(element, ...children) {
    element.replaceChildren(
        ...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined),
    );
    return element;
}

/** Sets an element's text, if it has another one: what does not change, is not drawn or announced again. */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
