/** Actions that change nodes and links. */

import { copyNodes, pasteNodes } from '../core/clipboard.js';
import { createNode, suggestedSize } from '../core/create.js';
import { addNodes, compose, lowerNodes, patchNode, raiseNodes, removeGroup, removeNodes } from '../core/edits.js';
import { setCollapsed, setMode, unlink } from '../core/edits.js';
import { isPinned, pinGroup, pinNodes, toggleCollapsed } from '../core/groups.js';
import { without } from '../core/json.js';
import { removePoints } from '../core/reroutes.js';
import { connectNodes, dissolveNodes, extractNodes, removeLinks } from '../core/rewire.js';
import { isAdvanced, showsAdvanced } from '../core/spec.js';
import { VIRTUAL_SPECS } from '../core/virtual.js';
import { boxOf, chosenContent, chosenNodes, hasChosen } from './chosen.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Edit, GraphNode } from '../types/document.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

const MUTED = 2;
const BYPASSED = 4;

/** @param {Application} editor @returns {Command[]} */
export const editCommands = (editor) => [...historyCommands(editor), ...nodeCommands(editor), ...wiringCommands(editor)];

/** @param {Application} editor @returns {Command[]} */
function historyCommands(editor) {
  const { history } = editor;
  return [
    { id: 'edit.undo', keys: ['Mod+Z'], enabled: () => history.undoLabel.peek() !== null, run: () => editor.undo() },
    {
      id: 'edit.redo',
      keys: ['Mod+Shift+Z', 'Mod+Y'],
      enabled: () => history.redoLabel.peek() !== null,
      run: () => editor.redo(),
    },
    {
      id: 'edit.history',
      keys: ['Mod+Alt+Z'],
      enabled: () => history.undoLabel.peek() !== null || history.redoLabel.peek() !== null,
      run: async () => (await import('../panels/undo-menu.js')).openUndoMenu(editor),
    },
  ];
}

/** @param {Application} editor @returns {Command[]} */
function nodeCommands(editor) {
  const { selection } = editor;
  const some = () => hasChosen(editor);
  const nodes = () => chosenNodes(editor).length > 0;
  const any = () => some() || selection.points.peek().size > 0 || selection.link.peek() !== null;
  return [
    { id: 'edit.delete', keys: ['Delete', 'Backspace'], enabled: any, run: () => deleteSelected(editor) },
    { id: 'edit.duplicate', keys: ['Mod+D'], enabled: some, run: () => duplicate(editor) },
    { id: 'edit.rename', keys: ['F2'], enabled: some, run: () => rename(editor) },
    { id: 'edit.mute', keys: ['Mod+M'], enabled: some, run: () => toggleMode(editor, MUTED) },
    { id: 'edit.bypass', keys: ['Mod+B'], enabled: some, run: () => toggleMode(editor, BYPASSED) },
    { id: 'edit.collapse', keys: ['Alt+C'], enabled: some, run: () => collapse(editor) },
    { id: 'edit.advanced', keys: [], enabled: () => withAdvanced(editor).length > 0, run: () => showAdvanced(editor) },
    { id: 'edit.pin', keys: ['Shift+P'], enabled: some, run: () => pin(editor) },
    { id: 'edit.fit-size', keys: ['Shift+F'], enabled: nodes, run: () => fitSize(editor) },
    { id: 'edit.raise', keys: [], enabled: nodes, run: () => editor.perform(raiseNodes(chosenNodes(editor))) },
    { id: 'edit.lower', keys: [], enabled: nodes, run: () => editor.perform(lowerNodes(chosenNodes(editor))) },
    { id: 'edit.note', keys: ['Shift+N'], run: () => addNote(editor) },
  ];
}

/** @param {Application} editor @returns {Command[]} */
function wiringCommands(editor) {
  const { document, selection } = editor;
  const nodes = () => chosenNodes(editor).length > 0;
  const linked = () => chosenNodes(editor).some((id) => document.linksOf(id).length > 0);
  return [
    { id: 'edit.connect', keys: ['F'], enabled: () => chosenNodes(editor).length > 1, run: () => connect(editor) },
    { id: 'edit.disconnect', keys: ['Shift+X'], enabled: linked, run: () => disconnect(editor) },
    { id: 'edit.extract', keys: ['Alt+X'], enabled: linked, run: () => extract(editor) },
    {
      id: 'edit.dissolve',
      keys: ['Mod+Delete', 'Mod+Backspace'],
      enabled: nodes,
      run: () => editor.perform(dissolveNodes(document, editor.spec, new Set(chosenNodes(editor)))),
    },
    { id: 'edit.cut-links', keys: ['Y'], enabled: () => document.links.size > 0, run: () => editor.view?.arm('cut') },
    {
      id: 'edit.straighten',
      keys: [],
      enabled: () => selection.points.peek().size > 0,
      run: () => editor.perform(removePoints(selection.points.peek())),
    },
  ];
}

/** @param {Application} editor */
function deleteSelected(editor) {
  const { document, selection } = editor;
  const link = selection.link.peek();
  if (link !== null && document.links.has(link)) return editor.perform(unlink(link));
  const nodes = chosenNodes(editor);
  const groups = [...selection.groups.peek()].filter((id) => document.groups.has(id));
  const points = selection.points.peek();
  /** @type {Edit[]} */
  const edits = groups.map((id) => removeGroup(id));
  if (points.size > 0) edits.push(removePoints(points));
  if (nodes.length > 0) edits.push(removeNodes(nodes));
  const [only] = edits;
  if (only) editor.perform(edits.length === 1 ? only : compose(nodes.length > 0 ? 'edit.remove' : only.label, edits));
}

/** @param {Application} editor */
function duplicate(editor) {
  const { document, selection } = editor;
  const specs = editor.specs.peek();
  const { nodes, groups } = chosenContent(editor);
  const file = copyNodes(document, nodes, specs, groups);
  const { edit, ...copies } = pasteNodes(document, file, specs, { at: null, keepIncoming: true });
  editor.perform(compose('edit.duplicate', [edit]));
  selection.set(copies.ids, { groups: copies.groups });
}

/** @param {Application} editor */
async function rename(editor) {
  const [id] = chosenNodes(editor).reverse();
  const [group] = editor.selection.groups.peek();
  const thing = id !== undefined ? { node: id } : group !== undefined ? { group } : null;
  if (!thing || !editor.view || editor.view.rename(thing)) return;
  await (await import('../panels/rename.js')).askTitle(editor, thing);
}

/** @param {Application} editor @param {number} mode */
function toggleMode(editor, mode) {
  const nodes = [...chosenContent(editor).nodes].flatMap((id) => editor.document.nodes.get(id) ?? []);
  if (nodes.length === 0) return;
  const on = !nodes.every((node) => node.mode === mode);
  const ids = nodes.map(({ id }) => id);
  editor.perform(setMode(ids, on ? mode : 0));
}

/** @param {Application} editor */
function collapse(editor) {
  const { document, selection } = editor;
  const groups = [...selection.groups.peek()].flatMap((id) => toggleCollapsed(document, id, boxOf(editor)) ?? []);
  const [first] = groups;
  if (first) {
    editor.perform(groups.length === 1 ? first : compose(first.label, groups));
    return selection.set([], { groups: selection.groups.peek() });
  }
  const ids = chosenNodes(editor);
  const all = ids.every((id) => document.nodes.get(id)?.collapsed);
  editor.perform(setCollapsed(ids, !all));
}

/** The chosen nodes that have options which few need. @param {Application} editor */
export const withAdvanced = (editor) =>
  chosenNodes(editor).flatMap((id) => {
    const node = editor.document.nodes.get(id);
    return node && !editor.spec(node)?.subgraph && editor.inputs(node).some(isAdvanced) ? [node] : [];
  });

/** @param {Application} editor */
function showAdvanced(editor) {
  const nodes = withAdvanced(editor);
  const shown = !nodes.every(showsAdvanced);
  const edits = nodes.map(({ id, rest }) => {
    const others = without(rest, ['showAdvanced']);
    return patchNode(id, { rest: shown ? { ...others, showAdvanced: true } : others }, 'edit.advanced');
  });
  editor.perform(compose('edit.advanced', edits));
}

/** @param {Application} editor */
function pin(editor) {
  const { document, selection } = editor;
  const nodes = chosenNodes(editor);
  const groups = [...selection.groups.peek()].flatMap((id) => document.groups.get(id) ?? []);
  const things = [...nodes.flatMap((id) => document.nodes.get(id) ?? []), ...groups];
  const pinned = !things.every(isPinned);
  editor.perform(
    compose('edit.pin', [pinNodes(document, nodes, pinned), ...groups.map((group) => pinGroup(group, pinned))]),
  );
}

/** @param {Application} editor */
function fitSize(editor) {
  const edits = chosenNodes(editor).flatMap((id) => {
    const node = editor.document.nodes.get(id);
    const spec = node && editor.spec(node);
    return node && spec && !isPinned(node) ? [patchNode(id, suggestedSize(spec), 'edit.fit-size')] : [];
  });
  if (edits.length > 0) editor.perform(compose('edit.fit-size', edits));
}

/** @param {Application} editor */
function addNote(editor) {
  const spec = VIRTUAL_SPECS.get('Note');
  if (!spec) return;
  const node = createNode(spec, editor.document.freshNodeId(), editor.view?.pointer() ?? { x: 0, y: 0 });
  editor.perform(addNodes([node]));
  editor.selection.set([node.id]);
}

/** @param {Application} editor */
function connect(editor) {
  const { document, notify, t } = editor;
  const byPlace = (/** @type {Readonly<GraphNode>} */ a, /** @type {Readonly<GraphNode>} */ b) => a.x - b.x || a.y - b.y;
  const nodes = [...editor.selection.ids.peek()].flatMap((id) => document.nodes.get(id) ?? []).sort(byPlace);
  const edit = connectNodes(
    document,
    editor.spec,
    nodes.map(({ id }) => id),
  );
  if (edit) editor.perform(edit);
  else notify('info', t('edit.nothing-to-connect'));
}

/** @param {Application} editor */
function disconnect(editor) {
  const links = new Set(chosenNodes(editor).flatMap((id) => editor.document.linksOf(id).map((link) => link.id)));
  editor.perform(removeLinks(links, 'edit.disconnect'));
}

/** @param {Application} editor */
function extract(editor) {
  const edit = extractNodes(editor.document, editor.spec, new Set(chosenNodes(editor)));
  if (edit) editor.perform(edit);
}
