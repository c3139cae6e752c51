/** Rectangles of whole pixels. */

/** @import { Rect } from '../types/canvas.d.ts' */

/** @type {Rect} */
export const EMPTY = Object.freeze({ x: 0, y: 0, width: 0, height: 0 });

/** @param {Rect} rect */
export const isEmpty = ({ width, height }) => width <= 0 || height <= 0;

/**
 * @param {Rect} one
 * @param {Rect} other
 * @returns {Rect} around both; an empty one does not count
 */
export function union(one, other) {
  if (isEmpty(one)) return other;
  if (isEmpty(other)) return one;
  const x = Math.min(one.x, other.x);
  const y = Math.min(one.y, other.y);
  const right = Math.max(one.x + one.width, other.x + other.width);
  const bottom = Math.max(one.y + one.height, other.y + other.height);
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * The whole pixels that a rectangle touches inside a picture.
 *
 * @param {Rect} rect
 * @param {number} width of the picture
 * @param {number} height
 * @returns {Rect}
 */
export function clip(rect, width, height) {
  const x = Math.max(0, Math.floor(rect.x));
  const y = Math.max(0, Math.floor(rect.y));
  const right = Math.min(width, Math.ceil(rect.x + rect.width));
  const bottom = Math.min(height, Math.ceil(rect.y + rect.height));
  return right <= x || bottom <= y ? EMPTY : { x, y, width: right - x, height: bottom - y };
}
