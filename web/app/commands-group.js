/** Actions on groups. */

import { compose, putGroup, removeGroup } from '../core/edits.js';
import { deleteGroups, fitGroup, frameAround, groupBox, isCollapsed } from '../core/groups.js';
import { boxOf, chosenContent, chosenNodes, hasChosen } from './chosen.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Edit } from '../types/document.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export function groupCommands(editor) {
  const { document, selection } = editor;
  const groups = () => [...selection.groups.peek()].filter((id) => document.groups.has(id));
  const some = () => groups().length > 0;
  const open = () => groups().flatMap((id) => document.groups.get(id) ?? []).filter((group) => !isCollapsed(group));
  /** @param {string} label @param {(id: number) => Edit | null} make */
  const each = (label, make) => {
    const edits = groups().flatMap((id) => make(id) ?? []);
    if (edits.length > 0) editor.perform(compose(label, edits));
  };
  return [
    { id: 'edit.group', keys: ['Mod+G'], enabled: () => hasChosen(editor), run: () => groupSelected(editor) },
    { id: 'edit.ungroup', keys: ['Alt+G'], enabled: some, run: () => each('edit.ungroup', (id) => removeGroup(id)) },
    {
      id: 'group.fit',
      keys: [],
      enabled: () => open().length > 0,
      run: () => each('edit.fit-group', (id) => fitGroup(document, id, boxOf(editor))),
    },
    {
      id: 'group.select-content',
      keys: [],
      enabled: () => open().length > 0,
      run: () => selectContent(editor),
    },
    {
      id: 'group.delete-content',
      keys: [],
      enabled: some,
      run: () => editor.perform(deleteGroups(document, groups(), boxOf(editor))),
    },
  ];
}

/** @param {Application} editor */
function groupSelected(editor) {
  const { document, selection, t } = editor;
  const box = boxOf(editor);
  const nodes = chosenNodes(editor).flatMap((id) => document.nodes.get(id) ?? []);
  const inner = [...selection.groups.peek()].flatMap((id) => document.groups.get(id) ?? []);
  const frame = frameAround([...nodes.map(box), ...inner.map(groupBox)]);
  if (!frame) return;
  const id = document.freshGroupId();
  editor.perform(putGroup({ id, title: t('group.untitled'), ...frame, color: null, rest: {} }));
  selection.set([], { groups: [id] });
  editor.view?.rename({ group: id });
}

/** @param {Application} editor */
function selectContent(editor) {
  const { selection } = editor;
  const own = selection.groups.peek();
  const { nodes, groups, points } = chosenContent(editor);
  selection.set(nodes, { groups: [...groups].filter((id) => !own.has(id)), points });
}
