/** Tables that nodes show: sorted, and as CSV. */

/** @import { Cell, Table } from '../types/figures.d.ts' */

const COLLATOR = new Intl.Collator(undefined, { numeric: true });

/**
 * @param {readonly Cell[][]} rows
 * @param {number} column
 * @param {1 | -1} way up or down; what is empty comes last in both
 * @returns {Cell[][]}
 */
export function sortedRows(rows, column, way) {
  return rows.toSorted((one, other) => {
    const [a, b] = [one[column] ?? null, other[column] ?? null];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === 'number' && typeof b === 'number') return way * (a - b);
    return way * COLLATOR.compare(textOf(a), textOf(b));
  });
}

/** @param {Pick<Table, 'columns' | 'rows'>} table @returns {string} (RFC 4180) */
export const asCsv = ({ columns, rows }) => [columns, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n');

/** @param {Cell} cell */
function csvCell(cell) {
  const text = textOf(cell);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A cell in words; a picture is its file's name. @param {Cell} cell */
export const textOf = (cell) => (cell === null ? '' : typeof cell === 'object' ? cell.filename : String(cell));

/** Whether all that a column has is numbers. @param {readonly Cell[][]} rows @param {number} column */
export const isNumeric = (rows, column) =>
  rows.some((row) => typeof row[column] === 'number') &&
  rows.every((row) => row[column] === null || typeof row[column] === 'number');
