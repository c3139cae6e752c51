/** Actions that choose what is selected. */

import { nodeBox } from '../core/boxes.js';
import { linkedNodes } from '../core/rewire.js';
import { leaveSubgraph } from './levels.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */

/** @param {Application} editor @returns {Command[]} */
export function selectCommands(editor) {
  const { document, selection } = editor;
  const ids = () => [...selection.ids.peek()];
  const some = () => selection.ids.peek().size > 0;
  const link = () => document.links.get(selection.link.peek() ?? NaN);
  /** The nodes that the links lead to from what is selected. @param {'up' | 'down'} way @param {boolean} all */
  const linked = (way, all) => {
    const chosen = link();
    if (chosen) return new Set([way === 'up' ? chosen.from : chosen.to]);
    return linkedNodes(document, ids(), way, all);
  };
  const any = () => some() || link() !== undefined;
  return [
    { id: 'edit.select-all', keys: ['Mod+A'], run: () => selection.set(document.nodes.keys(), { groups: document.groups.keys() }) },
    { id: 'edit.unselect', keys: ['Escape'], run: () => unselect(editor) },
    {
      id: 'select.invert',
      keys: ['Mod+I'],
      run: () => selection.set([...document.nodes.keys()].filter((id) => !selection.ids.peek().has(id))),
    },
    { id: 'select.upstream', keys: ['['], enabled: some, run: () => selection.set([...ids(), ...linked('up', true)]) },
    { id: 'select.downstream', keys: [']'], enabled: some, run: () => selection.set([...ids(), ...linked('down', true)]) },
    {
      id: 'select.linked',
      keys: ['Shift+L'],
      enabled: some,
      run: () => selection.set(connected(editor)),
    },
    { id: 'select.same-type', keys: ['Shift+G'], enabled: some, run: () => selectSameType(editor) },
    { id: 'select.sources', keys: ['{'], enabled: any, run: () => goTo(editor, linked('up', false)) },
    { id: 'select.targets', keys: ['}'], enabled: any, run: () => goTo(editor, linked('down', false)) },
    { id: 'select.box', keys: ['B'], run: () => editor.view?.arm('box') },
    { id: 'select.lasso', keys: ['Shift+B'], run: () => editor.view?.arm('lasso') },
  ];
}

/** All that any way of links leads to from what is selected. @param {Application} editor */
function connected({ document, selection }) {
  const found = new Set(selection.ids.peek());
  const waiting = [...found];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const { from, to } of document.linksOf(id)) {
      const other = from === id ? to : from;
      if (found.has(other)) continue;
      found.add(other);
      waiting.push(other);
    }
  }
  return found;
}

/** @param {Application} editor */
function selectSameType({ document, selection }) {
  const types = new Set([...selection.ids.peek()].map((id) => document.nodes.get(id)?.type));
  selection.set([...document.nodes.values()].filter(({ type }) => types.has(type)).map(({ id }) => id));
}

/** Selects nodes and brings them into view without another zoom. @param {Application} editor @param {ReadonlySet<string>} ids */
function goTo({ document, selection, view }, ids) {
  if (ids.size === 0) return;
  selection.set(ids);
  const nodes = [...ids].flatMap((id) => document.nodes.get(id) ?? []);
  const box = view?.bounds(ids) ?? (nodes[0] && nodeBox(nodes[0]));
  const seen = view?.seen();
  if (!view || !box || !seen) return;
  const inside = box.x >= seen.x && box.y >= seen.y && box.x + box.width <= seen.x + seen.width;
  if (inside && box.y + box.height <= seen.y + seen.height) return;
  if (box.width > seen.width || box.height > seen.height) return view.fit(ids);
  const { scale } = view.camera();
  view.setCamera({ x: box.x + (box.width - seen.width) / 2, y: box.y + (box.height - seen.height) / 2, scale });
}

/** Where nothing is selected, it leads out of the subgraph. @param {Application} editor */
function unselect(editor) {
  const { ids, groups, points, link } = editor.selection;
  const some = ids.peek().size + groups.peek().size + points.peek().size > 0 || link.peek() !== null;
  if (some) editor.selection.clear();
  else leaveSubgraph(editor);
}
