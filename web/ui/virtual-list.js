/** A long list or grid of which only those elements are there that are in sight. */

import { h } from './dom.js';

/** Beyond the edge so much is ready, as a part of what is in sight. */
const AHEAD = 0.5;

/**
 * @typedef {object} VirtualContent
 * @property {() => number} count
 * @property {(width: number) => { columns: number, height: number }} shape cells in a row, and the height of a row
 * @property {(index: number) => HTMLElement} cell makes the element of a place
 * @property {(index: number) => string} key cells of equal keys are kept
 * @property {(first: number, last: number) => void} [onSight] these are in sight
 */

export class VirtualList {
  element;
  #scroller;
  #content;
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();
  #observer;
  #frame = 0;
  #shape = { columns: 1, height: 1 };
  #onScroll = () => this.#later();

  /**
   * @param {HTMLElement} scroller that the list is, or will be, inside of
   * @param {VirtualContent} content
   * @param {{ label: string, role?: string }} about
   */
  constructor(scroller, content, { label, role = 'list' }) {
    this.#scroller = scroller;
    this.#content = content;
    this.element = h('div', { class: 'virtual', role, 'aria-label': label });
    scroller.addEventListener('scroll', this.#onScroll, { passive: true });
    this.#observer = new ResizeObserver(() => this.#later());
    this.#observer.observe(scroller);
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    this.#observer.disconnect();
    this.#scroller.removeEventListener('scroll', this.#onScroll);
    this.#cells.clear();
    this.element.remove();
  }

  #later() {
    this.#frame ||= requestAnimationFrame(() => this.update());
  }

  /** How many cells there are in a row. */
  get columns() {
    return this.#shape.columns;
  }

  /** Show what is in sight as it is now. */
  update() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { element } = this;
    const count = this.#content.count();
    this.#shape = this.#content.shape(element.clientWidth || this.#scroller.clientWidth);
    const rows = Math.ceil(count / this.#shape.columns);
    element.style.height = `${rows * this.#shape.height}px`;
    const [first, last] = this.#inSight(rows, count);
    this.#fill(first, last, count);
    if (last >= first) this.#content.onSight?.(first, last);
  }

  /** @param {number} rows @param {number} count @returns {[number, number]} places, the last one included */
  #inSight(rows, count) {
    const { columns, height } = this.#shape;
    const view = this.#scroller.clientHeight;
    const top = this.#scroller.getBoundingClientRect().top - this.element.getBoundingClientRect().top;
    const from = Math.floor((top - view * AHEAD) / height);
    const to = Math.ceil((top + view * (1 + AHEAD)) / height);
    const first = Math.min(Math.max(0, from), rows) * columns;
    return [first, Math.min(count, Math.max(0, to) * columns) - 1];
  }

  /** @param {number} first @param {number} last @param {number} count */
  #fill(first, last, count) {
    const { columns, height } = this.#shape;
    /** @type {Map<string, HTMLElement>} */
    const cells = new Map();
    for (let index = first; index <= last; index += 1) {
      const key = this.#content.key(index);
      const cell = this.#cells.get(key) ?? this.#content.cell(index);
      cells.set(key, cell);
      cell.style.top = `${Math.floor(index / columns) * height}px`;
      cell.style.left = `${((index % columns) / columns) * 100}%`;
      cell.style.width = `${100 / columns}%`;
      cell.style.height = `${height}px`;
      cell.dataset['index'] = String(index);
      cell.setAttribute('aria-posinset', String(index + 1));
      cell.setAttribute('aria-setsize', String(count));
    }
    for (const [key, cell] of this.#cells) if (cells.get(key) !== cell) cell.remove();
    let next = this.element.firstElementChild;
    for (const cell of cells.values()) {
      // Elements that stay where they are keep the focus.
      if (cell === next) next = cell.nextElementSibling;
      else this.element.insertBefore(cell, next);
    }
    this.#cells = cells;
  }

  /** @param {number} index @returns {HTMLElement | null} null when it is out of sight */
  cell(index) {
    return this.element.querySelector(`:scope > [data-index="${index}"]`);
  }

  /** Bring a place into sight. @param {number} index @returns {HTMLElement | null} */
  reveal(index) {
    const { columns, height } = this.#shape;
    const offset = this.element.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    const top = this.#scroller.scrollTop + offset + Math.floor(index / columns) * height;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + height > scrollTop + clientHeight) this.#scroller.scrollTop = top + height - clientHeight;
    this.update();
    return this.cell(index);
  }
}
