/** Which column each box of a layout stands in, and in which row, so that links lead to the right and seldom cross. */

/** @import { Arc, Sized } from './arrange.js' */

const SWEEPS = 4;

/**
 * Each node one column right of the last node that feeds it; a node that nothing feeds stands just left of the first
 * that it feeds, so that links stay short.
 * @param {readonly Readonly<Sized>[]} boxes
 * @param {readonly Readonly<Arc>[]} links
 * @returns {string[][]}
 */
export function columnsOf(boxes, links) {
  const { order, next, previous } = sorted(boxes, links);
  /** @type {Map<string, number>} */
  const depth = new Map();
  for (const id of order) {
    depth.set(id, Math.max(0, ...(previous.get(id) ?? []).map((from) => (depth.get(from) ?? -1) + 1)));
  }
  for (const id of order) {
    const fed = next.get(id) ?? [];
    if ((previous.get(id) ?? []).length === 0 && fed.length > 0) {
      depth.set(id, Math.max(0, Math.min(...fed.map((to) => depth.get(to) ?? 1)) - 1));
    }
  }
  /** @type {string[][]} */
  const columns = [];
  for (const { id } of boxes) (columns[depth.get(id) ?? 0] ??= []).push(id);
  const filled = [...columns].map((column) => column ?? []).filter((column) => column.length > 0);
  orderRows(filled, links);
  return filled;
}

/**
 * Nodes so that each comes after those that feed it; members of a cycle come last.
 * @param {readonly Readonly<Sized>[]} boxes
 * @param {readonly Readonly<Arc>[]} links
 */
function sorted(boxes, links) {
  /** @type {Map<string, string[]>} */
  const next = new Map(boxes.map(({ id }) => [id, []]));
  /** @type {Map<string, string[]>} */
  const previous = new Map(boxes.map(({ id }) => [id, []]));
  for (const { from, to } of links) {
    next.get(from)?.push(to);
    previous.get(to)?.push(from);
  }
  const missing = new Map([...previous].map(([id, sources]) => [id, sources.length]));
  const order = boxes.map(({ id }) => id).filter((id) => missing.get(id) === 0);
  for (let place = 0; place < order.length; place += 1) {
    for (const to of next.get(order[place] ?? '') ?? []) {
      const left = (missing.get(to) ?? 0) - 1;
      missing.set(to, left);
      if (left === 0) order.push(to);
    }
  }
  const placed = new Set(order);
  order.push(...boxes.map(({ id }) => id).filter((id) => !placed.has(id)));
  return { order, next, previous };
}

/**
 * Sort each column by the mean row of its neighbours, back and forth, which untangles most crossings.
 * @param {string[][]} columns sorted in place
 * @param {readonly Readonly<Arc>[]} links
 */
function orderRows(columns, links) {
  /** @type {Map<string, string[]>} */
  const neighbours = new Map();
  for (const id of columns.flat()) neighbours.set(id, []);
  for (const { from, to } of links) {
    neighbours.get(from)?.push(to);
    neighbours.get(to)?.push(from);
  }
  /** @type {Map<string, number>} */
  const rows = new Map();
  const number = (/** @type {string[]} */ column) => column.forEach((id, row) => rows.set(id, row));
  columns.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of sweep % 2 === 0 ? columns : [...columns].reverse()) {
      const wanted = new Map(
        column.map((id) => [id, mean((neighbours.get(id) ?? []).map((each) => rows.get(each) ?? 0))]),
      );
      column.sort((a, b) => (wanted.get(a) ?? rows.get(a) ?? 0) - (wanted.get(b) ?? rows.get(b) ?? 0));
      number(column);
    }
  }
}

/** @param {number[]} numbers */
const mean = (numbers) => (numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0) / numbers.length);
