/** A dialog that asks for one line of text. */

import { confirm, openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';

/** @import { Application } from '../types/app.d.ts' */

/**
 * @param {Application} editor
 * @param {{ title: string, label: string, value: string, action: string }} question
 * @returns {Promise<string | null>} null when it was closed
 */
export function askText(editor, { title, label, value, action }) {
  return new Promise((resolve) => {
    /** @type {string | null} */
    let answer = null;
    const input = h('input', { class: 'field', type: 'text', value, 'aria-label': label, autocomplete: 'off' });
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (input.value.trim() === '') return;
      answer = input.value.trim();
      dialog.close();
    };
    const form = h('form', { class: 'ask', id: 'ask', onsubmit: submit }, h('label', null, label, input));
    const dialog = openDialog(
      {
        title,
        closeLabel: editor.t('ui.close'),
        body: form,
        buttons: [
          h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, editor.t('ui.cancel')),
          h('button', { class: 'button primary', type: 'button', onclick: submit }, action),
        ],
      },
      () => resolve(answer),
    );
    input.select();
    input.focus();
  });
}

/**
 * Ask for the name to save the document under, and save it.
 * @param {Application} editor
 */
export async function askName(editor) {
  const { t } = editor;
  const name = await askText(editor, {
    title: t('command.file.save-as'),
    label: t('files.name'),
    value: editor.name.peek() || t('files.untitled'),
    action: t('ui.save'),
  });
  if (name === null || (await editor.files.saveAs(name, name === editor.storedAs.peek()))) return;
  const replace = await confirm({
    title: t('files.replace'),
    text: t('files.name-taken', { name }),
    yes: t('files.replace'),
    no: t('ui.cancel'),
    danger: true,
  });
  if (replace) await editor.files.saveAs(name, true);
}
