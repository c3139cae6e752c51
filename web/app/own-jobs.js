/**
 * The jobs that this window has queued and that have not ended. They are kept in the browser, so that after a reload,
 * too, the window shows what has become of them.
 */

const PREFIX = 'safelight.jobs.';
const MOST = 1000;

export class OwnJobs {
  #key;
  #storage;
  /** @type {Set<string>} */
  #ids;

  /**
   * @param {string} window
   * @param {Pick<Storage, 'getItem' | 'setItem'>} storage
   */
  constructor(window, storage) {
    this.#key = PREFIX + window;
    this.#storage = storage;
    this.#ids = new Set(this.#read());
  }

  /** @returns {string[]} */
  #read() {
    try {
      return JSON.parse(this.#storage.getItem(this.#key) ?? '[]');
    } catch {
      return [];
    }
  }

  #keep() {
    try {
      this.#storage.setItem(this.#key, JSON.stringify([...this.#ids].slice(-MOST)));
    } catch {
      // A browser without room loses no more than this after a reload.
    }
  }

  /** In the order in which they were queued. */
  ids() {
    return [...this.#ids];
  }

  /** @param {string} id */
  has(id) {
    return this.#ids.has(id);
  }

  /** @param {string} id */
  add(id) {
    this.#ids.add(id);
    this.#keep();
  }

  /** @param {string} id */
  end(id) {
    if (this.#ids.delete(id)) this.#keep();
  }
}
