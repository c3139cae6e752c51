/** A long list of which only those pages are read that are in sight. */

import { batch, signal } from './signal.js';

/**
 * @template T
 * @typedef {(offset: number, count: number) => Promise<{ items: readonly T[], total: number }>} LoadPage
 */

const PAGE = 50;
/** Pages out of sight that are kept. */
const KEPT = 8;

/** @template T */
export class PagedList {
  /** How many there are; null until that is known. */
  total = signal(/** @type {number | null} */ (null));
  /** Grows whenever an entry may be another. */
  version = signal(0);
  #load;
  /** @type {Map<number, readonly T[]>} */
  #pages = new Map();
  /** @type {Map<number, Promise<void>>} */
  #loading = new Map();
  #wanted = { first: 0, last: 0 };
  #generation = 0;

  /** @param {LoadPage<T>} load */
  constructor(load) {
    this.#load = load;
  }

  /** @param {number} index @returns {T | null} null while it is not read */
  at(index) {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  /** Those that are read, in their order. */
  loaded() {
    return [...this.#pages].sort(([a], [b]) => a - b).flatMap(([, items]) => items);
  }

  /**
   * Entries from one to another are in sight.
   * @param {number} first
   * @param {number} last
   * @returns {Promise<void>} when they are read
   */
  async want(first, last) {
    this.#wanted = { first: Math.floor(Math.max(0, first) / PAGE), last: Math.floor(Math.max(0, last) / PAGE) };
    await this.#readWanted();
  }

  /** Read what is in sight again. */
  async refresh() {
    this.#generation += 1;
    this.#loading.clear();
    for (const page of this.#pages.keys()) if (!this.#isWanted(page)) this.#pages.delete(page);
    await this.#readWanted(true);
  }

  /** Forget everything, as other entries are wanted now. */
  async reset() {
    this.#pages.clear();
    this.#wanted = { first: 0, last: 0 };
    await this.refresh();
  }

  /**
   * An entry is another until it is read again.
   * @param {(item: T) => T | null} change null takes it out
   */
  change(change) {
    for (const [page, items] of this.#pages) {
      this.#pages.set(page, items.map(change).filter((item) => item !== null));
    }
    this.version.set(this.version.peek() + 1);
  }

  /** @param {number} page */
  #isWanted(page) {
    return page >= this.#wanted.first && page <= this.#wanted.last;
  }

  /** @param {boolean} [again] */
  async #readWanted(again = false) {
    const pages = [];
    for (let page = this.#wanted.first; page <= this.#wanted.last; page += 1) {
      if (again || !this.#pages.has(page)) pages.push(this.#loading.get(page) ?? this.#read(page));
    }
    await Promise.all(pages);
  }

  /** @param {number} page */
  #read(page) {
    const generation = this.#generation;
    const reading = this.#load(page * PAGE, PAGE)
      .then(({ items, total }) => {
        if (generation === this.#generation) this.#take(page, items, total);
      })
      .finally(() => {
        if (this.#loading.get(page) === reading) this.#loading.delete(page);
      });
    this.#loading.set(page, reading);
    return reading;
  }

  /** @param {number} page @param {readonly T[]} items @param {number} total */
  #take(page, items, total) {
    this.#pages.delete(page);
    this.#pages.set(page, items);
    for (const other of this.#pages.keys()) {
      if (this.#pages.size <= KEPT + this.#wanted.last - this.#wanted.first) break;
      if (!this.#isWanted(other)) this.#pages.delete(other);
    }
    batch(() => {
      this.total.set(total);
      this.version.set(this.version.peek() + 1);
    });
  }
}
