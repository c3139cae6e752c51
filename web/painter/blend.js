/** Putting ink on a tile, as much as it is covered. */

import { tileRect } from './tiles.js';

/** @import { Rect } from '../types/canvas.d.ts' */
/** @import { Coverage } from './coverage.js' */
/** @import { Ink, Layer } from '../types/painter.d.ts' */

/**
 * Ink the pixels of a tile inside `rect`: from what they were before the stroke, as much as it covers them.
 *
 * @param {Layer} layer
 * @param {number} tile
 * @param {Uint8ClampedArray} before its pixels before the stroke
 * @param {Coverage} coverage
 * @param {Ink} ink
 * @param {Rect} rect
 */
export function blendTile(layer, tile, before, coverage, ink, rect) {
  const place = tileRect(layer, tile);
  const left = Math.max(place.x, rect.x);
  const right = Math.min(place.x + place.width, rect.x + rect.width);
  const top = Math.max(place.y, rect.y);
  const bottom = Math.min(place.y + place.height, rect.y + rect.height);
  const blendRow = layer.channels === 1 ? maskRow : ink.erase ? erasedRow : colorRow;
  for (let y = top; y < bottom; y += 1) {
    const from = (y - place.y) * place.width + left - place.x;
    blendRow(layer.data, y * layer.width + left, before, from, right - left, coverage.data, ink);
  }
}

/**
 * @typedef {(data: Uint8ClampedArray, at: number, before: Uint8ClampedArray, from: number, count: number,
 *   coverage: Uint8Array, ink: Ink) => void} BlendRow `at` and `from` are numbers of pixels
 */

/** @type {BlendRow} */
function maskRow(data, at, before, from, count, coverage, { erase, opacity }) {
  for (let step = 0; step < count; step += 1) {
    const part = ((coverage[at + step] ?? 0) / 255) * opacity;
    if (part === 0) continue;
    const old = before[from + step] ?? 0;
    data[at + step] = erase ? old * (1 - part) : old + (255 - old) * part;
  }
}

/** @type {BlendRow} */
function erasedRow(data, at, before, from, count, coverage, { opacity }) {
  for (let step = 0; step < count; step += 1) {
    const part = ((coverage[at + step] ?? 0) / 255) * opacity;
    if (part > 0) data[(at + step) * 4 + 3] = (before[(from + step) * 4 + 3] ?? 0) * (1 - part);
  }
}

/** The ink over what was there (Porter and Duff, 1984), not premultiplied. @type {BlendRow} */
function colorRow(data, at, before, from, count, coverage, { color: [red, green, blue], opacity }) {
  for (let step = 0; step < count; step += 1) {
    const part = ((coverage[at + step] ?? 0) / 255) * opacity;
    if (part === 0) continue;
    const old = (from + step) * 4;
    const target = (at + step) * 4;
    const below = ((before[old + 3] ?? 0) / 255) * (1 - part);
    const alpha = part + below;
    data[target] = (red * part + (before[old] ?? 0) * below) / alpha;
    data[target + 1] = (green * part + (before[old + 1] ?? 0) * below) / alpha;
    data[target + 2] = (blue * part + (before[old + 2] ?? 0) * below) / alpha;
    data[target + 3] = alpha * 255;
  }
}
