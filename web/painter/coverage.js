/** How much of each pixel the present stroke or shape covers. */

import { clip, EMPTY, union } from './area.js';

/** @import { Rect } from '../types/canvas.d.ts' */
/** @import { Dab } from '../types/painter.d.ts' */

export class Coverage {
  /** 0 to 255. */
  data;
  /** Around everything that is covered. @type {Rect} */
  bounds = EMPTY;

  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height);
  }

  clear() {
    const { x, y, width, height } = this.bounds;
    for (let row = y; row < y + height; row += 1) this.data.fill(0, row * this.width + x, row * this.width + x + width);
    this.bounds = EMPTY;
  }

  /** @param {Rect} rect that was covered */
  note(rect) {
    this.bounds = union(this.bounds, rect);
  }

  /**
   * Cover what a brush passes on its straight way between two places. What was covered more stays so.
   *
   * @param {Dab} from
   * @param {Dab} to
   * @param {number} hardness 0 fades from the middle on, 1 has a sharp edge
   * @returns {Rect} what may have changed
   */
  sweep(from, to, hardness) {
    // A long way is gone in pieces, whose boxes hold little more than what is covered.
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const pieces = Math.max(1, Math.ceil(length / Math.max(48, from.radius + to.radius)));
    let rect = EMPTY;
    let last = from;
    for (let piece = 1; piece <= pieces; piece += 1) {
      const next = between(from, to, piece / pieces);
      rect = union(rect, this.#sweepPiece(last, next, hardness));
      last = next;
    }
    this.note(rect);
    return rect;
  }

  /**
   * @param {Dab} from
   * @param {Dab} to
   * @param {number} hardness
   */
  #sweepPiece(from, to, hardness) {
    const reach = Math.max(from.radius, to.radius) + 1;
    const left = Math.min(from.x, to.x) - reach;
    const top = Math.min(from.y, to.y) - reach;
    const box = { x: left, y: top, width: Math.max(from.x, to.x) + reach - left, height: Math.max(from.y, to.y) + reach - top };
    const rect = clip(box, this.width, this.height);
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const squared = dx * dx + dy * dy;
    const most = Math.round(255 * Math.max(from.strength, to.strength));
    for (let y = rect.y; y < rect.y + rect.height; y += 1) {
      const py = y + 0.5 - from.y;
      for (let x = rect.x, at = y * this.width + rect.x; x < rect.x + rect.width; x += 1, at += 1) {
        const covered = this.data[at] ?? 0;
        if (covered >= most) continue;
        const px = x + 0.5 - from.x;
        const part = squared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squared));
        const [ox, oy] = [px - part * dx, py - part * dy];
        const distance2 = ox * ox + oy * oy;
        if (distance2 > reach * reach) continue;
        const radius = from.radius + part * (to.radius - from.radius);
        const strength = from.strength + part * (to.strength - from.strength);
        const value = Math.round(255 * strength * edge(Math.sqrt(distance2), radius, hardness));
        if (value > covered) this.data[at] = value;
      }
    }
    return rect;
  }
}

/**
 * @param {Dab} from
 * @param {Dab} to
 * @param {number} part
 * @returns {Dab}
 */
export function between(from, to, part) {
  const mix = (/** @type {number} */ a, /** @type {number} */ b) => a + (b - a) * part;
  return {
    x: mix(from.x, to.x),
    y: mix(from.y, to.y),
    radius: mix(from.radius, to.radius),
    strength: mix(from.strength, to.strength),
  };
}

/**
 * How much a pixel is covered whose middle is this far from the brush's.
 *
 * @param {number} distance
 * @param {number} radius
 * @param {number} hardness
 */
function edge(distance, radius, hardness) {
  const fade = Math.max(1, radius * (1 - hardness));
  const part = Math.min(1, Math.max(0, (radius + 0.5 - distance) / fade));
  return fade > 1 ? part * part * (3 - 2 * part) : part;
}
