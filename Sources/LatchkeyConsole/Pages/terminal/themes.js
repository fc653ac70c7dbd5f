// SPDX-License-Identifier: Apache-2.0

const shared = { cursorAccent: "#000000" };

const dark = {
    ...shared,
    background: "#11161b",
    foreground: "#dfe5ea",
    cursor: "#5fd1c4",
    selectionBackground: "#2f5f74",
    black: "#3a444d",
    red: "#ff8079",
    green: "#7fce8a",
    yellow: "#e5c46a",
    blue: "#82b4ff",
    magenta: "#d9a0f5",
    cyan: "#6fd3d8",
    white: "#dfe5ea",
    brightBlack: "#8b97a2",
    brightRed: "#ff9f99",
    brightGreen: "#a0dfa8",
    brightYellow: "#f2d98d",
    brightBlue: "#a5cbff",
    brightMagenta: "#e6bdfa",
    brightCyan: "#97e3e6",
    brightWhite: "#ffffff",
};

const light = {
    ...shared,
    background: "#ffffff",
    foreground: "#1b2227",
    cursor: "#0b6e66",
    cursorAccent: "#ffffff",
    selectionBackground: "#b9dcec",
    black: "#1b2227",
    red: "#b3261e",
    green: "#1d6b2d",
    yellow: "#7a5600",
    blue: "#1f55b5",
    magenta: "#8430a8",
    cyan: "#0b6770",
    white: "#5d6870",
    brightBlack: "#5d6870",
    brightRed: "#a3150f",
    brightGreen: "#14591f",
    brightYellow: "#6a4a00",
    brightBlue: "#16459b",
    brightMagenta: "#71228f",
    brightCyan: "#08575f",
    brightWhite: "#1b2227",
};

/** The colours for the system's light or dark look; each has a contrast of 4.5 or more to its ground. */
export const themeFor = (isDark) => (isDark ? dark : light);

export const prefersDark = () => globalThis.matchMedia("(prefers-color-scheme: dark)");
