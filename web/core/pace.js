/** How fast steps are done, and how long the rest of them takes. */

/** Old steps say little: the pace is that of the last ones. */
const KEPT = 12;

export class Pace {
  /** The last steps and when they were done (seconds). @type {{ value: number, time: number }[]} */
  #marks = [];

  /** @param {number} value steps that are done @param {number} time seconds, of any clock that only goes on */
  mark(value, time) {
    const last = this.#marks.at(-1);
    if (last && value < last.value) this.#marks = [];
    else if (last && value === last.value) return;
    this.#marks.push({ value, time });
    if (this.#marks.length > KEPT) this.#marks.shift();
  }

  /** Seconds for each step, null while nobody can know. */
  get perStep() {
    // The first step warms up: it counts only while there is nothing else.
    const from = this.#marks.length > 2 ? this.#marks[1] : this.#marks[0];
    const last = this.#marks.at(-1);
    if (!from || !last || last.value === from.value) return null;
    return (last.time - from.time) / (last.value - from.value);
  }

  /**
   * @param {number} total
   * @param {number} time the present
   * @returns {number | null} seconds, never below 0
   */
  rest(total, time) {
    const last = this.#marks.at(-1);
    const { perStep } = this;
    if (!last || perStep === null) return null;
    return Math.max(0, (total - last.value) * perStep - (time - last.time));
  }
}
