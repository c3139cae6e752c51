/** The controls of the painter's panel. */

import { fill, h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';

/** @import { PainterAction } from '../types/painter.d.ts' */
/** @import { Child } from '../types/ui.d.ts' */

/**
 * A slider with its name and value.
 *
 * @param {string} label
 * @param {{ min: number, max: number, step?: number, show: (value: number) => string, change: (value: number) => void }} how
 * @returns {{ element: HTMLElement, set: (value: number, text?: string) => void }} `text` is what is shown of the value
 */
export function slider(label, { min, max, step = 1, show, change }) {
  const value = h('span', { class: 'paint-value', 'aria-hidden': true });
  const input = h('input', { type: 'range', min, max, step, 'aria-label': label });
  const tell = (/** @type {string} */ text) => {
    value.textContent = text;
    input.setAttribute('aria-valuetext', text);
  };
  input.addEventListener('input', () => {
    tell(show(input.valueAsNumber));
    change(input.valueAsNumber);
  });
  return {
    element: h('label', { class: 'paint-slider' }, h('span', null, label), value, input),
    set(next, text = show(next)) {
      input.value = String(next);
      tell(text);
    },
  };
}

/**
 * A choice of few, side by side.
 *
 * @template {string} T
 * @param {string} label
 * @param {readonly { value: T, label: string, icon?: string }[]} choices
 * @param {(value: T) => void} change
 * @returns {{ element: HTMLElement, set: (value: T) => void }}
 */
export function segments(label, choices, change) {
  const buttons = choices.map(({ value, label: name, icon: mark }) => {
    const onclick = () => change(value);
    return h('button', { class: 'paint-segment', type: 'button', onclick }, mark ? icon(mark) : null, name);
  });
  return {
    element: h('div', { class: 'paint-segments', role: 'group', 'aria-label': label }, buttons),
    set(chosen) {
      choices.forEach(({ value }, index) => buttons[index]?.setAttribute('aria-pressed', String(value === chosen)));
    },
  };
}

/**
 * @param {string} label
 * @param {readonly string[]} colors
 * @param {string} chosen
 * @param {(color: string) => void} change
 */
export const swatches = (label, colors, chosen, change) =>
  h(
    'div',
    { class: 'paint-swatches', role: 'group', 'aria-label': label },
    colors.map((color) =>
      h('button', {
        class: 'paint-swatch',
        type: 'button',
        style: { background: color },
        'aria-label': color,
        'aria-pressed': color === chosen,
        onclick: () => change(color),
      }),
    ),
  );

/** @param {string} title @param {...Child} content */
export const section = (title, ...content) =>
  h('section', { class: 'paint-section', 'aria-label': title }, h('h3', null, title), ...content);

/**
 * @param {PainterAction} action
 * @param {string} label
 * @param {string} tip with its keys
 * @param {boolean} [bare] with its icon alone
 */
export function actionButton({ icon: mark, run }, label, tip, bare = false) {
  const element = h('button', {
    class: bare ? 'icon-button' : 'button paint-button',
    type: 'button',
    'aria-label': label,
    'data-tip': tip,
    onclick: run,
  });
  fill(element, mark ? icon(mark) : null, bare ? null : h('span', null, label));
  return element;
}
