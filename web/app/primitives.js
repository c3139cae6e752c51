/** A node that holds the value of one widget, so that several nodes can share it. */

import { freePlace, nodeBox, TITLE } from '../core/boxes.js';
import { createNode } from '../core/create.js';
import { addNodes } from '../core/edits.js';
import { PRIMITIVE } from '../core/virtual.js';
import { boxOf } from './chosen.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { NodeId } from '../types/document.d.ts' */

const GAP = 60;

/**
 * Take the value of a widget into a primitive node that feeds it.
 * @param {Application} editor
 * @param {NodeId} id
 * @param {string} input
 * @param {{ x: number, y: number }} [place] of its top right corner; else beside the node
 */
export function makePrimitive(editor, id, input, place) {
  const { document } = editor;
  const target = document.nodes.get(id);
  const wanted = target && editor.inputs(target).find(({ name }) => name === input);
  if (!target || !wanted) return;
  const made = createNode(PRIMITIVE, document.freshNodeId(), { x: 0, y: 0 });
  const { x, y } = place ?? { x: target.x - GAP, y: target.y };
  const control = target.values[`${input}/control`];
  const placed = { ...made, x: Math.round(x - made.width), y: Math.round(y) };
  const others = [...document.nodes.values()].map(boxOf(editor));
  const node = {
    ...placed,
    ...(place ? {} : { y: freePlace(nodeBox(placed), others).y + TITLE }),
    values: { value: target.values[input] ?? null, ...(control === undefined ? {} : { 'value/control': control }) },
    savedOutputs: [{ name: wanted.type, type: wanted.type, rest: { widget: { name: input } } }],
  };
  const link = { id: document.freshLinkId(), from: node.id, output: 0, to: id, input, type: wanted.type };
  editor.perform(addNodes([node], [link], 'edit.primitive'));
  editor.selection.set([node.id]);
}
