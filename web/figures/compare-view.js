/** Two pictures in one place, with a line between them that can be moved. */

import { h } from '../ui/dom.js';

/** @typedef {'slider' | 'beside' | 'difference'} CompareMode */

const STEP = 0.02;
const LARGE_STEP = 0.1;

export class CompareView {
  element;
  #first = h('img', { class: 'compare-first', alt: '', draggable: 'false' });
  #second = h('img', { class: 'compare-second', alt: '', draggable: 'false' });
  #frame = h('div', { class: 'compare-frame' }, this.#second, this.#first);
  #line;
  #part = 0.5;

  /** @param {{ label: string }} options `label` names the line to screen readers */
  constructor({ label }) {
    this.#line = h(
      'div',
      { class: 'compare-line', role: 'slider', tabindex: 0, 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100 },
      h('i'),
    );
    this.#frame.append(this.#line);
    this.element = h('div', { class: 'compare-view' }, this.#frame);
    this.#first.addEventListener('load', () => this.#setShape());
    this.#line.addEventListener('pointerdown', (event) => this.drag(event));
    this.#line.addEventListener('keydown', (event) => this.#onKey(event));
    this.moveTo(0.5);
  }

  /** The part of the width that shows the first picture. */
  get part() {
    return this.#part;
  }

  /** What holds the pictures. */
  get frame() {
    return this.#frame;
  }

  /**
   * @param {{ url: string, name: string }} first
   * @param {{ url: string, name: string }} second
   */
  show(first, second) {
    for (const [image, { url, name }] of /** @type {const} */ ([[this.#first, first], [this.#second, second]])) {
      image.alt = name;
      if (image.getAttribute('src') !== url) image.src = url;
    }
  }

  /** @returns {[HTMLImageElement, HTMLImageElement]} */
  get images() {
    return [this.#first, this.#second];
  }

  /** @param {CompareMode} mode */
  setMode(mode) {
    this.element.dataset['mode'] = mode;
    this.#line.hidden = mode !== 'slider';
  }

  /** @param {number} part 0 to 1 */
  moveTo(part) {
    this.#part = Math.min(1, Math.max(0, part));
    this.element.style.setProperty('--part', String(this.#part));
    this.#line.setAttribute('aria-valuenow', String(Math.round(this.#part * 100)));
  }

  /** Let the line follow a pressed pointer. @param {PointerEvent} event */
  drag(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    const end = new AbortController();
    const follow = (/** @type {PointerEvent} */ { clientX }) => {
      const { left, width } = this.#frame.getBoundingClientRect();
      if (width > 0) this.moveTo((clientX - left) / width);
    };
    this.#line.setPointerCapture(event.pointerId);
    this.#line.focus({ preventScroll: true });
    follow(event);
    const { signal } = end;
    this.#line.addEventListener('pointermove', follow, { signal });
    for (const over of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      this.#line.addEventListener(over, () => end.abort(), { signal });
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    /** @type {Record<string, number>} */
    const places = { ArrowLeft: this.#part - step, ArrowRight: this.#part + step, Home: 0, End: 1 };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.moveTo(place);
  }

  /** Both are shown in the shape of the first. */
  #setShape() {
    const { naturalWidth, naturalHeight } = this.#first;
    if (naturalHeight > 0) this.element.style.setProperty('--shape', String(naturalWidth / naturalHeight));
  }
}
