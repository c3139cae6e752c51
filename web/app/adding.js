/** Adding a node that was searched for: where it was wanted, linked as it was wanted. */

import { createNode } from '../core/create.js';
import { addNodes, compose, link } from '../core/edits.js';
import { inputType, insertNode } from '../core/rewire.js';
import { firstInput, firstOutput } from '../core/search.js';
import { isBorderId } from '../core/subgraph-border.js';
import { PRIMITIVE } from '../core/virtual.js';
import { makePrimitive } from './primitives.js';
import { addSaved, instanceOf } from './subgraph-types.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { GraphNode, Link } from '../types/document.d.ts' */
/** @import { Point, SearchFrom } from '../types/editor.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { LinkType } from '../core/search.js' */

/**
 * The types that a new node shall take and give.
 * @param {Application} editor
 * @param {SearchFrom | null} from
 * @returns {LinkType | null}
 */
export function linkType(editor, from) {
  if (!from) return null;
  const { document, spec } = editor;
  if ('link' in from) {
    const into = document.links.get(from.link);
    if (!into) return null;
    return { output: editor.outputType(into.from, into.output), input: inputType(document, spec, into.to, into.input) };
  }
  if ('output' in from) return { output: editor.outputType(from.node, from.output) };
  return { input: inputType(document, spec, from.node, from.input) };
}

/**
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {Point} point in the document; the link was dropped here
 * @param {SearchFrom | null} from
 */
export function addFound(editor, spec, point, from) {
  if (spec === PRIMITIVE && from && 'input' in from) return makePrimitive(editor, from.node, from.input, point);
  if (addSaved(editor, spec, point)) return;
  const node = placed(editor, spec, point, from);
  if (from && 'link' in from) return addIntoLink(editor, node, from.link, point);
  const wires = from ? wiresTo(editor, node, spec, from) : [];
  editor.perform(compose('edit.add', [addNodes([node]), ...wires.map((wire) => link(wire))]));
  editor.selection.set([node.id]);
}

/**
 * @param {Application} editor
 * @param {GraphNode} node
 * @param {number} into
 * @param {Point} point
 */
function addIntoLink(editor, node, into, point) {
  const stretch = editor.view?.stretchAt(into, point) ?? 0;
  editor.perform({
    label: 'edit.insert',
    apply(document) {
      const added = addNodes([node]).apply(document);
      const put = insertNode(document, editor.spec, node.id, into, stretch)?.apply(document);
      return compose('edit.insert', put ? [put, added] : [added]);
    },
  });
  editor.selection.set([node.id]);
}

/**
 * The new node where the link was dropped: its near side at the pointer.
 * @param {Application} editor
 * @param {NodeSpec} spec
 * @param {Point} point
 * @param {SearchFrom | null} from
 */
function placed(editor, spec, point, from) {
  const id = editor.document.freshNodeId();
  const node = instanceOf(editor, spec, id, point) ?? createNode(spec, id, point);
  const left = !from || 'link' in from ? Math.round(node.width / 2) : 'input' in from ? node.width : 0;
  return { ...node, x: node.x - left };
}

/**
 * @param {Application} editor
 * @param {GraphNode} node
 * @param {NodeSpec} spec
 * @param {Exclude<SearchFrom, { link: number }>} from
 * @returns {Link[]}
 */
function wiresTo(editor, node, spec, from) {
  const { document } = editor;
  if ('output' in from) {
    const type = editor.outputType(from.node, from.output);
    const input = firstInput(spec, type);
    if (!input) return [];
    // A new input of a subgraph has the type of what it is linked to.
    const kind = type === '*' && isBorderId(from.node) ? input.type : type;
    return [{ id: document.freshLinkId(), from: from.node, output: from.output, to: node.id, input: input.name, type: kind }];
  }
  return [from, ...('also' in from ? from.also : [])].flatMap(({ node: to, input }) => {
    const output = firstOutput(spec, inputType(document, editor.spec, to, input));
    const type = spec.outputs[output]?.type;
    return type === undefined ? [] : [{ id: document.freshLinkId(), from: node.id, output, to, input, type }];
  });
}
