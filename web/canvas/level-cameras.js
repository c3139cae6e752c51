/** Where each level of the document was looked at last. */

/** @typedef {{ x: number, y: number, scale: number }} Look */

export class LevelCameras {
  /** By the ids of subgraphs; the root's under null. @type {Map<string | null, Look>} */
  #looks = new Map();
  /** @type {string | null} */
  #shown = null;

  /**
   * Another level is shown.
   *
   * @param {string | null} level
   * @param {Look} now where the one before is looked at
   * @param {boolean} replaced whether it is one of another document
   * @returns {Look | null} where the level was looked at last
   */
  turnTo(level, now, replaced) {
    // Each document has a root; subgraphs have ids of their own.
    if (replaced) this.#looks.delete(null);
    if (this.#shown !== null || !replaced) this.#looks.set(this.#shown, now);
    this.#shown = level;
    return this.#looks.get(level) ?? null;
  }
}
