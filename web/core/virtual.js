/** Node types that exist in the editor alone; the server compiles them away. */

/** @import { InputSpec, NodeSpec } from '../types/spec.d.ts' */

/**
 * @param {string} type
 * @param {string} title
 * @param {readonly InputSpec[]} inputs
 * @param {readonly { name: string, type: string }[]} outputs
 * @returns {NodeSpec}
 */
const virtual = (type, title, inputs, outputs) => ({
  type,
  title,
  description: '',
  category: 'graph',
  inputs,
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
  ['Reroute', virtual('Reroute', 'Reroute', [ANYTHING], [{ name: '', type: '*' }])],
  ['Note', virtual('Note', 'Note', [TEXT], [])],
  ['MarkdownNote', virtual('MarkdownNote', 'Markdown note', [TEXT], [])],
]);
