/** Lining boxes up, spreading them evenly, and where a box that is moved snaps to others. */

import { around } from './boxes.js';

/** @import { Box } from './boxes.js' */

/** @typedef {'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom'} Side */
/** @typedef {{ x: number, y: number }} Place */
/** A line that shows what snapped to what. @typedef {{ x1: number, y1: number, x2: number, y2: number }} Guide */

/** Boxes that do not fit into the room they have are so far apart. */
const LEAST_GAP = 20;

/**
 * @template K
 * @param {ReadonlyMap<K, Box>} boxes
 * @param {Side} side of the box around all
 * @returns {Map<K, Place>} where each box comes to lie
 */
export function align(boxes, side) {
  const all = around(boxes.values());
  if (!all) return new Map();
  const place = (/** @type {Box} */ { x, y, width, height }) => {
    if (side === 'left') return { x: all.x, y };
    if (side === 'center') return { x: Math.round(all.x + (all.width - width) / 2), y };
    if (side === 'right') return { x: all.x + all.width - width, y };
    if (side === 'top') return { x, y: all.y };
    if (side === 'middle') return { x, y: Math.round(all.y + (all.height - height) / 2) };
    return { x, y: all.y + all.height - height };
  };
  return new Map([...boxes].map(([key, box]) => [key, place(box)]));
}

/**
 * Equal gaps between boxes, the first and the last stay where there is room for all.
 * @template K
 * @param {ReadonlyMap<K, Box>} boxes
 * @param {'x' | 'y'} axis
 * @returns {Map<K, Place>}
 */
export function distribute(boxes, axis) {
  const size = axis === 'x' ? 'width' : 'height';
  const sorted = [...boxes].sort(([, a], [, b]) => a[axis] - b[axis]);
  const all = around(boxes.values());
  if (!all || sorted.length < 3) return new Map();
  const filled = sorted.reduce((sum, [, box]) => sum + box[size], 0);
  const gap = Math.max(LEAST_GAP, (all[size] - filled) / (sorted.length - 1));
  let at = all[axis];
  return new Map(
    sorted.map(([key, box]) => {
      const place = { x: box.x, y: box.y, [axis]: Math.round(at) };
      at += box[size] + gap;
      return [key, place];
    }),
  );
}

/** @param {Box} box @param {'x' | 'y'} axis its beginning, middle and end */
function edges(box, axis) {
  const size = axis === 'x' ? box.width : box.height;
  return [box[axis], box[axis] + size / 2, box[axis] + size];
}

/**
 * How far a box has to go on so that one of its edges, or its middle, lies on the same of another.
 * @param {Box} box
 * @param {readonly Box[]} others
 * @param {'x' | 'y'} axis
 * @param {number} reach how near it has to be
 * @returns {{ by: number, at: number, other: Box } | null}
 */
export function snapAlong(box, others, axis, reach) {
  const own = edges(box, axis);
  let best = null;
  let least = reach;
  for (const other of others) {
    const theirs = edges(other, axis);
    for (let edge = 0; edge < 3; edge += 1) {
      const by = (theirs[edge] ?? 0) - (own[edge] ?? 0);
      const far = Math.abs(by);
      // Of two that are as near, the nearer box is meant; middles only where nothing else is near.
      const worth = far + (edge === 1 ? 0.5 : 0) + apart(box, other) * 1e-5;
      if (far > reach || worth >= least) continue;
      least = worth;
      best = { by, at: theirs[edge] ?? 0, other };
    }
  }
  return best;
}

/** @param {Box} a @param {Box} b */
const apart = (a, b) => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);

/**
 * The line through the edge on which two boxes lie.
 * @param {Box} a
 * @param {Box} b
 * @param {'x' | 'y'} axis
 * @param {number} at
 * @returns {Guide}
 */
export function guideThrough(a, b, axis, at) {
  const all = around([a, b]) ?? a;
  return axis === 'x'
    ? { x1: at, y1: all.y, x2: at, y2: all.y + all.height }
    : { x1: all.x, y1: at, x2: all.x + all.width, y2: at };
}
