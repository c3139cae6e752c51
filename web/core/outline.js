/** A graph as a list: its nodes in the order of the work, and below each its inputs and outputs. */

import { fits } from './compatible.js';
import { executionOrder } from './execution-order.js';

/** @import { GraphNode, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { InputSpec, OutputSpec } from '../types/spec.d.ts' */

/**
 * @typedef {{ key: string, level: 1, kind: 'node', node: NodeId, open: boolean, at: number, count: number }
 *   | { key: string, level: 2, kind: 'input', node: NodeId, input: InputSpec, at: number, count: number }
 *   | { key: string, level: 2, kind: 'output', node: NodeId, output: number, spec: OutputSpec, at: number, count: number }} Row
 */
/** @typedef {(node: Readonly<GraphNode>) => readonly InputSpec[]} InputsOf */
/** @typedef {(node: Readonly<GraphNode>) => readonly OutputSpec[]} OutputsOf */
/** @typedef {{ document: ReadonlyDocument, inputs: InputsOf, outputs: OutputsOf, outputType(node: NodeId, output: number): string }} Graph */

/**
 * @param {Pick<Graph, 'document' | 'inputs' | 'outputs'>} graph
 * @param {ReadonlySet<NodeId>} open nodes whose inputs and outputs are listed
 * @returns {Row[]}
 */
export function outlineRows({ document, inputs, outputs }, open) {
  const places = executionOrder(document);
  const ids = [...document.order].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  return ids.flatMap((id, at) => {
    const node = document.nodes.get(id);
    if (!node) return [];
    /** @type {Row} */
    const head = { key: id, level: 1, kind: 'node', node: id, open: open.has(id), at, count: ids.length };
    if (!open.has(id)) return [head];
    const [taken, given] = [inputs(node), outputs(node)];
    const count = taken.length + given.length;
    return [
      head,
      ...taken.map((input, index) => /** @type {Row} */ ({ key: `${id}<${input.name}`, level: 2, kind: 'input', node: id, input, at: index, count })),
      ...given.map((spec, index) => /** @type {Row} */ ({ key: `${id}>${index}`, level: 2, kind: 'output', node: id, output: index, spec, at: taken.length + index, count })),
    ];
  });
}

/**
 * Every input that an output could be linked to: those of exactly its type before those that take several, sockets before
 * widgets.
 * @param {Graph} graph
 * @param {NodeId} from
 * @param {number} output
 * @returns {{ node: NodeId, input: InputSpec }[]}
 */
export function linkTargets(graph, from, output) {
  const type = graph.outputType(from, output);
  const before = reached(graph.document, from, (link) => [link.to, link.from]);
  const found = [...graph.document.nodes.values()]
    .filter(({ id }) => !before.has(id))
    .flatMap((node) => graph.inputs(node).filter((input) => fits(type, input.type)).map((input) => ({ node: node.id, input })));
  const rank = (/** @type {InputSpec} */ input) => (input.widget ? 2 : 0) + (input.type === type ? 0 : 1);
  return found.sort((a, b) => rank(a.input) - rank(b.input));
}

/**
 * Every output that could be linked to an input.
 * @param {Graph} graph
 * @param {NodeId} to
 * @param {InputSpec} input
 * @returns {{ node: NodeId, output: number, spec: OutputSpec }[]}
 */
export function linkSources(graph, to, input) {
  const after = reached(graph.document, to, (link) => [link.from, link.to]);
  return [...graph.document.nodes.values()]
    .filter(({ id }) => !after.has(id))
    .flatMap((node) => graph.outputs(node).map((spec, output) => ({ node: node.id, output, spec })))
    .filter(({ node, output }) => fits(graph.outputType(node, output), input.type))
    .sort((a, b) => Number(a.spec.type !== input.type) - Number(b.spec.type !== input.type));
}

/**
 * A node, and all that its links lead to in one direction.
 * @param {ReadonlyDocument} document
 * @param {NodeId} start
 * @param {(link: { from: NodeId, to: NodeId }) => [NodeId, NodeId]} direction where a link is entered, and where it leads
 */
function reached(document, start, direction) {
  const seen = new Set([start]);
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const link of document.linksOf(id)) {
      const [entry, exit] = direction(link);
      if (entry !== id || seen.has(exit)) continue;
      seen.add(exit);
      waiting.push(exit);
    }
  }
  return seen;
}
