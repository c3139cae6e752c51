/** The order in which nodes would be executed, as files number it. */

/** @import { NodeId, ReadonlyDocument } from '../types/document.d.ts' */

/**
 * @param {ReadonlyDocument} document
 * @returns {Map<NodeId, number>} each node's place; nodes of a cycle come last
 */
export function executionOrder(document) {
  /** @type {Map<NodeId, number>} */
  const missing = new Map(document.order.map((id) => [id, 0]));
  for (const link of document.links.values()) missing.set(link.to, (missing.get(link.to) ?? 0) + 1);
  const ready = document.order.filter((id) => missing.get(id) === 0);
  /** @type {Map<NodeId, number>} */
  const places = new Map();
  for (let next = 0; next < ready.length; next += 1) {
    const id = ready[next] ?? '';
    places.set(id, next);
    for (const link of document.linksOf(id)) {
      if (link.from !== id) continue;
      const left = (missing.get(link.to) ?? 0) - 1;
      missing.set(link.to, left);
      if (left === 0) ready.push(link.to);
    }
  }
  for (const id of document.order) if (!places.has(id)) places.set(id, places.size);
  return places;
}
