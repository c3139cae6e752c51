/** A picture in a window, zoomed and moved by wheel, drag, pinch, double click and keys. */

import { fitted, held, zoomedAt } from '../core/zoom-pan.js';
import { h } from '../ui/dom.js';
import { createVideo } from '../ui/video.js';

/** @import { Placing } from '../core/zoom-pan.js' */

const STEP = 1.25;
/** A press that moved by more is no click. */
const SLACK = 5;

export class PictureStage {
  element = h('div', { class: 'stage' });
  image = h('img', { class: 'stage-picture', alt: '', draggable: 'false' });
  /** Lies over its first picture. */
  #video = createVideo('stage-picture stage-video');
  /** @type {Placing} */
  #placing = { scale: 1, x: 0, y: 0 };
  #fits = true;
  /** Where fingers and the pointer are. @type {Map<number, { x: number, y: number }>} */
  #pointers = new Map();
  #moved = 0;
  #onChange;
  #onBackdrop;
  #sizes;

  /**
   * @param {(scale: number) => void} onChange is told the scale
   * @param {() => void} onBackdrop the user has pressed beside the picture
   */
  constructor(onChange, onBackdrop) {
    this.#onChange = onChange;
    this.#onBackdrop = onBackdrop;
    this.#video.hidden = true;
    this.element.append(this.image, this.#video);
    this.image.addEventListener('load', () => this.fit());
    this.element.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false });
    this.element.addEventListener('pointerdown', (event) => this.#onDown(event));
    this.element.addEventListener('pointermove', (event) => this.#onMove(event));
    for (const end of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      this.element.addEventListener(end, (event) => this.#onUp(event));
    }
    this.element.addEventListener('dblclick', (event) => {
      if (event.target !== this.#video) this.#toggle(this.#fromMiddle(event));
    });
    this.#sizes = new ResizeObserver(() => (this.#fits ? this.fit() : this.#put(this.#placing)));
    this.#sizes.observe(this.element);
  }

  destroy() {
    this.#sizes.disconnect();
  }

  /** @param {string} url of the picture, or of the first one of a video @param {string} alt @param {string} [video] */
  show(url, alt, video) {
    this.#video.hidden = !video;
    if (video) this.#video.src = video;
    else this.#video.removeAttribute('src');
    this.image.classList.add('loading');
    this.image.alt = alt;
    this.image.src = url;
  }

  get #picture() {
    return { width: this.image.naturalWidth || 1, height: this.image.naturalHeight || 1 };
  }

  get #view() {
    return { width: this.element.clientWidth || 1, height: this.element.clientHeight || 1 };
  }

  fit() {
    this.#fits = true;
    this.image.classList.remove('loading');
    this.#put(fitted(this.#picture, this.#view));
  }

  /** One pixel of the picture is one of the page. @param {{ x: number, y: number }} [point] */
  actualSize(point = { x: 0, y: 0 }) {
    this.#zoomTo(1, point);
  }

  /** @param {1 | -1} direction @param {{ x: number, y: number }} [point] */
  zoom(direction, point = { x: 0, y: 0 }) {
    this.#zoomTo(this.#placing.scale * STEP ** direction, point);
  }

  get zoomed() {
    return !this.#fits;
  }

  /** @param {number} x @param {number} y */
  pan(x, y) {
    this.#put(held({ ...this.#placing, x: this.#placing.x + x, y: this.#placing.y + y }, this.#picture, this.#view));
  }

  /** @param {{ x: number, y: number }} point */
  #toggle(point) {
    if (!this.#fits) this.fit();
    else this.#zoomTo(this.#placing.scale >= 1 ? this.#placing.scale * 2 : 1, point);
  }

  /** @param {number} scale @param {{ x: number, y: number }} point */
  #zoomTo(scale, point) {
    this.#fits = false;
    this.#put(zoomedAt(this.#placing, scale, point, this.#picture, this.#view));
  }

  /** @param {Placing} placing */
  #put(placing) {
    this.#placing = placing;
    const { width, height } = this.#picture;
    for (const { style } of [this.image, this.#video]) {
      style.width = `${width * placing.scale}px`;
      style.height = `${height * placing.scale}px`;
      style.transform = `translate(calc(-50% + ${placing.x}px), calc(-50% + ${placing.y}px))`;
    }
    this.image.classList.toggle('pixels', placing.scale >= 3);
    this.#video.controls = this.#fits;
    this.element.classList.toggle('zoomed', !this.#fits);
    this.#onChange(placing.scale);
  }

  /** @param {{ clientX: number, clientY: number }} event */
  #fromMiddle({ clientX, clientY }) {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    this.#zoomTo(this.#placing.scale * Math.exp(-event.deltaY * lines * 0.0016), this.#fromMiddle(event));
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    // The controls of a video are its own.
    if (event.button !== 0 || (event.target === this.#video && this.#fits)) return;
    if (this.#pointers.size === 0) this.#moved = 0;
    this.#pointers.set(event.pointerId, this.#fromMiddle(event));
    this.element.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#fromMiddle(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    this.#moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (!other) return this.pan(now.x - before.x, now.y - before.y);
    const apart = (/** @type {{ x: number, y: number }} */ point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    this.#zoomTo((this.#placing.scale * apart(now)) / apart(before), middle);
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    this.#pointers.delete(event.pointerId);
    const pressed = event.type === 'pointerup' && event.button === 0 && this.#moved < SLACK;
    const { left, right, top, bottom } = this.image.getBoundingClientRect();
    const beside = event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom;
    if (pressed && beside && this.#pointers.size === 0) this.#onBackdrop();
  }
}
