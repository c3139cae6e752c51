/** Picking a colour: a square of saturation and brightness, hue, alpha, a dropper, and the colours used last. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { placeBelow } from '../ui/place.js';
import { fromHsv, readColor, toHsv, writeColor } from './color-format.js';

/** @import {Hsv} from './color-format.js' */

/**
 * @typedef {object} Picking
 * @property {HTMLElement} anchor
 * @property {string} label
 * @property {string} value
 * @property {boolean} alpha
 * @property {readonly string[]} recent
 * @property {(key: string) => string} t
 * @property {(value: string, final: boolean) => void} change
 * @property {() => void} onClose
 */

/** @typedef {{ new (): { open(options?: { signal: AbortSignal }): Promise<{ sRGBHex: string }> } }} Dropper */

const KEY_STEP = 0.02;

/**
 * @param {Picking} picking
 * @returns {() => void} closes it
 */
export function openColorPicker(picking) {
  const { anchor, label, alpha, recent, t, change } = picking;
  const before = document.activeElement;
  const abort = new AbortController();
  const start = readColor(picking.value) ?? { r: 0, g: 0, b: 0, a: 1 };
  const state = { ...toHsv(start), a: start.a };
  const written = () => writeColor(fromHsv(state, state.a), alpha);
  const square = squareOf(t, state, (final) => update(final));
  const hue = slider('color-hue', t('widget.color.hue'), 359, (value) => (state.h = value), (final) => update(final));
  const opacity = slider('color-alpha', t('widget.color.alpha'), 100, (value) => (state.a = value / 100), (final) => update(final));
  const element = h('div', { class: 'menu color-picker', role: 'dialog', 'aria-label': label }, square.element, hue, alpha ? opacity : null);
  const show = () => {
    element.style.setProperty('--hue', String(state.h));
    element.style.setProperty('--color', writeColor(fromHsv(state, 1), false));
    hue.value = String(Math.round(state.h));
    opacity.value = String(Math.round(state.a * 100));
    square.show();
  };
  const update = (/** @type {boolean} */ final) => {
    show();
    change(written(), final);
  };
  const take = (/** @type {string} */ text) => {
    const color = readColor(text);
    if (!color) return;
    Object.assign(state, toHsv(color), alpha ? { a: color.a } : {});
    update(true);
  };
  const close = () => {
    if (abort.signal.aborted) return;
    abort.abort();
    element.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    picking.onClose();
  };
  element.append(h('div', { class: 'color-foot' }, dropper(t, take, abort.signal), swatches(recent, take)));
  element.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Escape' || (event.key === 'Enter' && !(event.target instanceof HTMLButtonElement))) close();
  });
  const outside = (/** @type {Event} */ { target }) => {
    if (!(target instanceof Node) || (!element.contains(target) && !anchor.contains(target))) close();
  };
  addEventListener('pointerdown', outside, { capture: true, signal: abort.signal });
  addEventListener('wheel', outside, { capture: true, passive: true, signal: abort.signal });
  addEventListener('resize', close, { signal: abort.signal });
  (anchor.closest('dialog') ?? document.body).append(element);
  show();
  placeBelow(element, anchor.getBoundingClientRect(), 'end');
  square.element.focus({ preventScroll: true });
  return close;
}

/**
 * @param {(key: string) => string} t
 * @param {Hsv} state
 * @param {(final: boolean) => void} update
 */
function squareOf(t, state, update) {
  const element = h(
    'div',
    { class: 'color-square', tabindex: 0, role: 'slider', 'aria-label': t('widget.color.square'), 'aria-valuemin': 0, 'aria-valuemax': 100 },
    h('i'),
  );
  const show = () => {
    element.style.setProperty('--x', `${state.s * 100}%`);
    element.style.setProperty('--y', `${(1 - state.v) * 100}%`);
    element.setAttribute('aria-valuenow', String(Math.round(state.v * 100)));
    element.setAttribute('aria-valuetext', `${Math.round(state.s * 100)} %, ${Math.round(state.v * 100)} %`);
  };
  const follow = (/** @type {PointerEvent} */ event, /** @type {boolean} */ final) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    state.s = within((event.clientX - left) / width);
    state.v = 1 - within((event.clientY - top) / height);
    update(final);
  };
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    follow(event, false);
  });
  element.addEventListener('pointermove', (event) => {
    if (element.hasPointerCapture(event.pointerId)) follow(event, false);
  });
  element.addEventListener('pointerup', (event) => follow(event, true));
  element.addEventListener('keydown', (event) => {
    const x = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    const y = { ArrowDown: -1, ArrowUp: 1 }[event.key] ?? 0;
    if (x === 0 && y === 0) return;
    event.preventDefault();
    state.s = within(state.s + x * KEY_STEP);
    state.v = within(state.v + y * KEY_STEP);
    update(true);
  });
  return { element, show };
}

/** @param {number} part */
const within = (part) => Math.max(0, Math.min(1, part));

/**
 * @param {string} name
 * @param {string} label
 * @param {number} max
 * @param {(value: number) => void} take
 * @param {(final: boolean) => void} update
 */
function slider(name, label, max, take, update) {
  const range = h('input', { class: `color-slider ${name}`, type: 'range', min: 0, max, step: 1, 'aria-label': label });
  for (const kind of /** @type {const} */ (['input', 'change'])) {
    range.addEventListener(kind, () => {
      take(Number(range.value));
      update(kind === 'change');
    });
  }
  return range;
}

/** A button that takes a colour off the screen, where the browser can. @param {(key: string) => string} t @param {(color: string) => void} take @param {AbortSignal} signal */
function dropper(t, take, signal) {
  const Made = /** @type {{ EyeDropper?: Dropper }} */ (/** @type {unknown} */ (globalThis)).EyeDropper;
  if (!Made) return null;
  const pick = () => {
    // Escape ends it without a colour, and that is no failure.
    new Made().open({ signal }).then(({ sRGBHex }) => take(sRGBHex), () => {});
  };
  return h('button', { class: 'icon-button', type: 'button', 'aria-label': t('widget.color.dropper'), 'data-tip': t('widget.color.dropper'), onclick: pick }, icon('eyedropper'));
}

/** @param {readonly string[]} recent @param {(color: string) => void} take */
function swatches(recent, take) {
  return recent.map((color) =>
    h('button', { class: 'color-recent', type: 'button', 'aria-label': color, style: { '--color': color }, onclick: () => take(color) }, h('i')),
  );
}
