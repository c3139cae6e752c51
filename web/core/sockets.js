/** What a node in a document can be linked by: its type's inputs and outputs, and those that only its file knows. */

/** @import { GraphNode, NodeId, ReadonlyDocument, Slot } from '../types/document.d.ts' */
/** @import { InputSpec, NodeSpec, OutputSpec } from '../types/spec.d.ts' */

/** @typedef {(node: Readonly<GraphNode>) => NodeSpec | null} SpecOf */

/** @param {Slot} slot @returns {InputSpec} */
const savedInput = (slot) => ({
  name: slot.name,
  type: slot.type,
  required: false,
  widget: false,
  choices: null,
  options: {},
});

/**
 * The inputs of a node in drawing order. Inputs that packs added to this one node (its file lists them, its type does
 * not) come last; a node of an unknown type has those alone.
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 * @returns {readonly InputSpec[]}
 */
export function inputsOf(node, spec) {
  if (!spec) return node.savedInputs.map(savedInput);
  const known = new Set(spec.inputs.map((input) => input.name));
  const added = node.savedInputs.filter((slot) => !known.has(slot.name));
  return added.length === 0 ? spec.inputs : [...spec.inputs, ...added.map(savedInput)];
}

/**
 * @param {Readonly<GraphNode>} node
 * @param {NodeSpec | null} spec
 * @returns {readonly OutputSpec[]}
 */
export function outputsOf(node, spec) {
  if (!spec) return node.savedOutputs;
  if (node.savedOutputs.length <= spec.outputs.length) return spec.outputs;
  return [...spec.outputs, ...node.savedOutputs.slice(spec.outputs.length)];
}

/**
 * The type that travels from an output. A reroute has the type of what feeds it.
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {NodeId} id
 * @param {number} output
 * @returns {string}
 */
export function outputType(document, specOf, id, output) {
  const seen = new Set();
  let node = document.nodes.get(id);
  while (node && node.type === 'Reroute' && !seen.has(node.id)) {
    seen.add(node.id);
    const [feeding] = document.linksOf(node.id).filter((link) => link.to === node?.id);
    if (!feeding) return '*';
    node = document.nodes.get(feeding.from);
    output = feeding.output;
  }
  return node ? (outputsOf(node, specOf(node))[output]?.type ?? '*') : '*';
}
