/** A tidy layout: nodes in columns from left to right along their links, groups as wholes. */

import { around } from './boxes.js';
import { columnsOf } from './columns.js';

/** @import { Link } from '../types/document.d.ts' */

/** @typedef {{ id: string, width: number, height: number }} Sized */
/** @typedef {Pick<Link, 'from' | 'to'>} Arc */
/** @typedef {{ x: number, y: number }} Place */
/** A group with the boxes in it. @typedef {{ id: number, members: readonly string[] }} Frame */

const COLUMN_GAP = 70;
const ROW_GAP = 44;
/** Between parts that no link joins. */
const PART_GAP = 80;
const SWEEPS = 6;
/** A frame is so much larger than what is in it, and its title higher. */
const FRAME_MARGIN = 20;
const FRAME_TITLE = 28;
/** Boxes that nothing links stand in rows at least this wide. */
const LEAST_ROW = 900;

/**
 * @param {readonly Readonly<Sized>[]} boxes
 * @param {readonly Readonly<Arc>[]} links those with an end outside of `boxes` are ignored
 * @param {Place} origin where the layout's top left corner comes to lie
 * @param {number} [row] how wide rows of boxes are that nothing links, at least
 * @returns {Map<string, Place>}
 */
export function arrange(boxes, links, origin, row = LEAST_ROW) {
  const sizes = new Map(boxes.map((box) => [box.id, box]));
  const inner = links.filter((link) => sizes.has(link.from) && sizes.has(link.to) && link.from !== link.to);
  /** @type {Map<string, Place>} */
  const places = new Map();
  let top = origin.y;
  const single = [];
  for (const part of partsOf(boxes, inner)) {
    if (part.boxes.length === 1 && part.links.length === 0) {
      single.push(...part.boxes);
      continue;
    }
    const laid = layPart(part.boxes, part.links);
    const least = Math.min(...[...laid.values()].map(({ y }) => y));
    for (const [id, { x, y }] of laid) places.set(id, { x: origin.x + x, y: Math.round(top + y - least) });
    top = bottomOf(part.boxes, places) + PART_GAP;
  }
  layRows(single, places, { x: origin.x, y: top }, row);
  return places;
}

/** @param {readonly Readonly<Sized>[]} boxes @param {ReadonlyMap<string, Place>} places */
const bottomOf = (boxes, places) => Math.max(...boxes.map(({ id, height }) => (places.get(id)?.y ?? 0) + height));

/**
 * @param {readonly Readonly<Sized>[]} boxes
 * @param {Map<string, Place>} places filled
 * @param {Place} origin
 * @param {number} least
 */
function layRows(boxes, places, origin, least) {
  const width = least === 0 ? 0 : Math.max(least, Math.sqrt(boxes.reduce((sum, box) => sum + box.width * box.height, 0)) * 1.6);
  let { x, y } = origin;
  let high = 0;
  for (const box of boxes) {
    if (x > origin.x && x + box.width > origin.x + width) {
      x = origin.x;
      y += high + ROW_GAP;
      high = 0;
    }
    places.set(box.id, { x, y });
    x += box.width + COLUMN_GAP;
    high = Math.max(high, box.height);
  }
}

/**
 * The parts that links join, the largest first.
 * @param {readonly Readonly<Sized>[]} boxes
 * @param {readonly Readonly<Arc>[]} links
 */
function partsOf(boxes, links) {
  /** @type {Map<string, string>} */
  const root = new Map(boxes.map(({ id }) => [id, id]));
  const find = (/** @type {string} */ id) => {
    let top = id;
    while (root.get(top) !== top) top = root.get(top) ?? top;
    for (let at = id; at !== top; ) {
      const next = root.get(at) ?? top;
      root.set(at, top);
      at = next;
    }
    return top;
  };
  for (const { from, to } of links) root.set(find(from), find(to));
  /** @type {Map<string, { boxes: Readonly<Sized>[], links: Readonly<Arc>[] }>} */
  const parts = new Map();
  for (const box of boxes) {
    const key = find(box.id);
    const part = parts.get(key) ?? { boxes: [], links: [] };
    part.boxes.push(box);
    parts.set(key, part);
  }
  for (const link of links) parts.get(find(link.from))?.links.push(link);
  return [...parts.values()].sort((a, b) => b.boxes.length - a.boxes.length);
}

/**
 * @param {readonly Readonly<Sized>[]} boxes
 * @param {readonly Readonly<Arc>[]} links
 * @returns {Map<string, Place>}
 */
function layPart(boxes, links) {
  const sizes = new Map(boxes.map((box) => [box.id, box]));
  const columns = columnsOf(boxes, links);
  const tops = topsOf(columns, sizes, links);
  /** @type {Map<string, Place>} */
  const places = new Map();
  let x = 0;
  for (const column of columns) {
    for (const id of column) places.set(id, { x, y: tops.get(id) ?? 0 });
    x += Math.max(...column.map((id) => sizes.get(id)?.width ?? 0)) + COLUMN_GAP;
  }
  return places;
}

/**
 * Each box as high as what it is linked to, as far as the order of its column and the gaps allow.
 * @param {readonly (readonly string[])[]} columns
 * @param {ReadonlyMap<string, Readonly<Sized>>} sizes
 * @param {readonly Readonly<Arc>[]} links
 * @returns {Map<string, number>}
 */
function topsOf(columns, sizes, links) {
  /** @type {Map<string, string[]>} */
  const neighbours = new Map();
  const join = (/** @type {string} */ a, /** @type {string} */ b) => {
    const known = neighbours.get(a);
    if (known) known.push(b);
    else neighbours.set(a, [b]);
  };
  for (const { from, to } of links) {
    join(from, to);
    join(to, from);
  }
  /** @type {Map<string, number>} */
  const tops = new Map();
  const height = (/** @type {string} */ id) => (sizes.get(id)?.height ?? 0) + ROW_GAP;
  for (const column of columns) {
    let y = 0;
    for (const id of column) {
      tops.set(id, y);
      y += height(id);
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of sweep % 2 === 0 ? columns : [...columns].reverse()) {
      const wanted = column.map((id) => mean((neighbours.get(id) ?? [id]).map((each) => tops.get(each) ?? 0)));
      const placed = keepOrder(wanted, column.map(height));
      column.forEach((id, row) => tops.set(id, Math.round(placed[row] ?? 0)));
    }
  }
  return tops;
}

/**
 * The places nearest to those that are wanted (least squares) at which boxes keep their order and do not overlap:
 * boxes that would are moved as one block.
 * @param {readonly number[]} wanted
 * @param {readonly number[]} heights
 * @returns {number[]}
 */
function keepOrder(wanted, heights) {
  /** @type {{ sum: number, count: number }[]} */
  const blocks = [];
  let offset = 0;
  const offsets = heights.map((height) => {
    const before = offset;
    offset += height;
    return before;
  });
  wanted.forEach((place, row) => {
    blocks.push({ sum: place - (offsets[row] ?? 0), count: 1 });
    for (let last = blocks.length - 1; last > 0; last -= 1) {
      const [above, block] = [blocks[last - 1], blocks[last]];
      if (!above || !block || above.sum / above.count <= block.sum / block.count) break;
      blocks.splice(last - 1, 2, { sum: above.sum + block.sum, count: above.count + block.count });
    }
  });
  const levels = blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  return levels.map((level, row) => level + (offsets[row] ?? 0));
}

/** @param {readonly number[]} numbers */
const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length);

/**
 * As `arrange`, with groups whose content stays together: laid out in itself, then placed as one box.
 * @param {readonly Readonly<Sized>[]} boxes
 * @param {readonly Readonly<Arc>[]} links
 * @param {readonly Frame[]} frames no box is in two of them
 * @param {Place} origin
 * @returns {{ places: Map<string, Place>, frames: Map<number, { x: number, y: number, width: number, height: number }> }}
 */
export function arrangeGroups(boxes, links, frames, origin) {
  const sizes = new Map(boxes.map((box) => [box.id, box]));
  /** @type {Map<string, string>} */
  const owner = new Map();
  const inner = new Map();
  const outer = [];
  for (const frame of frames) {
    const members = frame.members.flatMap((id) => sizes.get(id) ?? []);
    if (members.length === 0) continue;
    const key = `group ${frame.id}`;
    for (const { id } of members) owner.set(id, key);
    // What nothing links within a group stands one below the other.
    const places = arrange(members, links, { x: 0, y: 0 }, 0);
    const box = around(members.map(({ id, width, height }) => ({ ...(places.get(id) ?? { x: 0, y: 0 }), width, height })));
    const [width, height] = [(box?.width ?? 0) + 2 * FRAME_MARGIN, (box?.height ?? 0) + 2 * FRAME_MARGIN + FRAME_TITLE];
    inner.set(key, { frame, places });
    outer.push({ id: key, width, height });
  }
  const free = boxes.filter(({ id }) => !owner.has(id));
  const ends = links.map(({ from, to }) => ({ from: owner.get(from) ?? from, to: owner.get(to) ?? to }));
  const laid = arrange([...free, ...outer], ends, origin);
  const places = new Map(free.map(({ id }) => [id, laid.get(id) ?? origin]));
  const framed = new Map();
  for (const { id: key, width, height } of outer) {
    const { x, y } = laid.get(key) ?? origin;
    const { frame, places: own } = inner.get(key) ?? { frame: { id: 0 }, places: new Map() };
    framed.set(frame.id, { x, y, width, height });
    for (const [id, place] of own) {
      places.set(id, { x: x + FRAME_MARGIN + place.x, y: y + FRAME_MARGIN + FRAME_TITLE + place.y });
    }
  }
  return { places, frames: framed };
}
