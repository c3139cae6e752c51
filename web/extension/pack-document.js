/** The open document as packs read and change it. */

import { createNode } from '../core/create.js';
import {
  addNodes,
  compose,
  link,
  moveNodes,
  removeNodes,
  setColor,
  setTitle,
  setValue,
  unlink,
} from '../core/edits.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Edit, EditableDocument, GraphNode, NodeId } from '../types/document.d.ts' */
/** @import { NodeRun } from '../types/editor.d.ts' */
/** @import { PackDocument, PackEdits, PackNode, PackRun } from '../types/extension.d.ts' */
/** @import { Json } from '../types/spec.d.ts' */

const MODES = new Map([
  [2, /** @type {const} */ ('muted')],
  [4, /** @type {const} */ ('bypassed')],
]);

/**
 * A node as packs see it: a copy that stays what it was.
 * @param {Application} editor
 * @param {Readonly<GraphNode>} node
 * @returns {PackNode}
 */
export function packNode(editor, node) {
  const { id, type, x, y, width, height, collapsed, color } = node;
  const mode = MODES.get(node.mode) ?? 'active';
  const values = Object.freeze({ ...node.values });
  return Object.freeze({
    ...{ id, type, x, y, width, height, collapsed, color, mode, values },
    title: editor.nodeTitle(node),
  });
}

/** @param {NodeRun} run @returns {PackRun} */
export const packRun = ({ state, seconds, pictures, texts, problems }) => ({
  state,
  seconds,
  pictures: [...pictures],
  texts: [...texts],
  problems: problems.map(({ message }) => message),
});

/**
 * @param {Application} editor
 * @returns {PackDocument}
 */
export function createPackDocument(editor) {
  const { document, selection } = editor;
  const known = (/** @type {readonly NodeId[]} */ ids) => ids.filter((id) => document.nodes.has(id));
  return {
    nodes: () => document.order.flatMap((id) => documentNode(editor, id) ?? []),
    node: (id) => documentNode(editor, id),
    links: () => [...document.links.values()].map(({ from, output, to, input, type }) => ({ from, output, to, input, type })),
    selection: () => [...selection.ids.peek()],
    select: (ids) => selection.set(known(ids)),
    show: (ids) => editor.show(known(ids)),
    edit: (change) => editor.perform(editBy((edits) => change(packEdits(editor, edits)))),
    run: (id) => packRun(editor.run.node(id).peek()),
  };
}

/** @param {Application} editor @param {NodeId} id */
function documentNode(editor, id) {
  const node = editor.document.nodes.get(id);
  return node ? packNode(editor, node) : null;
}

/**
 * One edit of all those that `change` makes; when it throws, those that were made are taken back.
 * @param {(make: (edit: Edit) => void) => void} change
 * @returns {Edit}
 */
function editBy(change) {
  const label = 'edit.pack';
  return {
    label,
    apply(document) {
      /** @type {Edit[]} */
      const inverses = [];
      try {
        change((edit) => void inverses.unshift(edit.apply(document)));
      } catch (error) {
        takeBack(document, inverses);
        throw error;
      }
      return compose(label, inverses);
    },
  };
}

/** @param {EditableDocument} document @param {readonly Edit[]} inverses the newest first */
function takeBack(document, inverses) {
  for (const inverse of inverses) inverse.apply(document);
}

/**
 * @param {Application} editor
 * @param {(edit: Edit) => void} make
 * @returns {PackEdits}
 */
function packEdits(editor, make) {
  const { document, specs } = editor;
  const existing = (/** @type {NodeId} */ id) => {
    const node = document.nodes.get(id);
    if (!node) throw new Error(`The document has no node ${id}.`);
    return node;
  };
  return {
    setValue(node, input, value) {
      const known = editor.inputs(existing(node)).some(({ name, widget }) => name === input && widget);
      if (!known) throw new Error(`Node ${node} has no widget ${input}.`);
      make(setValue(node, input, value));
    },
    setTitle: (node, title) => make(setTitle(existing(node).id, title)),
    setColor: (node, color) => make(setColor([existing(node).id], color)),
    move: (node, x, y) => make(moveNodes(new Map([[existing(node).id, { x, y }]]))),
    add(type, place, values = {}) {
      const spec = specs.peek().get(type);
      if (!spec) throw new Error(`There is no node type ${type}.`);
      const node = createNode(spec, document.freshNodeId(), place);
      make(addNodes([{ ...node, values: { ...node.values, ...fitting(spec.inputs, values) } }]));
      return node.id;
    },
    remove: (node) => make(removeNodes([existing(node).id])),
    link(from, output, to, input) {
      if (!editor.outputs(existing(from))[output]) throw new Error(`Node ${from} has no output ${output}.`);
      if (!editor.inputs(existing(to)).some(({ name }) => name === input)) throw new Error(`Node ${to} has no input ${input}.`);
      const reason = editor.refusal(from, output, to, input);
      if (reason !== null) throw new Error(reason);
      const type = editor.outputType(from, output);
      make(link({ id: document.freshLinkId(), from, output, to, input, type }));
    },
    unlink(to, input) {
      const found = document.linkInto(existing(to).id, input);
      if (!found) throw new Error(`Input ${input} of node ${to} is not linked.`);
      make(unlink(found.id));
    },
  };
}

/**
 * @param {readonly { name: string, widget: boolean }[]} inputs
 * @param {Record<string, Json>} values
 * @throws {Error} when one of the values is for no widget
 */
function fitting(inputs, values) {
  const names = new Set(inputs.filter(({ widget }) => widget).map(({ name }) => name));
  for (const name of Object.keys(values)) if (!names.has(name)) throw new Error(`There is no widget ${name}.`);
  return values;
}
