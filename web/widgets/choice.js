/** One of several: a button that opens a list with search. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { openChoices } from './choice-list.js';
import { field, labelOf } from './field.js';
import { FIELD } from './kinds.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function choiceWidget(host) {
  const { editor } = host;
  let value = String(host.value ?? '');
  /** @type {(() => void) | null} */
  let closeList = null;
  const text = h('bdi', { class: 'choice-text' });
  const button = h('button', { class: 'choice', type: 'button', 'aria-haspopup': 'listbox' }, text, icon('chevron-down'));
  // The list of files may have grown since the widget was made.
  const choices = () => currentChoices(host);
  const show = () => {
    const missing = !choices().includes(value);
    text.textContent = value === '' ? editor.t('widget.choice.none') : value;
    button.setAttribute('aria-label', `${labelOf(host)}: ${text.textContent}`);
    element.classList.toggle('missing', missing);
    if (missing && value !== '') button.dataset['tip'] = editor.t('widget.choice.missing', { name: value });
    else delete button.dataset['tip'];
  };
  const choose = (/** @type {string} */ next) => {
    if (next === value) return;
    value = next;
    show();
    host.onChange(next, true);
  };
  const open = () => {
    closeList = openChoices({ anchor: element, label: labelOf(host), choices: choices(), value, t: editor.t, choose });
  };
  const element = field(host, 'choice', { onclick: open }, button);
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    const list = choices();
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
    },
    focus: () => button.focus(),
    destroy: () => closeList?.(),
  };
}

/**
 * @param {WidgetHost} host
 * @returns {readonly string[]}
 */
function currentChoices(host) {
  const node = host.editor.document.nodes.get(host.node);
  const inputs = node ? host.editor.inputs(node) : [];
  return (inputs.find((input) => input.name === host.input.name) ?? host.input).choices ?? [];
}
