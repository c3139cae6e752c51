/** What to do when a stored workflow was changed by another window or program since it was opened here. */

import { fileOf } from '../app/stored-workflows.js';
import { openDialog } from '../ui/dialog.js';
import { h } from '../ui/dom.js';
import { compareWithPresent } from './comparison.js';

/** @import { Application } from '../types/app.d.ts' */

/** @param {Application} editor */
export function askConflict(editor) {
  const { t, files } = editor;
  const name = editor.name.peek();
  const choose = (/** @type {() => void | Promise<void>} */ action) => () => {
    dialog.close();
    void editor.attempt(action);
  };
  const button = (
    /** @type {string} */ kind,
    /** @type {string} */ label,
    /** @type {() => void | Promise<void>} */ action,
  ) => h('button', { class: `button ${kind}`, type: 'button', onclick: choose(action) }, label);
  const dialog = openDialog({
    title: t('conflict.title'),
    closeLabel: t('ui.close'),
    body: h('p', { class: 'dialog-text' }, t('conflict.text', { name })),
    buttons: [
      button('', t('conflict.compare'), () => showStored(editor, name)),
      button('', t('command.file.save-as'), () => editor.askName()),
      button('danger', t('conflict.overwrite'), async () => void (await files.saveAs(name, true))),
    ],
  });
}

/** @param {Application} editor @param {string} name */
async function showStored(editor, name) {
  const { content } = await editor.userFiles.read(fileOf(name));
  const contents = editor.files.readContents(content);
  compareWithPresent(editor, { title: editor.t('difference.stored', { name }), contents });
}
