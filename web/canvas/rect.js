/** Rectangles of the document. */

/** @import {Rect} from '../types/canvas.d.ts' */

/**
 * The smallest rectangle around two.
 *
 * @param {Rect} a
 * @param {Rect} b
 * @returns {Rect}
 */
export function union(a, b) {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const width = Math.max(a.x + a.width, b.x + b.width) - x;
  return { x, y, width, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

/**
 * What two have in common; without width or height where that is nothing.
 *
 * @param {Rect} a
 * @param {Rect} b
 * @returns {Rect}
 */
export function intersection(a, b) {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return { x, y, width: Math.max(0, width), height: Math.max(0, height) };
}

/**
 * A rectangle with more on every side.
 *
 * @param {Rect} rect
 * @param {number} part of its width and height
 * @returns {Rect}
 */
export function grown({ x, y, width, height }, part) {
  return { x: x - width * part, y: y - height * part, width: width * (1 + 2 * part), height: height * (1 + 2 * part) };
}

/** @param {Rect} rect */
export const area = ({ width, height }) => width * height;

/**
 * @param {Rect} outer
 * @param {Rect} inner
 * @returns {boolean} true for an empty inner rectangle as well
 */
export function contains(outer, inner) {
  if (inner.width === 0 || inner.height === 0) return true;
  const right = inner.x + inner.width <= outer.x + outer.width;
  return inner.x >= outer.x && inner.y >= outer.y && right && inner.y + inner.height <= outer.y + outer.height;
}
