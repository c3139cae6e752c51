/** What is asked and told about subgraphs. */

import { blueprintFile, blueprintPath, blueprints, changeSubgraphs, freshName, makeSubgraph, subgraphName } from '../app/subgraph-actions.js';
import { plainName } from '../app/stored-workflows.js';
import { countUses, dropSubgraph, dropUnused as withoutUnused, renameSubgraph } from '../core/subgraphs.js';
import { confirm } from '../ui/dialog.js';
import { askText } from './ask-text.js';

/** @import { Application } from '../types/app.d.ts' */

/** @param {Application} editor */
export async function askToMake(editor) {
  const { t } = editor;
  const chosen = editor.selection.ids.peek();
  const name = await askText(editor, {
    title: t('command.edit.make-subgraph'),
    label: t('subgraph.name'),
    value: freshName(editor),
    action: t('subgraph.make'),
  });
  // The dialog has taken the focus, which must not have taken the selection with it.
  editor.selection.set(chosen);
  if (name !== null) await makeSubgraph(editor, name);
}

/** @param {Application} editor @param {string} id */
export async function askToRename(editor, id) {
  const { t } = editor;
  const value = subgraphName(editor, id);
  const name = await askText(editor, { title: t('command.subgraph.rename'), label: t('subgraph.name'), value, action: t('menu.rename') });
  if (name === null || name === value) return;
  changeSubgraphs(editor, 'edit.rename-subgraph', (contents) => renameSubgraph(contents, id, name));
}

/**
 * Keep a subgraph on the server, for all workflows.
 * @param {Application} editor
 * @param {string} id
 */
export async function askToPublish(editor, id) {
  const { notify, published, t, userFiles } = editor;
  const asked = await askText(editor, {
    title: t('command.subgraph.publish'),
    label: t('subgraph.name'),
    value: subgraphName(editor, id),
    action: t('ui.save'),
  });
  const name = plainName(asked ?? '');
  if (name === '') return;
  const taken = (await blueprints(editor)).includes(name);
  const question = { title: t('files.replace'), text: t('files.name-taken', { name }), yes: t('files.replace'), no: t('ui.cancel') };
  if (taken && !(await confirm({ ...question, danger: true }))) return;
  await userFiles.write(blueprintPath(name), blueprintFile(editor, id));
  published.set(published.peek() + 1);
  notify('info', t('subgraph.published', { name }));
}

/** @param {Application} editor @param {string} id */
export function exportSubgraph(editor, id) {
  const text = JSON.stringify(blueprintFile(editor, id), null, 2);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = `${subgraphName(editor, id)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {Application} editor */
export function dropUnused(editor) {
  const { notify, t } = editor;
  const contents = editor.document.contents();
  const changed = withoutUnused(contents);
  const count = (contents.definitions?.size ?? 0) - (changed.definitions?.size ?? 0);
  if (count > 0) changeSubgraphs(editor, 'edit.drop-subgraphs', withoutUnused);
  notify('info', count === 0 ? t('subgraph.none-unused') : t('subgraph.dropped', { count }));
}

/**
 * Delete a subgraph with its instances.
 * @param {Application} editor
 * @param {string} id
 */
export async function askToDelete(editor, id) {
  const { t } = editor;
  const name = subgraphName(editor, id);
  const count = countUses(editor.document.contents()).get(id) ?? 0;
  const sure =
    count === 0 ||
    (await confirm({
      title: t('subgraph.delete'),
      text: t(count === 1 ? 'subgraph.delete.one' : 'subgraph.delete.some', { name, count }),
      yes: t('subgraph.delete'),
      no: t('ui.cancel'),
      danger: true,
    }));
  if (sure) changeSubgraphs(editor, 'edit.delete-subgraph', (contents) => dropSubgraph(contents, id));
}
