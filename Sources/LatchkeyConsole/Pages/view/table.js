// SPDX-License-Identifier: Apache-2.0

import { fill, h } from "./dom.js";
import { compareNames } from "./text.js";

/**
 * A table that is brought up to date in place: rows stay the same elements, so that focus, selection and scrolling stay, and a
 * thousand of them cost little.
 */
export class Table {
    /**
     * @param {object} options
     * @param {string} options.label what it lists, for screen readers
     * @param {{title: string, of: (item: object) => string, cell?: (item: object) => Node|string, isWide?: boolean,
     *     isAction?: boolean}[]} options.columns `of` is what is sorted by, and tells whether a cell has changed
     * @param {(item: object) => string} options.key
     * @param {() => Node} options.empty what is shown in the place of no rows
     * @param {number} [options.sortedBy] a column's number
     * @param {boolean} [options.isDescending]
     */
    constructor({ label, columns, key, empty, sortedBy = 0, isDescending = false }) {
        this.columns = columns;
        this.key = key;
        this.empty = empty;
        this.sortedBy = sortedBy;
        this.isDescending = isDescending;
        this.items = [];
        this.rows = new Map();
        this.heads = columns.map((column, index) =>
            h(
                "th",
                { scope: "col" },
                column.isAction
                    ? h("span.hidden", {}, column.title)
                    : h("button.sort", { type: "button", onclick: () => this.sort(index) }, column.title),
            ),
        );
        this.body = h("tbody");
        this.table = h(
            "table",
            { "aria-label": label },
            h("thead", {}, h("tr", {}, this.heads)),
            this.body,
        );
        this.element = h("div.table", {}, this.table);
        this.nothing = h("div.nothing", { hidden: true });
        this.element.append(this.nothing);
        this.showOrder();
    }

    sort(index) {
        this.isDescending = this.sortedBy === index && !this.isDescending;
        this.sortedBy = index;
        this.showOrder();
        this.show(this.items);
    }

    showOrder() {
        this.heads.forEach((head, index) => {
            if (index === this.sortedBy) head.setAttribute("aria-sort", this.isDescending ? "descending" : "ascending");
            else head.removeAttribute("aria-sort");
        });
    }

    /** Shows these items, and no others. */
    show(items) {
        this.items = items;
        const { of } = this.columns[this.sortedBy];
        const sign = this.isDescending ? -1 : 1;
        const ordered = items
            .map((item) => ({ item, text: of(item), key: this.key(item) }))
            .sort((one, other) => sign * compareNames(one.text, other.text) || compareNames(one.key, other.key));
        const kept = new Set();
        let place = this.body.firstChild;
        for (const { item, key } of ordered) {
            kept.add(key);
            const row = this.rows.get(key) ?? this.add(key);
            this.update(row, item);
            if (row.element === place) place = place.nextSibling;
            else this.body.insertBefore(row.element, place);
        }
        for (const [key, row] of this.rows) {
            if (kept.has(key)) continue;
            row.element.remove();
            this.rows.delete(key);
        }
        this.table.hidden = items.length === 0;
        this.nothing.hidden = items.length > 0;
        if (items.length === 0) fill(this.nothing, this.empty());
    }

    add(key) {
        const cells = this.columns.map((column) =>
            h(column.isWide ? "td.wide" : column.isAction ? "td.action" : "td", { "data-title": column.isAction ? null : column.title }),
        );
        const row = { element: h("tr", {}, cells), cells, shown: [] };
        this.rows.set(key, row);
        return row;
    }

    update(row, item) {
        this.columns.forEach((column, index) => {
            const text = column.of(item);
            if (row.shown[index] === text) return;
            row.shown[index] = text;
            fill(row.cells[index], column.cell ? column.cell(item) : text);
        });
    }
}
