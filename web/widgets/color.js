/** A colour: a swatch that opens a picker, and its digits to type. */

import { h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';
import { readColor, writeColor } from './color-format.js';
import { field, labelOf } from './field.js';
import { FIELD } from './kinds.js';
import { tellBeside } from './told.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */
/** @import {Json} from '../types/spec.d.ts' */

const RECENT = 'colors';

/**
 * Colours are text (`#f47a45`), or whole numbers where the input is one.
 *
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function colorWidget(host) {
  const { editor, input } = host;
  const whole = input.type === 'INT';
  const alpha = !whole && input.options.alpha === true;
  const label = labelOf(host);
  let value = '';
  /** @type {(() => void) | null} */
  let closePicker = null;
  const swatch = h('button', { class: 'color-swatch', type: 'button', 'aria-haspopup': 'dialog' }, h('i'));
  const box = h('input', { class: 'text-box color-digits', type: 'text', 'aria-label': label, spellcheck: 'false', autocomplete: 'off' });
  const show = () => {
    swatch.style.setProperty('--color', value);
    swatch.setAttribute('aria-label', `${label}: ${value}`);
    if (document.activeElement !== box) box.value = value;
  };
  const change = (/** @type {string} */ next, /** @type {boolean} */ final) => {
    value = next;
    show();
    host.onChange(whole ? Number.parseInt(value.slice(1), 16) : value, final);
    if (final) editor.widgets.remember(RECENT, value);
  };
  const commit = () => {
    const typed = readColor(box.value);
    if (!typed && box.value.trim() !== '') tellBeside(element, editor.t('widget.color.no_color', { text: box.value }));
    const next = typed ? writeColor(typed, alpha) : value;
    box.value = next;
    if (next !== value) change(next, true);
  };
  const open = async () => {
    if (closePicker) return closePicker();
    const [{ openColorPicker }] = await Promise.all([import('./color-picker.js'), loadStyle('color-picker')]);
    const onClose = () => {
      closePicker = null;
    };
    const recent = editor.widgets.recent(RECENT);
    closePicker = openColorPicker({ anchor: element, label, value, alpha, recent, t: editor.t, change, onClose });
  };
  swatch.addEventListener('click', () => void editor.attempt(open));
  box.addEventListener('focus', () => box.select());
  box.addEventListener('blur', commit);
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
    if (event.key === 'Escape') box.value = value;
    box.blur();
  });
  const element = field(host, 'color', {}, box, swatch);
  const set = (/** @type {Json} */ next) => {
    value = colorOf(next, whole, alpha);
    show();
  };
  set(host.value);
  return { element, height: FIELD, grows: false, set, focus: () => box.focus(), destroy: () => closePicker?.() };
}

/**
 * @param {Json} value
 * @param {boolean} whole
 * @param {boolean} alpha
 */
function colorOf(value, whole, alpha) {
  if (whole) return `#${(Number(value ?? 0) & 0xffffff).toString(16).padStart(6, '0')}`;
  const color = readColor(String(value ?? ''));
  return color ? writeColor(color, alpha) : alpha ? '#000000ff' : '#000000';
}
