/** Numbers: drag to change, click to type (sums too), arrow keys to step; a slider shows its range as well. */

import { h } from '../ui/dom.js';
import { calculate } from './arithmetic.js';
import { field, labelOf } from './field.js';
import { FIELD } from './kinds.js';
import { bounded, format, stepOf, stepped } from './number-format.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */
/** @import {Json} from '../types/spec.d.ts' */
/** @import {Child} from '../types/ui.d.ts' */

/** Below so many CSS pixels a press is a click. */
const SLACK = 3;
const PIXELS_PER_STEP = 5;

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function numberWidget(host) {
  return mountNumber(host, 'number', []);
}

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function sliderWidget(host) {
  const { min, max } = host.input.options;
  if (min === undefined || max === undefined) return numberWidget(host);
  const bar = h('span', { class: 'slider-bar', 'aria-hidden': true });
  const widget = mountNumber(host, 'slider', [bar]);
  const show = (/** @type {Json} */ value) => {
    bar.style.setProperty('--part', String((Number(value) - min) / (max - min || 1)));
  };
  show(host.value);
  return {
    ...widget,
    set(value) {
      widget.set(value);
      show(value);
    },
  };
}

/**
 * @param {WidgetHost} host
 * @param {string} kind
 * @param {readonly Child[]} extra stands between the name and the number, or after it
 * @returns {Widget}
 */
export function mountNumber(host, kind, extra) {
  const { input } = host;
  let value = Number(host.value ?? 0);
  const box = h('input', {
    class: 'number-box',
    type: 'text',
    inputmode: 'decimal',
    autocomplete: 'off',
    spellcheck: 'false',
    role: 'spinbutton',
    'aria-label': labelOf(host),
    'aria-valuemin': input.options.min ?? null,
    'aria-valuemax': input.options.max ?? null,
  });
  const show = () => {
    box.value = format(input, value);
    box.setAttribute('aria-valuenow', String(value));
  };
  const change = (/** @type {number} */ next, /** @type {boolean} */ final) => {
    const near = bounded(input, next);
    const same = near === value;
    value = near;
    show();
    if (!same || final) host.onChange(value, final);
  };
  const commit = () => {
    const typed = calculate(box.value);
    if (typed === null || bounded(input, typed) === value) show();
    else change(typed, true);
  };
  const element = field(host, kind, {}, extra, box);
  box.addEventListener('focus', () => box.select());
  box.addEventListener('blur', commit);
  box.addEventListener('keydown', (event) => onKey(event, { input, value: () => value, show, commit, change, box }));
  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || document.activeElement === box) return;
    if (event.target instanceof Element && event.target.closest('button')) return;
    event.preventDefault();
    dragOrClick(event, element, { read: kind === 'slider' ? along(element, host) : byStep(host, () => value), change, box });
  });
  show();
  return {
    element,
    height: FIELD,
    grows: false,
    set(next) {
      value = Number(next ?? 0);
      if (document.activeElement !== box) show();
    },
    focus: () => box.focus(),
    destroy() {},
  };
}

/**
 * @typedef {object} NumberField
 * @property {WidgetHost['input']} input
 * @property {() => number} value
 * @property {() => void} show
 * @property {() => void} commit
 * @property {(value: number, final: boolean) => void} change
 * @property {HTMLInputElement} box
 */

/**
 * @param {KeyboardEvent} event
 * @param {NumberField} number
 */
function onKey(event, { input, value, show, commit, change, box }) {
  if (event.isComposing) return;
  if (event.key === 'Enter') {
    commit();
    box.select();
  } else if (event.key === 'Escape') {
    show();
    box.blur();
  } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
    event.preventDefault();
    commit();
    change(stepped(input, value(), (event.key === 'ArrowUp' ? 1 : -1) * (event.shiftKey ? 10 : 1)), true);
  }
}

/**
 * How a drag reads: `read` makes the value for a pointer that has moved by `dx` to `x`.
 * @typedef {(dx: number, x: number, event: PointerEvent) => number} Reading
 */

/** @param {WidgetHost} host @param {() => number} value @returns {Reading} */
function byStep(host, value) {
  const start = value();
  return (dx, _x, event) => {
    const steps = Math.trunc(dx / PIXELS_PER_STEP) * (event.shiftKey ? 10 : 1);
    return steps === 0 ? start : stepped(host.input, start, steps);
  };
}

/** @param {HTMLElement} element @param {WidgetHost} host @returns {Reading} */
function along(element, host) {
  const { min = 0, max = 1 } = host.input.options;
  const step = stepOf(host.input);
  const { left, width } = element.getBoundingClientRect();
  return (_dx, x) => {
    const part = Math.max(0, Math.min(1, (x - left) / width));
    return stepped(host.input, min, Math.round((part * (max - min)) / step));
  };
}

/**
 * @param {PointerEvent} press
 * @param {HTMLElement} element
 * @param {{ read: Reading, change: (value: number, final: boolean) => void, box: HTMLInputElement }} number
 */
function dragOrClick(press, element, { read, change, box }) {
  const abort = new AbortController();
  let dragged = false;
  let last = 0;
  element.setPointerCapture(press.pointerId);
  const onMove = (/** @type {PointerEvent} */ event) => {
    const dx = event.clientX - press.clientX;
    dragged ||= Math.abs(dx) > SLACK;
    if (!dragged) return;
    element.classList.add('dragged');
    last = read(dx, event.clientX, event);
    change(last, false);
  };
  const end = () => {
    abort.abort();
    element.classList.remove('dragged');
    if (dragged) change(last, true);
    else box.focus();
  };
  element.addEventListener('pointermove', onMove, { signal: abort.signal });
  element.addEventListener('pointerup', end, { signal: abort.signal });
  element.addEventListener('pointercancel', end, { signal: abort.signal });
}
