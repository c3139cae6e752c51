/** A colour, by the browser's own picker. */

import { h } from '../ui/dom.js';
import { field, labelOf } from './field.js';
import { FIELD } from './kinds.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * Colours are text (`#f47a45`), or whole numbers where the input is one.
 *
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function colorWidget(host) {
  const whole = host.input.type === 'INT';
  const box = h('input', { class: 'color-box', type: 'color', 'aria-label': labelOf(host) });
  const words = h('span', { class: 'color-words', 'aria-hidden': true });
  const set = (/** @type {unknown} */ value) => {
    box.value = whole ? `#${Number(value ?? 0).toString(16).padStart(6, '0')}` : String(value ?? '');
    words.textContent = box.value;
  };
  const change = (/** @type {boolean} */ final) => {
    words.textContent = box.value;
    host.onChange(whole ? Number.parseInt(box.value.slice(1), 16) : box.value, final);
  };
  box.addEventListener('input', () => change(false));
  box.addEventListener('change', () => change(true));
  set(host.value);
  return { element: field(host, 'color', {}, words, box), height: FIELD, grows: false, set, focus: () => box.focus(), destroy() {} };
}
