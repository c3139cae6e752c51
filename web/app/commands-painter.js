/** Painting on the picture of the selected node. The painter itself is loaded when it is wanted. */

import { nodePicture } from '../core/node-picture.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */
/** @import { Command } from '../types/editor.d.ts' */
/** @import { LayerName, PaintRequest } from '../types/painter.d.ts' */

/**
 * The picture that a node loads, or else the first that it shows: that becomes the picture of a new node.
 *
 * @param {Application} editor
 * @param {NodeId} id
 * @param {LayerName} layer
 * @returns {PaintRequest | null} null when the node has no picture
 */
export function paintRequest(editor, id, layer) {
  const node = editor.document.nodes.get(id);
  if (!node) return null;
  const own = nodePicture(node, editor.inputs(node));
  if (own) return { ...own, node: id, layer };
  const [picture] = editor.run.node(id).peek().pictures;
  return picture ? { picture, node: id, input: null, layer } : null;
}

/** @param {Application} editor @returns {Command[]} */
export function paintCommands(editor) {
  const request = (/** @type {LayerName} */ layer) => {
    const [id, ...others] = editor.selection.ids.peek();
    return id === undefined || others.length > 0 ? null : paintRequest(editor, id, layer);
  };
  const open = (/** @type {LayerName} */ layer) => () => {
    const found = request(layer);
    if (found) editor.openPainter(found);
  };
  return [
    { id: 'picture.paint-mask', keys: ['Alt+M'], enabled: () => request('mask') !== null, run: open('mask') },
    { id: 'picture.sketch', keys: ['Alt+P'], enabled: () => request('paint') !== null, run: open('paint') },
  ];
}
