/** All nodes of a document, whatever level they are on, by their ids from the root: `instance:inner`, as jobs name them. */

import { isBorder } from './subgraph-border.js';
import { VIRTUAL_SPECS } from './virtual.js';

/** @import { Contents, Definitions, GraphNode, Level } from '../types/document.d.ts' */

/** @typedef {{ place: string, node: Readonly<GraphNode> }} Placed */

/** @param {string} prefix @param {Level} level @returns {Placed[]} */
const nodesOf = (prefix, { nodes }) =>
  nodes.filter((node) => !isBorder(node)).map((node) => ({ place: prefix + node.id, node }));

/**
 * Every node once: those of a subgraph that has several instances on the first way that leads to it.
 * @param {Contents} contents
 * @returns {Placed[]}
 */
export function everyNode(contents) {
  const { definitions = new Map() } = contents;
  const found = nodesOf('', contents);
  const seen = new Set();
  // It grows while it is gone through.
  for (const { place, node } of found) {
    const inner = definitions.get(node.type);
    if (!inner || seen.has(node.type)) continue;
    seen.add(node.type);
    found.push(...nodesOf(`${place}:`, inner));
  }
  return found;
}

/**
 * The nodes that a job has for one of the document: itself, or all that is in an instance and runs.
 * @param {Definitions} definitions
 * @param {string} place
 * @param {Readonly<GraphNode>} node
 * @returns {string[]}
 */
export function runningPlaces(definitions, place, node) {
  const found = [{ place, node }];
  /** @type {string[]} */
  const running = [];
  for (const each of found) {
    const inner = definitions.get(each.node.type);
    // What contains itself is refused by the server; here it only must have an end.
    if (inner && each.place.split(':').length > DEEPEST) continue;
    if (inner) found.push(...nodesOf(`${each.place}:`, inner).filter(({ node: { mode } }) => mode !== MUTED && mode !== BYPASSED));
    else if (!VIRTUAL_SPECS.has(each.node.type) && each.node.type !== 'PrimitiveNode') running.push(each.place);
  }
  return running;
}

const MUTED = 2;
const BYPASSED = 4;
const DEEPEST = 100;
