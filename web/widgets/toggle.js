/** Yes or no. */

import { h } from '../ui/dom.js';
import { field, labelOf } from './field.js';
import { FIELD } from './kinds.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function toggleWidget(host) {
  const { label_on: on, label_off: off } = host.input.options;
  let value = host.value === true;
  const words = h('span', { class: 'toggle-words', 'aria-hidden': true });
  const button = h('button', { class: 'toggle', type: 'button', role: 'switch', 'aria-label': labelOf(host) }, words, h('i'));
  const show = () => {
    words.textContent = (value ? on : off) ?? '';
    button.setAttribute('aria-checked', String(value));
  };
  const element = field(host, 'toggle', {}, button);
  element.addEventListener('click', () => {
    value = !value;
    show();
    host.onChange(value, true);
  });
  show();
  return {
    element,
    height: FIELD,
    grows: false,
    set(next) {
      value = next === true;
      show();
    },
    focus: () => button.focus(),
    destroy() {},
  };
}
