/** From the points that a pointer reports to the smooth way of the brush. */

import { between } from './coverage.js';

/** @import { Dab } from '../types/painter.d.ts' */

/**
 * Corners are rounded: the way runs through the middles between the points, bent towards the points.
 */
export class StrokePath {
  /** @type {(from: Dab, to: Dab) => void} */
  #sweep;
  /** The last point, where the drawn way ends. @type {Dab | null} */
  #last = null;
  /** @type {Dab | null} */
  #end = null;

  /** @param {(from: Dab, to: Dab) => void} sweep called for each straight piece of the way */
  constructor(sweep) {
    this.#sweep = sweep;
  }

  /** @param {Dab} dab */
  add(dab) {
    const [last, end] = [this.#last, this.#end];
    if (!last || !end) {
      this.#sweep(dab, dab);
      this.#last = this.#end = dab;
      return;
    }
    if (dab.x === last.x && dab.y === last.y) {
      // A pen that is pressed harder on its place widens its mark.
      if (dab.radius > last.radius || dab.strength > last.strength) this.#sweep(dab, dab);
      return;
    }
    const middle = between(last, dab, 0.5);
    this.#bend(end, last, middle);
    this.#last = dab;
    this.#end = middle;
  }

  /** Draw what is left of the way. */
  finish() {
    if (this.#end && this.#last && this.#end !== this.#last) this.#sweep(this.#end, this.#last);
    this.#end = this.#last;
  }

  /**
   * @param {Dab} from
   * @param {Dab} control
   * @param {Dab} to
   */
  #bend(from, control, to) {
    const length = Math.hypot(control.x - from.x, control.y - from.y) + Math.hypot(to.x - control.x, to.y - control.y);
    const pieces = Math.min(32, Math.max(1, Math.ceil(length / Math.max(2, control.radius / 3))));
    let before = from;
    for (let piece = 1; piece <= pieces; piece += 1) {
      const part = piece / pieces;
      const next = between(between(from, control, part), between(control, to, part), part);
      this.#sweep(before, next);
      before = next;
    }
  }
}
