/** What a linked widget shows in place of its own value: the value that comes in where it is known, else its node. */

/** @import {NodeId, ReadonlyDocument} from '../types/document.d.ts' */
/** @import {Editor} from '../types/editor.d.ts' */

const REROUTE = 'Reroute';
const PRIMITIVE = 'PrimitiveNode';
const LONGEST = 200;
/** A change of more nodes is no typing: they are all shown anew. */
const MOST_CHANGED = 50;

/**
 * @param {Editor} editor
 * @param {NodeId} node
 * @param {string} input
 * @returns {string | null} null where no link comes in
 */
export function incomingText(editor, node, input) {
  const { document } = editor;
  let link = document.linkInto(node, input);
  if (!link) return null;
  const passed = new Set();
  for (let source = document.nodes.get(link.from); source?.type === REROUTE && !passed.has(source.id); ) {
    passed.add(source.id);
    const before = document.linkInto(source.id, '');
    if (!before) break;
    link = before;
    source = document.nodes.get(link.from);
  }
  const source = document.nodes.get(link.from);
  if (!source) return '';
  if (source.type === PRIMITIVE) return String(source.values['value'] ?? '').slice(0, LONGEST);
  const outputs = editor.outputs(source);
  const name = outputs.length > 1 ? ` · ${editor.outputLabel(source, link.output, outputs[link.output]?.name ?? '')}` : '';
  return `← ${editor.nodeTitle(source)}${name}`;
}

/**
 * Changed nodes with those whose widgets show something of them.
 *
 * @param {ReadonlyDocument} document
 * @param {ReadonlySet<NodeId>} changed
 * @returns {ReadonlySet<NodeId>}
 */
export function withFed(document, changed) {
  if (changed.size > MOST_CHANGED) return changed;
  const all = new Set(changed);
  const pending = [...changed];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (!document.nodes.has(id)) continue;
    for (const { from, to } of document.linksOf(id)) {
      if (from !== id || all.has(to)) continue;
      all.add(to);
      if (document.nodes.get(to)?.type === REROUTE) pending.push(to);
    }
  }
  return all;
}
