// SPDX-License-Identifier: Apache-2.0

/**
 * Looks for a text in lines, from a place on, and goes round at the end.
 *
 * @param {(row: number) => string} line
 * @param {number} count how many lines there are
 * @param {{row: number, column: number}|null} from the last find; null for none
 * @param {boolean} isBackward
 * @returns {{row: number, column: number}|null}
 */
export function find(text, line, count, from, isBackward) {
    const wanted = text.toLowerCase();
    if (!wanted || count === 0) return null;
    const start = from ?? { row: isBackward ? count - 1 : 0, column: isBackward ? Infinity : -1 };
    for (let step = 0; step <= count; step += 1) {
        const row = (((start.row + (isBackward ? -step : step)) % count) + count) % count;
        const content = line(row).toLowerCase();
        const column = isBackward
            ? step > 0
                ? content.lastIndexOf(wanted)
                : start.column > 0
                  ? content.lastIndexOf(wanted, start.column - 1)
                  : -1
            : content.indexOf(wanted, step > 0 ? 0 : start.column + 1);
        if (column >= 0) return { row, column };
    }
    return null;
}

/** Selects the next place of a text in a terminal, and scrolls there. */
export function findIn(terminal, text, from, isBackward) {
    const buffer = terminal.buffer.active;
    const line = (row) => buffer.getLine(row)?.translateToString(true) ?? "";
    const found = find(text, line, buffer.length, from, isBackward);
    if (found) {
        terminal.select(found.column, found.row, text.length);
        terminal.scrollToLine(Math.max(0, found.row - Math.floor(terminal.rows / 2)));
    } else {
        terminal.clearSelection();
    }
    return found;
}
