/** Lines of the log that have come, each once, the newest ones. */

/** @import { LogLine } from '../types/log.d.ts' */

const MOST = 3000;

export class LogLines {
  most = MOST;
  /** @type {LogLine[]} */
  #lines = [];
  /** The number of the last line and the latest time: numbers begin again with the server. */
  #last = { number: 0, t: '' };

  /** @param {readonly LogLine[]} lines some of them may have come before @returns {LogLine[]} those that are new */
  add(lines) {
    const fresh = lines.filter(({ number, t }) => number > this.#last.number || t > this.#last.t);
    const last = fresh.at(-1);
    if (!last) return [];
    const latest = fresh.reduce((most, { t }) => (t > most ? t : most), this.#last.t);
    this.#last = { number: last.number, t: latest };
    this.#lines.push(...fresh);
    if (this.#lines.length > MOST) this.#lines.splice(0, this.#lines.length - MOST);
    return fresh;
  }

  all() {
    return this.#lines;
  }

  /** What has come before does not come again. */
  clear() {
    this.#lines = [];
  }
}
