/** Deleting a stored workflow, with a way back. */

import { deleteWorkflow } from '../app/stored-workflows.js';

/** @import { Application } from '../types/app.d.ts' */

/**
 * What is open of it stays open, as something that is in no file.
 * @param {Application} editor
 * @param {string} name
 * @param {() => void} [after] the list of workflows is another one now
 */
export async function deleteStored(editor, name, after = () => {}) {
  const { t } = editor;
  const restore = await deleteWorkflow(editor, name);
  editor.tabs.unstored(name);
  after();
  const bringBack = async () => {
    await restore();
    after();
  };
  editor.notify('info', t('files.deleted', { name }), {
    label: t('ui.undo'),
    run: () => void editor.attempt(bringBack),
  });
}
