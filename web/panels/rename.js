/** A dialog for the title of a node or group, where there is no room to type it in its place. */

import { putGroup, setTitle } from '../core/edits.js';
import { askText } from './ask-text.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */

/**
 * @param {Application} editor
 * @param {{ node: NodeId } | { group: number }} thing
 */
export async function askTitle(editor, thing) {
  const { document, t } = editor;
  const node = 'node' in thing ? document.nodes.get(thing.node) : null;
  const group = 'group' in thing ? document.groups.get(thing.group) : null;
  const value = node ? editor.nodeTitle(node) : (group?.title ?? '');
  const title = await askText(editor, { title: t('command.edit.rename'), label: t('menu.title'), value, action: t('command.edit.rename') });
  if (title === null || title === value) return;
  if (node && document.nodes.has(node.id)) editor.perform(setTitle(node.id, title));
  const now = group && document.groups.get(group.id);
  if (now) editor.perform(putGroup({ ...now, title }, undefined, 'edit.title'));
}
