/** How long a job takes until its end, from its steps and from how long its nodes took the last time. */

import { Pace } from './pace.js';

/** @import { NodeId } from '../types/document.d.ts' */

/** @typedef {{ value: number, max: number, state: string, cached?: boolean, seconds?: number }} Progress */

export class JobClock {
  /** Seconds that nodes took when they last ran. @type {Map<NodeId, number>} */
  #known;
  /** @type {Map<NodeId, { pace: Pace, since: number, total: number }>} */
  #running = new Map();
  /** @type {Set<NodeId>} */
  #ended = new Set();
  /** The nodes of the last job that ran, which this one has not come to yet. @type {Set<NodeId>} */
  #expected;

  /**
   * @param {Map<NodeId, number>} known is kept up to date
   */
  constructor(known) {
    this.#known = known;
    this.#expected = new Set(known.keys());
  }

  /**
   * @param {NodeId} id a node of the prompt
   * @param {Progress} progress
   * @param {number} time seconds
   * @returns {number | null} seconds for each of its steps
   */
  follow(id, { value, max, state, cached = false, seconds }, time) {
    this.#expected.delete(id);
    if (state === 'finished' || state === 'error') {
      this.#running.delete(id);
      this.#ended.add(id);
      if (state === 'finished' && !cached && seconds !== undefined) this.#known.set(id, seconds);
      return null;
    }
    const node = this.#running.get(id) ?? { pace: new Pace(), since: time, total: max };
    this.#running.set(id, node);
    node.total = max;
    node.pace.mark(value, time);
    return max > 1 ? node.pace.perStep : null;
  }

  /** A result that was there need not be waited for. @param {NodeId} id */
  skip(id) {
    this.#expected.delete(id);
  }

  /**
   * @param {number} time the present, in seconds
   * @returns {number | null} seconds that are left, null while nobody can know
   */
  rest(time) {
    const running = [...this.#running].map(([id, node]) => this.#restOf(id, node, time));
    const known = running.filter((rest) => rest !== null);
    if (running.length > 0 && known.length === 0) return null;
    const later = [...this.#expected].reduce((sum, id) => sum + (this.#known.get(id) ?? 0), 0);
    // Before anything has run for the first time there is nothing to go by.
    if (running.length === 0 && later === 0) return null;
    return known.reduce((sum, rest) => sum + rest, later);
  }

  /**
   * @param {NodeId} id
   * @param {{ pace: Pace, since: number, total: number }} node
   * @param {number} time
   */
  #restOf(id, { pace, since, total }, time) {
    const bySteps = total > 1 ? pace.rest(total, time) : null;
    if (bySteps !== null) return bySteps;
    const before = this.#known.get(id);
    return before === undefined ? null : Math.max(0, before - (time - since));
  }
}
