/** Text: a line, or an area; prompts are areas with colours. */

import { h } from '../ui/dom.js';
import { icon } from '../ui/icons.js';
import { loadStyle } from '../ui/stylesheet.js';
import { explanationOf, field, labelOf } from './field.js';
import { FIELD, HEIGHTS } from './kinds.js';
import { mountPromptArea } from './prompt-area.js';

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
  const set = (/** @type {unknown} */ value) => {
    // Writing the same text would move the caret.
    if (box.value !== textOf(value)) box.value = textOf(value);
  };
  followText(host, box);
  set(host.value);
  const element = field(host, 'text', { onclick: () => box.focus() }, box);
  return { element, height: FIELD, grows: false, set, focus: () => box.focus(), destroy() {} };
}

/**
 * @param {WidgetHost} host
 * @returns {Widget}
 */
export function promptWidget(host) {
  const { editor, input } = host;
  const label = labelOf(host);
  const placeholder = input.options.placeholder ?? label;
  const readsTags = input.options.promptDialect === 'webui';
  const isPrompt = input.options.dynamicPrompts === true || readsTags;
  const area = isPrompt ? mountPromptArea(editor, { label, placeholder, alternatives: true, readsTags }) : plainArea(label, placeholder);
  const { box } = area;
  box.addEventListener('keydown', (event) => {
    if (!event.isComposing && !event.defaultPrevented && event.key === 'Escape') box.blur();
  });
  const endHelp = input.options.widgetValues === undefined ? () => {} : offerValues(host, box);
  const enlarge = () => {
    void import('./text-editor.js').then(({ openTextEditor }) => openTextEditor(host, box.value, isPrompt));
  };
  const name = editor.t('widget.text.enlarge');
  const button = h('button', { class: 'widget-button text-enlarge', type: 'button', 'aria-label': `${label}: ${name}`, onclick: enlarge }, icon('enlarge'));
  button.dataset['tip'] = `${name}\n${explanationOf(host)}`;
  const element = h('div', { class: 'widget widget-prompt' }, area.element, button);
  const set = (/** @type {unknown} */ value) => area.set(textOf(value));
  followText(host, box);
  set(host.value);
  return {
    element,
    height: HEIGHTS.prompt,
    grows: true,
    set,
    focus: () => box.focus(),
    destroy() {
      endHelp();
      area.destroy();
    },
    menu: () => [{ label: name, icon: 'enlarge', run: enlarge }],
  };
}

/**
 * Complete values; what that needs is loaded when the field is used for the first time.
 *
 * @param {WidgetHost} host
 * @param {HTMLTextAreaElement} box
 * @returns {() => void} ends it
 */
function offerValues(host, box) {
  let ended = false;
  let end = () => {};
  const begin = async () => {
    const [{ followTyping }, { valueWords }] = await Promise.all([import('./completion.js'), import('./targets.js'), loadStyle('completion')]);
    if (!ended) end = followTyping(host.editor, box, () => box.getBoundingClientRect(), valueWords(host));
  };
  box.addEventListener('focus', () => void host.editor.attempt(begin), { once: true });
  return () => {
    ended = true;
    end();
  };
}

/** @param {string} label @param {string} placeholder */
function plainArea(label, placeholder) {
  const box = h('textarea', { class: 'prompt-box', 'aria-label': label, placeholder, spellcheck: 'false' });
  const set = (/** @type {string} */ text) => {
    if (box.value !== text) box.value = text;
  };
  return { element: h('div', { class: 'prompt-area plain' }, h('div', { class: 'prompt-layers' }, box)), box, set, destroy() {} };
}

/** @param {unknown} value */
const textOf = (value) => (value === null || value === undefined ? '' : String(value));

/**
 * Each keystroke is a change, leaving the field ends the undo step.
 *
 * @param {WidgetHost} host
 * @param {HTMLInputElement | HTMLTextAreaElement} box
 */
function followText(host, box) {
  let before = '';
  box.addEventListener('focus', () => {
    before = box.value;
  });
  box.addEventListener('input', () => host.onChange(box.value, false));
  box.addEventListener('blur', () => {
    if (box.value !== before) host.onChange(box.value, true);
  });
}
