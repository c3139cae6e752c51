/** What of the document commands act on: what is selected, groups with their content. */

import { nodeBox } from '../core/boxes.js';
import { isPinned, wholeGroups } from '../core/groups.js';
import { isBorderId } from '../core/subgraph-border.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { Content } from '../core/groups.js' */
/** @import { Box } from '../core/boxes.js' */

/** @param {Application} editor */
export const boxOf =
  ({ view }) =>
  (/** @type {Readonly<GraphNode>} */ node) =>
    view?.bounds([node.id]) ?? nodeBox(node);

/**
 * The selected nodes, but for the borders of a subgraph.
 * @param {Application} editor
 * @returns {NodeId[]} from back to front
 */
export function chosenNodes({ document, selection }) {
  const ids = selection.ids.peek();
  return document.order.filter((id) => ids.has(id) && !isBorderId(id));
}

/**
 * What is selected, with the content of selected groups.
 * @param {Application} editor
 * @returns {Content}
 */
export function chosenContent(editor) {
  const { document, selection } = editor;
  const content = wholeGroups(document, selection.groups.peek(), boxOf(editor));
  for (const id of chosenNodes(editor)) content.nodes.add(id);
  for (const id of selection.points.peek()) content.points.add(id);
  const nodes = document.order.filter((id) => content.nodes.has(id) && !isBorderId(id));
  return { ...content, nodes: new Set(nodes) };
}

/** Whether nodes or groups are selected. @param {Application} editor */
export const hasChosen = (editor) => chosenNodes(editor).length > 0 || editor.selection.groups.peek().size > 0;

/**
 * The boxes of the selected nodes that may be moved.
 * @param {Application} editor
 * @returns {Map<NodeId, Box>}
 */
export function looseBoxes(editor) {
  const box = boxOf(editor);
  const nodes = [...editor.selection.ids.peek()].flatMap((id) => editor.document.nodes.get(id) ?? []);
  return new Map(nodes.filter((node) => !isPinned(node)).map((node) => [node.id, box(node)]));
}
