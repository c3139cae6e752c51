/** One of several: a button that opens a list with search. */

import { hasControl } from '../core/spec.js';
import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { controlButton } from './control.js';
import { explanationOf, field, labelOf } from './field.js';
import { FIELD } from './kinds.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/** Longer names may be cut off. */
const SHORT = 20;
/** A picture of another folder than the list's. */
const ELSEWHERE = / \[(?:output|temp)\]$/;

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function choiceWidget(host) {
  const { editor } = host;
  let value = String(host.value ?? '');
  /** @type {(() => void) | null} */
  let closeList = null;
  let destroyed = false;
  const text = h('bdi', { class: 'choice-text' });
  const button = h('button', { class: 'choice', type: 'button', 'aria-haspopup': 'listbox', 'aria-expanded': false }, text, icon('chevron-down'));
  const show = () => {
    const missing = !ELSEWHERE.test(value) && !choicesOf(host).includes(value);
    text.textContent = value === '' ? editor.t(missing ? 'widget.choice.none' : 'widget.choice.no_file') : value;
    button.setAttribute('aria-label', `${labelOf(host)}: ${text.textContent}`);
    element.classList.toggle('missing', missing);
    button.dataset['tip'] = missing && value !== '' ? editor.t('widget.choice.missing', { name: value }) : tipOf(host, value);
  };
  const choose = (/** @type {string} */ next) => {
    if (next === value) return;
    value = next;
    show();
    host.onChange(next, true);
  };
  const open = async () => {
    if (closeList) return closeList();
    const typed = collectLetters();
    const [{ openChoices }] = await Promise.all([import('./choice-list.js'), loadStyle('choices')]).finally(typed.end);
    if (destroyed || closeList) return;
    button.setAttribute('aria-expanded', 'true');
    const onClose = () => {
      closeList = null;
      button.setAttribute('aria-expanded', 'false');
    };
    closeList = openChoices({ ...listOf(host), anchor: element, value, query: typed.text(), choose, onClose });
  };
  const control = hasControl(host.input) ? controlButton(host) : null;
  const element = field(host, 'choice', { onclick: () => void editor.attempt(open) }, button, control?.button);
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const list = choicesOf(host);
    const next = list[list.indexOf(value) + (event.key === 'ArrowDown' ? 1 : -1)];
    if (next !== undefined) choose(next);
  });
  show();
  return {
    element,
    height: FIELD,
    grows: false,
    set(next) {
      value = String(next ?? '');
      show();
      control?.show();
    },
    focus: () => button.focus(),
    destroy() {
      destroyed = true;
      closeList?.();
    },
  };
}

/** What is typed before the list is there goes into its search. */
function collectLetters() {
  let text = '';
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    text += event.key;
  };
  addEventListener('keydown', onKey, { capture: true });
  return { text: () => text, end: () => removeEventListener('keydown', onKey, { capture: true }) };
}

/** The list as it is now: files may have come since the widget was made. @param {WidgetHost} host */
function listOf(host) {
  const { editor, input } = host;
  const { widgets, t } = editor;
  return { label: labelOf(host), choices: choicesOf(host), files: input.options.files ?? null, memory: memoryOf(host), widgets, t };
}

/** A long name is cut off in its field. @param {WidgetHost} host @param {string} value */
const tipOf = (host, value) => (value.length > SHORT ? `${explanationOf(host)}\n${value}` : explanationOf(host));

/**
 * @param {WidgetHost} host
 * @returns {readonly string[]}
 */
function choicesOf(host) {
  const node = host.editor.document.nodes.get(host.node);
  const inputs = node ? host.editor.inputs(node) : [];
  return (inputs.find((input) => input.name === host.input.name) ?? host.input).choices ?? [];
}

/** Files are remembered by their folder, other choices by their input. @param {WidgetHost} host */
function memoryOf({ editor, input, node }) {
  return input.options.files ?? `${editor.document.nodes.get(node)?.type ?? ''}.${input.name}`;
}
