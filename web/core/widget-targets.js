/** The widgets of the nodes before another one, as texts that name them: `KSampler.cfg`, `Details › KSampler.cfg`. */

import { isBorder, OUTPUTS } from './subgraph-border.js';

/** @import { GraphNode, Link, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { InputSpec } from '../types/spec.d.ts' */

/** What a node is called where jobs run, and its inputs. @typedef {(node: Readonly<GraphNode>) => { title: string, inputs: readonly InputSpec[] }} Describe */
/** What is looked through. @typedef {Pick<ReadonlyDocument, 'nodes' | 'links' | 'path' | 'definitions'>} Shown */
/** `name` and `place` are both accepted by jobs; `name` is for people. @typedef {{ name: string, place: string, node: Readonly<GraphNode>, input: InputSpec }} Target */

/** What stands between the titles of a subgraph and of a node in it, as jobs read them (`graph/places.py`). */
const INSIDE = ' › ';

/**
 * @param {Shown} document
 * @param {NodeId} id
 * @param {Describe} describe
 * @returns {Target[]} those of the nearest nodes first; a node of which there is another of the same name by its id
 */
export function widgetTargets(document, id, describe) {
  const found = nodesBefore(document, id).flatMap((node) => within(document, node, document.path, [], describe));
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { title } of found) counts.set(title, (counts.get(title) ?? 0) + 1);
  return found.flatMap(({ node, place, title, inputs }) => {
    const name = counts.get(title) === 1 ? title : place;
    return inputs
      .filter((input) => input.widget && !input.options.widgetTarget)
      .map((input) => ({ name: `${name}.${input.name}`, place: `${place}.${input.name}`, node, input }));
  });
}

/**
 * A node; of an instance of a subgraph those that lead to the subgraph's outputs.
 *
 * @param {Shown} document
 * @param {Readonly<GraphNode>} node
 * @param {readonly string[]} path the instances that it is in
 * @param {readonly string[]} titles what they are called, but for those that lead to what is shown
 * @param {Describe} describe
 * @returns {{ node: Readonly<GraphNode>, place: string, title: string, inputs: readonly InputSpec[] }[]}
 */
function within(document, node, path, titles, describe) {
  const { title, inputs } = describe(node);
  const level = document.definitions.get(node.type);
  const names = [...titles, title];
  const place = [...path, node.id];
  if (!level) return [{ node, place: place.join(':'), title: names.join(INSIDE), inputs }];
  const inner = { nodes: new Map(level.nodes.map((each) => [each.id, each])), links: new Map(level.links.map((link) => [link.id, link])) };
  return nodesBefore(inner, OUTPUTS).flatMap((each) => (isBorder(each) ? [] : within(document, each, place, names, describe)));
}

/**
 * @template {Readonly<GraphNode>} Node
 * @param {{ nodes: ReadonlyMap<NodeId, Node>, links: ReadonlyMap<unknown, Readonly<Link>> }} level
 * @param {NodeId} id
 * @returns {Node[]}
 */
function nodesBefore({ nodes, links }, id) {
  /** @type {Map<NodeId, NodeId[]>} */
  const sources = new Map();
  for (const { from, to } of links.values()) sources.set(to, [...(sources.get(to) ?? []), from]);
  const seen = new Set([id]);
  for (const node of seen) for (const source of sources.get(node) ?? []) seen.add(source);
  seen.delete(id);
  return [...seen].flatMap((each) => nodes.get(each) ?? []);
}
