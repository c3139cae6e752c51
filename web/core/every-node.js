/** All nodes of a document, those inside subgraphs too, each as often as an instance leads to it. */

/** @import { Contents, GraphNode, NodeId } from '../types/document.d.ts' */

/** A file may put subgraphs into each other many times over. */
const MOST = 50_000;

/**
 * @param {Contents} contents
 * @returns {{ node: Readonly<GraphNode>, path: readonly Readonly<GraphNode>[] }[]} `path`: the instances on the way to it
 */
export function everyNode({ nodes, definitions = new Map() }) {
  /** @type {{ node: Readonly<GraphNode>, path: readonly Readonly<GraphNode>[] }[]} */
  const found = nodes.map((node) => ({ node, path: [] }));
  for (let next = 0; next < found.length && found.length < MOST; next += 1) {
    const { node, path } = found[next] ?? { node: null, path: [] };
    const inside = node && definitions.get(node.type);
    // A subgraph that contains itself is shown once.
    if (!inside || path.some(({ type }) => type === node.type)) continue;
    found.push(...inside.nodes.map((each) => ({ node: each, path: [...path, node] })));
  }
  return found;
}

/**
 * A node's place: ids from the root.
 * @param {readonly Readonly<GraphNode>[]} path
 * @param {NodeId} id
 */
export const placeOf = (path, id) => [...path.map((instance) => instance.id), id].join(':');
