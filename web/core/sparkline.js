/** The course of a figure over the last while, as a line. */

export class Course {
  #values = /** @type {number[]} */ ([]);
  #most;

  /** @param {number} most how many are kept */
  constructor(most) {
    this.#most = most;
  }

  /** @param {number} value */
  add(value) {
    this.#values.push(value);
    if (this.#values.length > this.#most) this.#values.shift();
  }

  get last() {
    return this.#values.at(-1) ?? null;
  }

  /**
   * The newest value is at the right edge.
   * @param {number} width
   * @param {number} height
   * @param {number} top the value at the upper edge; 0 is at the lower one
   * @returns {string} points of an SVG polyline
   */
  line(width, height, top) {
    const step = width / Math.max(1, this.#most - 1);
    const first = width - (this.#values.length - 1) * step;
    const place = (/** @type {number} */ value) => height - Math.min(1, Math.max(0, value / top)) * height;
    return this.#values.map((value, index) => `${round(first + index * step)},${round(place(value))}`).join(' ');
  }
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;
