/** Covering the inside of a polygon, with smooth edges. */

import { clip } from './area.js';

/** @import { Coverage } from './coverage.js' */
/** @import { Rect } from '../types/canvas.d.ts' */
/** @import { Point } from '../types/editor.d.ts' */

/**
 * Each edge adds to the pixels that it passes the area at its right, with a sign by its direction; summed up along a
 * row, that is how much of each pixel lies inside.
 *
 * @param {Coverage} coverage
 * @param {readonly Point[]} points its corners; the last is joined to the first
 * @returns {Rect} what may have changed
 */
export function coverPolygon(coverage, points) {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, top] = [least(xs), least(ys)];
  const box = { x: left, y: top, width: -least(xs.map((x) => -x)) - left, height: -least(ys.map((y) => -y)) - top };
  const rect = clip(box, coverage.width, coverage.height);
  if (rect.width === 0 || points.length < 3) return rect;
  const areas = new Float32Array((rect.width + 2) * rect.height);
  points.forEach((point, index) => addEdge(areas, rect, point, points[(index + 1) % points.length] ?? point));
  for (let row = 0; row < rect.height; row += 1) {
    let sum = 0;
    for (let column = 0; column < rect.width; column += 1) {
      sum += areas[row * (rect.width + 2) + column] ?? 0;
      const at = (rect.y + row) * coverage.width + rect.x + column;
      const value = Math.round(255 * Math.min(1, Math.abs(sum)));
      if (value > (coverage.data[at] ?? 0)) coverage.data[at] = value;
    }
  }
  coverage.note(rect);
  return rect;
}

/** Without spreading, which has a limit. @param {readonly number[]} values */
const least = (values) => values.reduce((one, other) => Math.min(one, other), Infinity);

/**
 * @param {Float32Array} areas
 * @param {Rect} rect
 * @param {Point} a
 * @param {Point} b
 */
function addEdge(areas, rect, a, b) {
  if (a.y === b.y) return;
  const sign = a.y < b.y ? 1 : -1;
  const [upper, lower] = a.y < b.y ? [a, b] : [b, a];
  const slope = (lower.x - upper.x) / (lower.y - upper.y);
  const first = Math.max(0, Math.floor(upper.y - rect.y));
  const last = Math.min(rect.height, Math.ceil(lower.y - rect.y));
  for (let row = first; row < last; row += 1) {
    const top = Math.max(upper.y, rect.y + row);
    const bottom = Math.min(lower.y, rect.y + row + 1);
    if (bottom <= top) continue;
    const start = upper.x + (top - upper.y) * slope - rect.x;
    const end = upper.x + (bottom - upper.y) * slope - rect.x;
    addToRow(areas, row * (rect.width + 2), rect.width, start, end, sign * (bottom - top));
  }
}

/**
 * @param {Float32Array} areas
 * @param {number} row where the row begins
 * @param {number} width
 * @param {number} start where the edge enters the row
 * @param {number} end where it leaves it
 * @param {number} height how much of the row it passes, with its sign
 */
function addToRow(areas, row, width, start, end, height) {
  const left = Math.min(width, Math.max(0, Math.min(start, end)));
  const right = Math.min(width, Math.max(0, Math.max(start, end)));
  const steps = Math.max(1, Math.ceil(right) - Math.floor(left));
  for (let step = 0; step < steps; step += 1) {
    const column = Math.floor(left) + step;
    const [from, to] = [Math.max(left, column), Math.min(right, column + 1)];
    const share = right === left ? height : (height * (to - from)) / (right - left);
    // The part of this pixel that lies right of the edge; the pixels after it are all right of it.
    const inside = share * (column + 1 - (from + to) / 2);
    areas[row + column] = (areas[row + column] ?? 0) + inside;
    areas[row + column + 1] = (areas[row + column + 1] ?? 0) + share - inside;
  }
}
