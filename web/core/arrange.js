/** A tidy layout: nodes in columns from left to right along their links. */

/** @import { GraphNode, Link, NodeId } from '../types/document.d.ts' */

const COLUMN_GAP = 70;
const ROW_GAP = 44;
const SWEEPS = 4;

/** @typedef {Pick<GraphNode, 'id' | 'width' | 'height'>} Box */
/** @typedef {Pick<Link, 'from' | 'to'>} Arc */

/**
 * @param {readonly Readonly<Box>[]} boxes
 * @param {readonly Readonly<Arc>[]} links those with an end outside of `boxes` are ignored
 * @param {{ x: number, y: number }} origin where the layout's top left corner comes to lie
 * @returns {Map<NodeId, { x: number, y: number }>}
 */
export function arrange(boxes, links, origin) {
  const sizes = new Map(boxes.map((box) => [box.id, box]));
  const inner = links.filter((link) => sizes.has(link.from) && sizes.has(link.to) && link.from !== link.to);
  const columns = columnsOf(boxes, inner);
  orderRows(columns, inner);
  /** @type {Map<NodeId, { x: number, y: number }>} */
  const places = new Map();
  let x = origin.x;
  for (const column of columns) {
    let y = origin.y;
    let width = 0;
    for (const id of column) {
      const box = sizes.get(id);
      if (!box) continue;
      places.set(id, { x, y });
      y += box.height + ROW_GAP;
      width = Math.max(width, box.width);
    }
    x += width + COLUMN_GAP;
  }
  return places;
}

/**
 * Each node one column right of the last node that feeds it; a node that nothing feeds stands just left of the first
 * that it feeds, so that links stay short.
 * @param {readonly Readonly<Box>[]} boxes
 * @param {readonly Readonly<Arc>[]} links
 * @returns {NodeId[][]}
 */
function columnsOf(boxes, links) {
  const { order, next, previous } = sorted(boxes, links);
  /** @type {Map<NodeId, number>} */
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
  /** @type {NodeId[][]} */
  const columns = [];
  for (const { id } of boxes) (columns[depth.get(id) ?? 0] ??= []).push(id);
  return [...columns].map((column) => column ?? []).filter((column) => column.length > 0);
}

/**
 * Nodes so that each comes after those that feed it; members of a cycle come last.
 * @param {readonly Readonly<Box>[]} boxes
 * @param {readonly Readonly<Arc>[]} links
 */
function sorted(boxes, links) {
  /** @type {Map<NodeId, NodeId[]>} */
  const next = new Map(boxes.map(({ id }) => [id, []]));
  /** @type {Map<NodeId, NodeId[]>} */
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
 * @param {NodeId[][]} columns sorted in place
 * @param {readonly Readonly<Arc>[]} links
 */
function orderRows(columns, links) {
  /** @type {Map<NodeId, NodeId[]>} */
  const neighbours = new Map();
  for (const { from, to } of links) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  /** @type {Map<NodeId, number>} */
  const rows = new Map();
  const number = (/** @type {NodeId[]} */ column) => column.forEach((id, row) => rows.set(id, row));
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
