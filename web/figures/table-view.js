/** A table that is sorted by its heads and copied as CSV. */

import { asCsv, isNumeric, sortedRows, textOf } from '../core/tables.js';
import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { Editor } from '../types/editor.d.ts' */
/** @import { Cell, Table } from '../types/figures.d.ts' */

/** In a node so many rows are shown; all of them when it is shown large. */
const FEW = 100;

/**
 * @param {Editor} editor
 * @param {Table} table
 * @param {{ large: boolean, buttons?: readonly HTMLElement[] }} options
 * @returns {{ element: HTMLElement, destroy: () => void }}
 */
export function tableView(editor, table, { large, buttons = [] }) {
  const { t } = editor;
  const { columns, rows, title } = table;
  const numeric = columns.map((_, column) => isNumeric(rows, column));
  let sorted = { column: -1, way: /** @type {1 | -1} */ (1) };
  const body = h('tbody');
  const note = h('p', { class: 'table-note' });
  const heads = columns.map((name, column) => {
    const button = h('button', { type: 'button', onclick: () => sortBy(column) }, h('span', null, name), icon('chevron-down'));
    const head = h('th', { class: numeric[column] ? 'number' : null }, button);
    head.scope = 'col';
    return head;
  });
  const copy = h(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': t('figure.copy-csv'), 'data-tip': t('figure.copy-csv') },
    icon('copy'),
  );
  copy.addEventListener('click', () => void copyCsv(editor, { columns, rows: ordered() }));
  const scroll = h(
    'div',
    { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': title || t('figure.table') },
    h('table', null, h('thead', null, h('tr', null, heads)), body),
    note,
  );
  const head = h('div', { class: 'figure-head' }, h('span', { class: 'figure-title' }, title), copy, buttons);
  show();
  return { element: h('div', { class: large ? 'table-view large' : 'table-view' }, head, scroll), destroy() {} };

  /** Up, then down, then as it was. @param {number} column */
  function sortBy(column) {
    if (sorted.column !== column) sorted = { column, way: 1 };
    else sorted = sorted.way === 1 ? { column, way: -1 } : { column: -1, way: 1 };
    show();
  }

  function ordered() {
    return sorted.column < 0 ? rows : sortedRows(rows, sorted.column, sorted.way);
  }

  function show() {
    const shown = large ? ordered() : ordered().slice(0, FEW);
    fill(body, shown.map((row) => h('tr', null, row.map((cell, column) => cellOf(editor, cell, numeric[column] === true)))));
    const rest = rows.length - shown.length + table.leftOut;
    note.hidden = rest === 0;
    note.textContent = t('figure.more-rows', { count: rest });
    heads.forEach((head, column) => {
      const state = column !== sorted.column ? 'none' : sorted.way === 1 ? 'ascending' : 'descending';
      head.setAttribute('aria-sort', state);
    });
  }
}

/** @param {Editor} editor @param {Pick<Table, 'columns' | 'rows'>} table */
async function copyCsv({ notify, t }, table) {
  try {
    await navigator.clipboard.writeText(asCsv(table));
    notify('info', t('figure.copied'));
  } catch {
    notify('error', t('figure.no-clipboard'));
  }
}

/** @param {Editor} editor @param {Cell} cell @param {boolean} number */
function cellOf(editor, cell, number) {
  const shown =
    cell !== null && typeof cell === 'object'
      ? h('img', { src: editor.pictureUrl(cell), alt: cell.filename, loading: 'lazy', draggable: 'false' })
      : textOf(cell);
  return h('td', { class: number ? 'number' : null }, shown);
}
