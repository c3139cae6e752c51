/** Rectangles of the document, without a canvas. */

/** @import { GraphNode } from '../types/document.d.ts' */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/** The title lies above a node's `y`, as in ComfyUI's files. */
export const TITLE = 30;

/**
 * A node with its title, as far as the document says how large it is: the canvas makes one higher that needs more.
 * @param {Readonly<GraphNode>} node
 * @returns {Box}
 */
export const nodeBox = ({ x, y, width, height, collapsed }) => ({
  x,
  y: y - TITLE,
  width,
  height: TITLE + (collapsed ? 0 : height),
});

/**
 * The smallest box around several; null around none.
 * @param {Iterable<Box>} boxes
 * @returns {Box | null}
 */
export function around(boxes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of boxes) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** How far apart boxes are put, and how far away a free place is looked for, in steps of this. */
const APART = 24;
const MOST_STEPS = 60;

/**
 * The place nearest above or below a box at which it covers none of others.
 * @param {Box} box
 * @param {readonly Box[]} others
 * @returns {Box}
 */
export function freePlace(box, others) {
  const near = others.filter(({ x, width }) => x < box.x + box.width + APART && x + width > box.x - APART);
  const covers = (/** @type {number} */ y) =>
    near.some((other) => other.y < y + box.height + APART && other.y + other.height > y - APART);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    for (const y of [box.y + step * APART, box.y - step * APART]) if (!covers(y)) return { ...box, y };
  }
  return box;
}

/**
 * Whether the middle of a box lies in another.
 * @param {Box} outer
 * @param {Box} inner
 */
export function holds(outer, inner) {
  const x = inner.x + inner.width / 2;
  const y = inner.y + inner.height / 2;
  return x >= outer.x && y >= outer.y && x <= outer.x + outer.width && y <= outer.y + outer.height;
}
