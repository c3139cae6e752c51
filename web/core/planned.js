/** Which nodes a job will come to, and in which order. */

import { executionOrder } from './execution-order.js';

/** @import { NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { SpecOf } from './sockets.js' */

const MUTED = 2;

/**
 * @param {ReadonlyDocument} document
 * @param {SpecOf} specOf
 * @param {readonly NodeId[]} [targets] only what these need; otherwise all that gives results
 * @returns {NodeId[]} in the order in which they are likely to run
 */
export function plannedNodes(document, specOf, targets) {
  const ends = targets ?? [...document.nodes.values()].filter((node) => specOf(node)?.outputNode).map(({ id }) => id);
  /** @type {Set<NodeId>} */
  const needed = new Set();
  const next = ends.filter((id) => document.nodes.has(id));
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (needed.has(id) || document.nodes.get(id)?.mode === MUTED) continue;
    needed.add(id);
    for (const { from } of document.linksInto(id)) next.push(from);
  }
  const places = executionOrder(document);
  return [...needed].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
}
