/** Node types that exist in the editor alone (the server compiles them away), and instances of subgraphs. */

import { isRecord, listOf, recordOf, textOf } from './json.js';
import { savedOutput } from './sockets.js';

/** @import { GraphNode } from '../types/document.d.ts' */
/** @import { InputSpec, Json, NodeSpec, OutputSpec } from '../types/spec.d.ts' */
/** @import { SpecOf } from './sockets.js' */

/**
 * @param {string} type
 * @param {string} title
 * @param {readonly InputSpec[]} inputs
 * @param {readonly OutputSpec[]} outputs
 * @returns {NodeSpec}
 */
const virtual = (type, title, inputs, outputs) => ({
  type,
  title,
  description: '',
  category: 'graph',
  inputs,
  variadic: null,
  outputs,
  outputNode: false,
  version: 1,
  aliasOf: null,
  search: [],
  deprecated: false,
  experimental: false,
  module: 'editor',
});

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
  ['Reroute', virtual('Reroute', 'Reroute', [ANYTHING], [{ name: '', type: '*', list: false }])],
  ['Note', virtual('Note', 'Note', [TEXT], [])],
  ['MarkdownNote', virtual('MarkdownNote', 'Markdown note', [TEXT], [])],
]);

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
  return virtual('PrimitiveNode', 'Primitive', [value], node.savedOutputs.map(savedOutput));
}

/**
 * How to find the spec of a node: the server's types, the editor's own, the document's subgraphs.
 * @param {ReadonlyMap<string, NodeSpec>} specs
 * @param {Readonly<Record<string, Json>>} rest the fields of the document's file
 * @returns {SpecOf}
 */
export function specFinder(specs, rest) {
  const subgraphs = new Map(
    listOf(recordOf(rest['definitions'])['subgraphs'])
      .filter(isRecord)
      .map((definition) => {
        const id = textOf(definition['id'], '');
        return [id, virtual(id, textOf(definition['name'], id), [], [])];
      }),
  );
  return (node) => {
    if (node.type === 'PrimitiveNode') return primitiveSpec(node);
    return VIRTUAL_SPECS.get(node.type) ?? specs.get(node.type) ?? subgraphs.get(node.type) ?? null;
  };
}
