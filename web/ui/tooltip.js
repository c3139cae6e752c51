/** Explanations: of what the pointer rests on (`data-tip`), and beside the pointer during a gesture. */

import { h } from './dom.js';
import { placeAt, placeBelow } from './place.js';

const DELAY_MS = 450;

/**
 * Show the `data-tip` of what the pointer rests on, or what has the keyboard's focus, inside `root`.
 *
 * @param {HTMLElement} root
 * @returns {() => void} ends it
 */
export function watchTips(root) {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  /** @type {HTMLElement | null} */
  let shown = null;
  let timer = 0;
  const hide = () => {
    clearTimeout(timer);
    shown?.remove();
    shown = null;
  };
  const show = (/** @type {HTMLElement} */ target) => {
    hide();
    if (!target.isConnected || !target.dataset['tip']) return;
    shown = h('div', { class: 'tooltip', role: 'tooltip' }, target.dataset['tip']);
    document.body.append(shown);
    placeBelow(shown, target.getBoundingClientRect());
  };
  const onOver = (/** @type {PointerEvent} */ event) => {
    const target = event.target instanceof Element ? event.target.closest('[data-tip]') : null;
    hide();
    if (target instanceof HTMLElement && event.buttons === 0) timer = setTimeout(() => show(target), DELAY_MS);
  };
  root.addEventListener('pointerover', onOver, options);
  root.addEventListener('pointerleave', hide, options);
  addEventListener('pointerdown', hide, { ...options, capture: true });
  addEventListener('keydown', hide, { ...options, capture: true });
  addEventListener('wheel', hide, { ...options, capture: true, passive: true });
  return () => {
    hide();
    abort.abort();
  };
}

/** What is left behind can be read for so long. */
const LEFT_MS = 2600;

/** A line of text that follows the pointer while a gesture goes on. */
export class PointerTip {
  #timer = 0;
  #element = h('div', { class: 'tooltip', role: 'status' });

  /**
   * @param {string} text an empty text hides it
   * @param {number} x
   * @param {number} y
   * @param {boolean} refusal drawn as a warning
   */
  show(text, x, y, refusal) {
    if (text === '') return this.hide();
    clearTimeout(this.#timer);
    this.#element.textContent = text;
    this.#element.classList.toggle('refusal', refusal);
    if (!this.#element.isConnected) document.body.append(this.#element);
    placeAt(this.#element, x + 16, y + 18);
  }

  hide() {
    clearTimeout(this.#timer);
    this.#element.remove();
  }

  /**
   * Say something where a gesture has ended.
   *
   * @param {string} text
   * @param {number} x
   * @param {number} y
   */
  leave(text, x, y) {
    this.show(text, x, y, true);
    this.#timer = setTimeout(() => this.hide(), LEFT_MS);
  }
}
