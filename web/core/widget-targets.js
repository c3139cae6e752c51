/** The widgets of the nodes before another one, as texts that name them: `KSampler.cfg`. */

/** @import { GraphNode, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */

/**
 * @param {Pick<ReadonlyDocument, 'nodes' | 'links'>} document
 * @param {NodeId} id
 * @param {(node: Readonly<GraphNode>) => { title: string, inputs: readonly InputSpec[] }} describe
 *   what a node is called where jobs run, and its inputs
 * @returns {string[]} those of the nearest nodes first; a node of which there is another of the same name by its id
 */
export function widgetTargets(document, id, describe) {
  const found = nodesBefore(document, id).map((node) => ({ node, ...describe(node) }));
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { title } of found) counts.set(title, (counts.get(title) ?? 0) + 1);
  return found.flatMap(({ node, title, inputs }) => {
    const name = counts.get(title) === 1 ? title : node.id;
    return inputs.filter((input) => input.widget && !input.options.widgetTarget).map((input) => `${name}.${input.name}`);
  });
}

/**
 * @param {Pick<ReadonlyDocument, 'nodes' | 'links'>} document
 * @param {NodeId} id
 */
function nodesBefore(document, id) {
  /** @type {Map<NodeId, NodeId[]>} */
  const sources = new Map();
  for (const { from, to } of document.links.values()) sources.set(to, [...(sources.get(to) ?? []), from]);
  const seen = new Set([id]);
  for (const node of seen) for (const source of sources.get(node) ?? []) seen.add(source);
  seen.delete(id);
  return [...seen].flatMap((each) => document.nodes.get(each) ?? []);
}
