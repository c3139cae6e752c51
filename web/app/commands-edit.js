/** Actions that change the document. */

import { arrange } from '../core/arrange.js';
import { copyNodes, pasteNodes } from '../core/clipboard.js';
import { moveNodes, putGroup, removeGroup, removeNodes, setCollapsed, setMode, unlink } from '../core/edits.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

const MUTED = 2;
const BYPASSED = 4;
const TITLE_HEIGHT = 36;
const GROUP_MARGIN = 24;

/** @param {Application} editor @returns {Command[]} */
export function editCommands(editor) {
  const { document, history, selection } = editor;
  const some = () => selection.ids.peek().size > 0;
  const selected = () => [...selection.ids.peek()];
  const nodes = () => selected().flatMap((id) => document.nodes.get(id) ?? []);
  return [
    { id: 'edit.undo', keys: ['Mod+Z'], enabled: () => history.undoLabel.peek() !== null, run: () => editor.undo() },
    {
      id: 'edit.redo',
      keys: ['Mod+Shift+Z', 'Mod+Y'],
      enabled: () => history.redoLabel.peek() !== null,
      run: () => editor.redo(),
    },
    {
      id: 'edit.delete',
      keys: ['Delete', 'Backspace'],
      enabled: () => some() || selection.link.peek() !== null,
      run: () => deleteSelected(editor),
    },
    { id: 'edit.duplicate', keys: ['Mod+D'], enabled: some, run: () => duplicate(editor) },
    { id: 'edit.select-all', keys: ['Mod+A'], run: () => selection.set(document.nodes.keys()) },
    { id: 'edit.unselect', keys: ['Escape'], run: () => selection.clear() },
    { id: 'edit.mute', keys: ['Mod+M'], enabled: some, run: () => toggleMode(editor, nodes(), MUTED) },
    { id: 'edit.bypass', keys: ['Mod+B'], enabled: some, run: () => toggleMode(editor, nodes(), BYPASSED) },
    {
      id: 'edit.collapse',
      keys: ['Alt+C'],
      enabled: some,
      run: () => editor.perform(setCollapsed(selected(), !nodes().every((node) => node.collapsed))),
    },
    { id: 'edit.group', keys: ['Mod+G'], enabled: some, run: () => groupNodes(editor, nodes()) },
    { id: 'edit.arrange', keys: ['L'], run: () => arrangeNodes(editor) },
  ];
}

/** @param {Application} editor */
function deleteSelected({ document, perform, selection }) {
  const link = selection.link.peek();
  const ids = [...selection.ids.peek()].filter((id) => document.nodes.has(id));
  if (link !== null) perform(unlink(link));
  else if (ids.length > 0) perform(removeNodes(ids));
}

/** @param {Application} editor */
function duplicate({ document, perform, selection, specs }) {
  const file = copyNodes(document, selection.ids.peek(), specs.peek());
  const { edit, ids } = pasteNodes(document, file, specs.peek(), { at: null, keepIncoming: true });
  perform(edit);
  selection.set(ids);
}

/** @param {Application} editor @param {readonly Readonly<GraphNode>[]} nodes @param {number} mode */
function toggleMode(editor, nodes, mode) {
  const on = !nodes.every((node) => node.mode === mode);
  editor.perform(
    setMode(
      nodes.map(({ id }) => id),
      on ? mode : 0,
    ),
  );
}

/** @param {Application} editor @param {readonly Readonly<GraphNode>[]} nodes */
function groupNodes(editor, nodes) {
  const left = Math.min(...nodes.map((node) => node.x)) - GROUP_MARGIN;
  const top = Math.min(...nodes.map((node) => node.y)) - GROUP_MARGIN - TITLE_HEIGHT * 2;
  const right = Math.max(...nodes.map((node) => node.x + node.width)) + GROUP_MARGIN;
  const bottom = Math.max(...nodes.map((node) => node.y + node.height)) + GROUP_MARGIN;
  editor.perform(
    putGroup({
      id: editor.document.freshGroupId(),
      title: editor.t('group.untitled'),
      x: left,
      y: top,
      width: right - left,
      height: bottom - top,
      color: null,
      rest: {},
    }),
  );
}

/** Arranges the selection where several nodes are selected, else everything. @param {Application} editor */
function arrangeNodes(editor) {
  const { document, selection } = editor;
  const ids = selection.ids.peek();
  const nodes = [...document.nodes.values()].filter(({ id }) => ids.size < 2 || ids.has(id));
  if (nodes.length === 0) return;
  const origin = { x: Math.min(...nodes.map(({ x }) => x)), y: Math.min(...nodes.map(({ y }) => y)) };
  editor.perform(moveNodes(arrange(nodes, [...document.links.values()], origin)));
}

/** @param {Application} editor @param {number} id */
export const deleteGroup = (editor, id) => editor.perform(removeGroup(id));
