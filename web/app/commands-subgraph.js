/** Commands for subgraphs. What they do is loaded when it is first wanted. */

import { isBorderId } from '../core/subgraph-border.js';
import { isGroupNode } from '../core/virtual.js';
import { leaveSubgraph } from './levels.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export function subgraphCommands(editor) {
  const { document, selection } = editor;
  const load = () => import('./subgraph-actions.js');
  const dialogs = () => import('../panels/subgraph-dialogs.js');
  const some = () => [...selection.ids.peek()].some((id) => document.nodes.has(id) && !isBorderId(id));
  const instances = () => [...selection.ids.peek()].filter((id) => document.definitions.has(document.nodes.get(id)?.type ?? ''));
  const isInside = () => document.path.length > 0;
  return [
    { id: 'edit.make-subgraph', keys: ['Mod+Shift+G'], enabled: some, run: async () => (await dialogs()).askToMake(editor) },
    {
      id: 'edit.unpack-subgraph',
      keys: ['Mod+Alt+G'],
      enabled: () => instances().length > 0,
      run: async () => (await load()).unpackSubgraphs(editor),
    },
    {
      id: 'subgraph.enter',
      keys: ['I'],
      enabled: () => instances().length === 1,
      run: () => void instances().slice(0, 1).map(editor.enterSubgraph),
    },
    { id: 'subgraph.leave', keys: ['U'], enabled: isInside, run: () => leaveSubgraph(editor) },
    { id: 'subgraph.leave-all', keys: [], enabled: isInside, run: () => editor.showLevel([]) },
    {
      id: 'subgraph.independent',
      keys: [],
      enabled: () => instances().length > 0,
      run: async () => (await load()).makeIndependent(editor),
    },
    {
      id: 'subgraph.convert-groups',
      keys: [],
      enabled: () => [...document.nodes.values()].some(isGroupNode),
      run: async () => (await load()).convertGroupNodes(editor),
    },
    ...definitionCommands(editor),
  ];
}

/** What is done to the subgraph of the selected instance, or else to the one that is shown. @param {Application} editor @returns {Command[]} */
function definitionCommands(editor) {
  const { document } = editor;
  const dialogs = () => import('../panels/subgraph-dialogs.js');
  const enabled = () => chosen(editor) !== '';
  return [
    { id: 'subgraph.rename', keys: [], enabled, run: async () => (await dialogs()).askToRename(editor, chosen(editor)) },
    {
      id: 'subgraph.ports',
      keys: [],
      enabled,
      run: async () => (await import('../panels/subgraph-ports.js')).openPorts(editor, chosen(editor)),
    },
    { id: 'subgraph.publish', keys: [], enabled, run: async () => (await dialogs()).askToPublish(editor, chosen(editor)) },
    { id: 'subgraph.export', keys: [], enabled, run: async () => (await dialogs()).exportSubgraph(editor, chosen(editor)) },
    {
      id: 'subgraph.drop-unused',
      keys: [],
      enabled: () => document.definitions.size > 0,
      run: async () => (await dialogs()).dropUnused(editor),
    },
  ];
}

/** The subgraph of the selected instance, or else the one that is shown. @param {Application} editor @returns {string} */
function chosen({ document, selection }) {
  const types = [...selection.ids.peek()].map((id) => document.nodes.get(id)?.type ?? '');
  return types.find((type) => document.definitions.has(type)) ?? document.shown ?? '';
}
