/** Numbers: drag to change, click to type (sums too), arrow keys and wheel to step; a slider shows its range as well. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { field, labelOf } from './field.js';
import { FIELD } from './kinds.js';
import { dragOrClick, weightOf } from './number-drag.js';
import { bounded, format, numberOf, rangeOf, stepOf, stepped, typedNumber } from './number-format.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */
/** @import {InputSpec} from '../types/spec.d.ts' */
/** @import {Child} from '../types/ui.d.ts' */
/** @import {Exact} from '../core/exact-integer.js' */

const PIXELS_PER_STEP = 5;
const PAGE = 10;
/** Steps that follow each other within this time are one step of undo. */
const PAUSE_MS = 600;

/**
 * @typedef {object} NumberField
 * @property {WidgetHost} host
 * @property {HTMLInputElement} box
 * @property {HTMLElement} element
 * @property {() => Exact} value
 * @property {() => void} show
 * @property {(value: Exact, final: boolean) => void} change
 * @property {(steps: number) => void} step
 */

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
  return mountNumber(host, 'slider', [bar], (value) => {
    bar.style.setProperty('--part', String(Math.min(1, Math.max(0, (Number(value) - min) / (max - min || 1)))));
  });
}

/**
 * @param {WidgetHost} host
 * @param {string} kind
 * @param {readonly Child[]} extra stands behind the number
 * @param {(value: Exact) => void} [onShow] called with each value that is shown
 * @returns {Widget}
 */
export function mountNumber(host, kind, extra, onShow) {
  const { input } = host;
  let value = numberOf(input, host.value);
  const box = numberBox(host);
  const show = () => {
    box.value = format(input, value);
    box.setAttribute('aria-valuenow', String(value));
    onShow?.(value);
  };
  const change = (/** @type {Exact} */ next, /** @type {boolean} */ final) => {
    const near = bounded(input, next);
    const same = near === value;
    value = near;
    show();
    if (!same || final) host.onChange(value, final);
  };
  const steps = stepping(host, () => value, change);
  const element = field(host, kind, {}, ...stepButtons(kind), box, extra);
  /** @type {NumberField} */
  const number = { host, box, element, value: () => value, show, change, step: steps.step };
  box.addEventListener('focus', () => box.select());
  box.addEventListener('blur', () => {
    commit(number);
    steps.settle();
  });
  box.addEventListener('keydown', (event) => onKey(event, number));
  element.addEventListener('wheel', (event) => onWheel(event, number), { passive: false });
  element.addEventListener('pointerdown', (event) => {
    const { target } = event;
    if (event.button !== 0 || (document.activeElement === box && target === box)) return;
    if (target instanceof Element && target.closest('.widget-button')) return;
    event.preventDefault();
    dragOrClick(event, element, dragOf(number, kind === 'slider'));
  });
  show();
  return {
    element,
    height: FIELD,
    grows: false,
    set(next) {
      value = numberOf(input, next);
      if (document.activeElement !== box) show();
    },
    focus: () => box.focus(),
    destroy() {},
  };
}

/** @param {WidgetHost} host */
function numberBox(host) {
  const { least, most } = rangeOf(host.input);
  return h('input', {
    class: 'number-box',
    type: 'text',
    inputmode: 'decimal',
    autocomplete: 'off',
    spellcheck: 'false',
    role: 'spinbutton',
    'aria-label': labelOf(host),
    'aria-valuemin': least,
    'aria-valuemax': most,
  });
}

/** @param {string} kind a slider's ends are its own @returns {HTMLElement[]} */
function stepButtons(kind) {
  if (kind === 'slider') return [];
  return [
    h('span', { class: 'number-step less', 'aria-hidden': true }, icon('chevron-left')),
    h('span', { class: 'number-step more', 'aria-hidden': true }, icon('chevron-right')),
  ];
}

/**
 * Steps by keys, wheel and arrows: those that follow each other are one step of undo.
 *
 * @param {WidgetHost} host
 * @param {() => Exact} value
 * @param {(value: Exact, final: boolean) => void} change
 */
function stepping(host, value, change) {
  let timer = 0;
  const settle = () => {
    if (timer === 0) return;
    clearTimeout(timer);
    timer = 0;
    host.onChange(value(), true);
  };
  const step = (/** @type {number} */ steps) => {
    const next = stepped(host.input, value(), steps);
    if (next === value()) return;
    change(next, false);
    clearTimeout(timer);
    timer = setTimeout(settle, PAUSE_MS);
  };
  return { step, settle };
}

/**
 * What was typed becomes the value; what it cannot be is told.
 *
 * @param {NumberField} number
 */
function commit({ host, box, element, value, show, change }) {
  const { input, editor } = host;
  if (box.value === format(input, value())) return;
  const typed = typedNumber(input, box.value, value());
  if (typed === null) {
    if (box.value.trim() !== '') tell(element, editor.t('widget.number.no_number', { text: box.value }));
    return show();
  }
  const near = bounded(input, typed);
  const { least, most } = rangeOf(input);
  if (Number(near) > Number(typed) && String(near) === least) tell(element, editor.t('widget.number.least', { least }));
  if (Number(near) < Number(typed) && String(near) === most) tell(element, editor.t('widget.number.most', { most }));
  if (near === value()) show();
  else change(near, true);
}

/**
 * @param {KeyboardEvent} event
 * @param {NumberField} number
 */
function onKey(event, number) {
  if (event.isComposing) return;
  const { box, show, step } = number;
  const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: PAGE, PageDown: -PAGE }[event.key];
  if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
    commit(number);
    box.select();
  } else if (event.key === 'Enter') {
    // The editor's own key queues: with what stands in the field.
    commit(number);
  } else if (event.key === 'Escape') {
    event.stopPropagation();
    show();
    box.blur();
  } else if (steps !== undefined && !event.altKey) {
    event.preventDefault();
    commit(number);
    step(steps * weightOf(event));
  }
}

/**
 * The wheel steps the number that is being typed in; over any other it zooms the canvas or scrolls the panel.
 *
 * @param {WheelEvent} event
 * @param {NumberField} number
 */
function onWheel(event, number) {
  if (document.activeElement !== number.box || event.deltaY === 0) return;
  event.preventDefault();
  event.stopPropagation();
  commit(number);
  number.step(-Math.sign(event.deltaY) * weightOf(event));
}

/**
 * @param {NumberField} number
 * @param {boolean} isSlider
 * @returns {import('./number-drag.js').Drag}
 */
function dragOf(number, isSlider) {
  const { host, box, element, value, change } = number;
  const { input } = host;
  const start = value();
  const read = isSlider ? along(element, input) : null;
  return {
    move(moved, x, fine) {
      if (read && !fine) return change(read(x), false);
      const parts = moved / PIXELS_PER_STEP;
      const steps = fine && input.type !== 'INT' ? Math.trunc(parts * 10) / 10 : Math.trunc(parts);
      change(steps === 0 ? start : stepped(input, start, steps), false);
    },
    click(target) {
      const arrow = target instanceof Element && target.closest('.number-step');
      if (arrow) number.step(arrow.classList.contains('more') ? 1 : -1);
      else box.focus();
    },
    end: () => change(value(), true),
    cancel: () => change(start, true),
  };
}

/**
 * The value of a slider below a place of the page.
 *
 * @param {HTMLElement} element
 * @param {InputSpec} input
 * @returns {(x: number) => Exact}
 */
function along(element, input) {
  const { min = 0, max = 1 } = input.options;
  const step = stepOf(input);
  const { left, width } = element.getBoundingClientRect();
  return (x) => {
    const part = Math.max(0, Math.min(1, (x - left) / width));
    const steps = Math.round((part * (max - min)) / step);
    return part === 1 ? bounded(input, max) : steps === 0 ? min : stepped(input, min, steps);
  };
}

/** @param {HTMLElement} element @param {string} text */
function tell(element, text) {
  void import('./told.js').then(({ tellBeside }) => tellBeside(element, text));
}
