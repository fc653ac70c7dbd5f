// SPDX-License-Identifier: Apache-2.0

/** The one place in which text may become a document, which is never put into the page: no script of it can run. */
const policy = globalThis.trustedTypes?.createPolicy("xml", { createHTML: (text) => text });

/** @returns {Document|null} null for what is no XML */
export function parseXML(text) {
    const document = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/xml");
    return document.querySelector("parsererror") ? null : document;
}
