/** Giving a workflow another name: the one that is open, and its file. */

import { fileOf, plainName, renameWorkflow } from '../app/stored-workflows.js';
import { askText } from './ask-text.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Tab } from '../types/files.d.ts' */

/** @param {Application} editor @param {Tab} tab */
export async function renameTab(editor, tab) {
  const storedAs = tab.storedAs.peek();
  if (storedAs !== null) return renameStored(editor, storedAs);
  const name = await askName(editor, tab.name.peek());
  if (name === null) return;
  editor.tabs.show(tab.id);
  editor.name.set(name);
}

/** @param {Application} editor @param {string} name */
export async function renameStored(editor, name) {
  const wanted = await askName(editor, name);
  if (wanted === null || wanted === name) return;
  if (await renameWorkflow(editor, name, wanted)) editor.notify('info', editor.t('files.renamed', { name: wanted }));
  else editor.notify('error', editor.t('files.taken', { name: fileOf(wanted) }));
}

/** @param {Application} editor @param {string} before @returns {Promise<string | null>} */
async function askName(editor, before) {
  const { t } = editor;
  const answer = await askText(editor, {
    title: t('files.rename'),
    label: t('files.name'),
    value: before || t('files.untitled'),
    action: t('files.rename'),
  });
  const name = answer === null ? '' : plainName(answer);
  return name === '' ? null : name;
}
