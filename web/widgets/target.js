/** The name of a widget of another node: a line to type it, and a list to choose it from. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { field, labelOf } from './field.js';
import { FIELD } from './kinds.js';
import { targetsOf } from './targets.js';

/** @import {Widget, WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function targetWidget(host) {
  const { editor, input, node } = host;
  const label = labelOf(host);
  /** @type {(() => void) | null} */
  let closeList = null;
  let destroyed = false;
  let before = '';
  const box = h('input', { class: 'text-box', type: 'text', 'aria-label': label, placeholder: editor.t('widget.target.none'), spellcheck: 'false', autocomplete: 'off' });
  const button = h('button', { class: 'widget-button', type: 'button', 'aria-haspopup': 'listbox', 'aria-label': `${label}: ${editor.t('widget.target.choose')}` }, icon('chevron-down'));
  button.dataset['tip'] = editor.t('widget.target.choose');
  const set = (/** @type {unknown} */ value) => {
    if (box.value !== String(value ?? '')) box.value = String(value ?? '');
  };
  const open = async () => {
    if (closeList) return closeList();
    const [{ openChoices }] = await Promise.all([import('./choice-list.js'), loadStyle('choices')]);
    if (destroyed || closeList) return;
    const choose = (/** @type {string} */ next) => {
      set(next);
      host.onChange(next, true);
    };
    const onClose = () => {
      closeList = null;
    };
    const choices = [...(input.options.widgetTarget ?? []), ...targetsOf(editor, node).map(({ name }) => name)];
    const { widgets, t } = editor;
    closeList = openChoices({ anchor: element, label, choices, value: box.value, query: '', files: null, memory: 'widget-target', widgets, t, choose, onClose });
  };
  button.addEventListener('click', () => void editor.attempt(open));
  box.addEventListener('focus', () => {
    before = box.value;
  });
  box.addEventListener('input', () => host.onChange(box.value, false));
  box.addEventListener('blur', () => {
    if (box.value !== before) host.onChange(box.value, true);
  });
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' || event.key === 'Escape') box.blur();
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    void editor.attempt(open);
  });
  const element = field(host, 'target', {}, box, button);
  set(host.value);
  return {
    element,
    height: FIELD,
    grows: false,
    set,
    focus: () => box.focus(),
    destroy() {
      destroyed = true;
      closeList?.();
    },
  };
}
