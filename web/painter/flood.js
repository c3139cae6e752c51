/** The pixels that hang together with one, because they are like it. */

import { clip, EMPTY, union } from './area.js';

/** @import { Rect } from '../types/canvas.d.ts' */

/**
 * @param {number} width
 * @param {number} height
 * @param {number} x
 * @param {number} y
 * @param {(at: number) => boolean} like whether the pixel of this number is
 * @returns {{ inside: Uint8Array, rect: Rect }} 255 where it is inside, else 0
 */
export function flood(width, height, x, y, like) {
  const inside = new Uint8Array(width * height);
  let rect = EMPTY;
  if (x < 0 || y < 0 || x >= width || y >= height) return { inside, rect };
  const free = (/** @type {number} */ at) => inside[at] === 0 && like(at);
  const pending = [y * width + x];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (!free(at)) continue;
    const start = at - (at % width);
    let left = at;
    while (left > start && free(left - 1)) left -= 1;
    let right = at;
    while (right < start + width - 1 && free(right + 1)) right += 1;
    inside.fill(255, left, right + 1);
    rect = union(rect, { x: left - start, y: start / width, width: right - left + 1, height: 1 });
    for (const next of [left - width, left + width]) {
      if (next < 0 || next >= inside.length) continue;
      const end = next + right - left;
      for (let place = next; place <= end; place += 1) {
        // One start for each run of pixels that are free.
        if (free(place) && (place === end || !free(place + 1))) pending.push(place);
      }
    }
  }
  return { inside, rect };
}

/**
 * Whether pixels are like one of them: no channel differs by more than `tolerance`.
 *
 * @param {Uint8ClampedArray} data
 * @param {number} channels
 * @param {number} from the number of that pixel
 * @param {number} tolerance 0 to 255
 * @returns {(at: number) => boolean}
 */
export function likeness(data, channels, from, tolerance) {
  const wanted = data.slice(from * channels, (from + 1) * channels);
  return (at) => {
    for (let channel = 0; channel < channels; channel += 1) {
      if (Math.abs((data[at * channels + channel] ?? 0) - (wanted[channel] ?? 0)) > tolerance) return false;
    }
    return true;
  };
}

/**
 * One pixel more around what was found: the soft edge of a drawn line is not left between the line and its filling.
 *
 * @param {{ inside: Uint8Array, rect: Rect }} found
 * @param {number} width
 * @param {number} height
 * @returns {{ inside: Uint8Array, rect: Rect }}
 */
export function expand({ inside, rect }, width, height) {
  if (rect.width === 0) return { inside, rect };
  const grown = new Uint8Array(inside);
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    for (let x = rect.x; x < rect.x + rect.width; x += 1) {
      const at = y * width + x;
      if (inside[at] === 0) continue;
      if (x > 0) grown[at - 1] = 255;
      if (x < width - 1) grown[at + 1] = 255;
      if (y > 0) grown[at - width] = 255;
      if (y < height - 1) grown[at + width] = 255;
    }
  }
  const around = { x: rect.x - 1, y: rect.y - 1, width: rect.width + 2, height: rect.height + 2 };
  return { inside: grown, rect: clip(around, width, height) };
}
