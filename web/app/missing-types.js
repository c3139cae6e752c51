/** The types of the document's nodes that are not installed. */

import { everyNode } from '../core/level-walk.js';
import { signal } from '../core/signal.js';

/** @import { NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */
/** @import { SpecOf } from '../core/sockets.js' */

/** @typedef {ReadonlyMap<string, readonly string[]>} MissingTypes the nodes of each type, by their ids from the root */

/**
 * @param {ReadonlyDocument} document
 * @param {ReadonlySignal<ReadonlyMap<string, NodeSpec>>} specs
 * @param {SpecOf} specOf
 * @returns {ReadonlySignal<MissingTypes>}
 */
export function followMissingTypes(document, specs, specOf) {
  /** @type {Signal<MissingTypes>} */
  const missing = signal(new Map());
  function look() {
    /** @type {Map<string, string[]>} */
    const found = new Map();
    for (const { place, node } of everyNode(document.contents())) {
      if (!specOf(node)) found.set(node.type, [...(found.get(node.type) ?? []), place]);
    }
    if (found.size > 0 || missing.peek().size > 0) missing.set(found);
  }
  document.onChange((change) => {
    const way = document.path.map((id) => `${id}:`).join('');
    const known = (/** @type {NodeId} */ id) => [...missing.peek().values()].some((ids) => ids.includes(way + id));
    if (change.structure || (missing.peek().size > 0 && [...change.nodes].some(known))) look();
  });
  specs.subscribe(look);
  return missing;
}
