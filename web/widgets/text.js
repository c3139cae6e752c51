/** Text: a line, or a native text area for prompts. */

import { h } from '../ui/dom.js';
import { field, labelOf } from './field.js';
import { FIELD, HEIGHTS } from './kinds.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function textWidget(host) {
  const box = h('input', { class: 'text-box', type: 'text', 'aria-label': labelOf(host), placeholder: host.input.options.placeholder });
  box.addEventListener('keydown', (event) => {
    if (!event.isComposing && (event.key === 'Enter' || event.key === 'Escape')) box.blur();
  });
  return { ...mountText(host, box), element: field(host, 'text', {}, box), height: FIELD, grows: false };
}

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function promptWidget(host) {
  const label = labelOf(host);
  const box = h('textarea', { class: 'prompt-box', 'aria-label': label, placeholder: host.input.options.placeholder ?? label, spellcheck: 'false' });
  box.addEventListener('keydown', (event) => {
    if (!event.isComposing && event.key === 'Escape') box.blur();
  });
  const element = h('div', { class: 'widget widget-prompt' }, box);
  return { ...mountText(host, box), element, height: HEIGHTS.prompt, grows: true };
}

/**
 * What a line and an area have in common: each keystroke is a change, leaving the field ends the undo step.
 *
 * @param {WidgetHost} host
 * @param {HTMLInputElement | HTMLTextAreaElement} box
 */
function mountText(host, box) {
  let before = '';
  const set = (/** @type {unknown} */ value) => {
    const text = value === null || value === undefined ? '' : String(value);
    // Writing the same text would move the caret.
    if (box.value !== text) box.value = text;
  };
  box.addEventListener('focus', () => {
    before = box.value;
  });
  box.addEventListener('input', () => host.onChange(box.value, false));
  box.addEventListener('blur', () => {
    if (box.value !== before) host.onChange(box.value, true);
  });
  set(host.value);
  return { set, focus: () => box.focus(), destroy() {} };
}
