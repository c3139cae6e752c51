/** Node types that exist in the editor alone (the server compiles them away), and how types of all kinds are found. */

import { savedOutput } from './sockets.js';
import { editorSpec } from './spec.js';
import { borderSpec, isBorder } from './subgraph-border.js';
import { Faces } from './subgraph-face.js';

/** @import { Definitions, GraphNode } from '../types/document.d.ts' */
/** @import { InputSpec, NodeSpec, OutputSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

/** @param {string} type @param {string} title @param {readonly InputSpec[]} inputs @param {readonly OutputSpec[]} outputs */
const graphSpec = (type, title, inputs, outputs) => editorSpec(type, title, 'graph', inputs, outputs);

/** @type {InputSpec} */
const ANYTHING = { name: '', type: '*', required: false, widget: false, choices: null, options: {} };
/** @type {InputSpec} */
const TEXT = {
  name: 'text',
  type: 'STRING',
  required: false,
  widget: true,
  choices: null,
  options: { multiline: true, default: '' },
};

/** @type {ReadonlyMap<string, NodeSpec>} */
export const VIRTUAL_SPECS = new Map([
  ['Reroute', graphSpec('Reroute', 'Reroute', [ANYTHING], [{ name: '', type: '*', list: false }])],
  ['Note', graphSpec('Note', 'Note', [TEXT], [])],
  ['MarkdownNote', graphSpec('MarkdownNote', 'Markdown note', [TEXT], [])],
]);

/** A primitive before anything is known of what it feeds. */
export const PRIMITIVE = graphSpec('PrimitiveNode', 'Primitive', [{ ...TEXT, name: 'value', options: {} }], [{ name: '*', type: '*', list: false }]);

/**
 * A primitive's one value has the type of what it feeds, which its file says of its output.
 * @param {Readonly<GraphNode>} node
 */
function primitiveSpec(node) {
  const type = node.savedOutputs[0]?.type ?? '*';
  const known = ['INT', 'FLOAT', 'STRING', 'BOOLEAN'].includes(type);
  /** @type {InputSpec} */
  const value = {
    name: 'value',
    type: known ? type : 'STRING',
    required: false,
    widget: true,
    choices: null,
    options: type === 'INT' ? { control_after_generate: true } : {},
  };
  return graphSpec('PrimitiveNode', 'Primitive', [value], node.savedOutputs.map(savedOutput));
}

/** The length of what the types of group nodes begin with. */
const GROUP_NODE = 'workflow>'.length;

/** Whether a node is of the form that subgraphs had in older files; the server knows what it is. @param {{ type: string }} node */
export const isGroupNode = ({ type }) => /^workflow[>/]/.test(type);

/**
 * How to find the spec of a node: the server's types, the editor's own, the document's subgraphs.
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {Definitions} [definitions]
 * @returns {SpecOf}
 */
export function specFinder(specs, definitions = new Map()) {
  const faces = new Faces(definitions, find);
  /** @type {SpecOf} */
  function find(node) {
    if (node.type === 'PrimitiveNode') return primitiveSpec(node);
    if (isBorder(node)) return borderSpec(node);
    const known = VIRTUAL_SPECS.get(node.type) ?? specs.get(node.type) ?? faces.spec(node);
    return known ?? (isGroupNode(node) ? graphSpec(node.type, node.type.slice(GROUP_NODE), [], []) : null);
  }
  return find;
}
