/** A text in a large window: what is typed there is in the graph at once. */

import { setValue } from '../core/edits.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { loadStyle } from '../ui/stylesheet.js';
import { labelOf } from './field.js';
import { mountPromptArea } from './prompt-area.js';

/** @import {WidgetHost} from '../types/editor.d.ts' */

/**
 * @param {WidgetHost} host
 * @param {string} text
 * @param {boolean} isPrompt
 */
export async function openTextEditor(host, text, isPrompt) {
  const { editor, input, node } = host;
  const { t } = editor;
  const label = labelOf(host);
  await loadStyle('text-editor');
  const area = mountPromptArea(editor, { label, placeholder: input.options.placeholder ?? '', alternatives: isPrompt, readsTags: input.options.promptDialect === 'webui' });
  const count = h('span', { class: 'text-count' });
  const title = editor.document.nodes.get(node);
  const show = () => {
    count.textContent = t('widget.text.count', { letters: [...area.box.value].length, words: wordsIn(area.box.value) });
  };
  // The whole visit is one step of undo in the graph; within it the field has its own.
  const key = `text ${node} ${input.name} ${performance.now()}`;
  area.box.addEventListener('input', () => {
    editor.perform(setValue(node, input.name, area.box.value, key));
    show();
  });
  area.box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    dialog.close();
  });
  const done = h('button', { class: 'button primary', type: 'button', onclick: () => dialog.close() }, t('widget.text.done'));
  const dialog = openDialog(
    {
      title: title ? `${editor.nodeTitle(title)}: ${label}` : label,
      closeLabel: t('widget.text.done'),
      body: h('div', { class: isPrompt ? 'text-editor' : 'text-editor no-prompt' }, area.element),
      buttons: [count, done],
      wide: true,
    },
    () => area.destroy(),
  );
  area.set(text);
  show();
  area.box.focus();
  area.box.setSelectionRange(text.length, text.length);
}

/** Chinese and Japanese have no spaces: each of their letters counts. @param {string} text */
const wordsIn = (text) => (text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}'’_-]+/gu) ?? []).length;
