/** Linear scans over typed arrays: four numbers for each box (left, top, width, height) and each stretch of a link. */

/** @import {Rect} from '../types/canvas.d.ts' */

/** So far a link reaches out of the box of its ends at most: one that runs backwards, and one that is steep. */
const BACKWARDS = 160;
const STEEP = 40;

/** @param {number} dx */
const bulgeOf = (dx) => (dx < 0 ? BACKWARDS : dx < 2 * STEEP ? STEEP : 0);

/**
 * @param {Float32Array} boxes
 * @param {Rect} rect
 * @returns {number[]} the places of the boxes that touch it
 */
export function boxesIn(boxes, { x, y, width, height }) {
  const right = x + width;
  const bottom = y + height;
  const found = [];
  for (let index = 0, at = 0; at < boxes.length; index += 1, at += 4) {
    const left = boxes[at] ?? 0;
    const top = boxes[at + 1] ?? 0;
    if (left < right && top < bottom && left + (boxes[at + 2] ?? 0) > x && top + (boxes[at + 3] ?? 0) > y) found.push(index);
  }
  return found;
}

/**
 * @param {Float32Array} ends
 * @param {Rect} rect
 * @returns {number[]} the places of the stretches whose box touches it
 */
export function stretchesIn(ends, { x, y, width, height }) {
  const right = x + width;
  const bottom = y + height;
  const found = [];
  for (let index = 0, at = 0; at < ends.length; index += 1, at += 4) {
    const x1 = ends[at] ?? 0;
    const y1 = ends[at + 1] ?? 0;
    const x2 = ends[at + 2] ?? 0;
    const y2 = ends[at + 3] ?? 0;
    const bulge = bulgeOf(x2 - x1);
    if (Math.min(x1, x2) - bulge < right && Math.max(x1, x2) + bulge > x && Math.min(y1, y2) < bottom && Math.max(y1, y2) > y) {
      found.push(index);
    }
  }
  return found;
}

/** @param {Float32Array} boxes @returns {Rect | null} around all; null when there are none */
export function extentOf(boxes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < boxes.length; at += 4) {
    const x = boxes[at] ?? 0;
    const y = boxes[at + 1] ?? 0;
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + (boxes[at + 2] ?? 0));
    bottom = Math.max(bottom, y + (boxes[at + 3] ?? 0));
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * @param {Float32Array} ends
 * @param {number} index
 * @returns {Rect | null} around a stretch; null when it is not seen
 */
export function stretchBox(ends, index) {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = ends.subarray(index * 4, index * 4 + 4);
  if (Number.isNaN(x1)) return null;
  const bulge = bulgeOf(x2 - x1);
  const left = Math.min(x1, x2) - bulge;
  const top = Math.min(y1, y2);
  return { x: left, y: top, width: Math.max(x1, x2) + bulge - left, height: Math.max(y1, y2) - top };
}
