/** The types of the document's nodes that are not installed. */

import { signal } from '../core/signal.js';

/** @import { NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { NodeSpec } from '../types/spec.d.ts' */
/** @import { ReadonlySignal, Signal } from '../types/signal.d.ts' */
/** @import { SpecOf } from '../core/sockets.js' */

/** @typedef {ReadonlyMap<string, readonly NodeId[]>} MissingTypes the nodes of each type */

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
    /** @type {Map<string, NodeId[]>} */
    const found = new Map();
    for (const node of document.nodes.values()) {
      if (!specOf(node)) found.set(node.type, [...(found.get(node.type) ?? []), node.id]);
    }
    if (found.size > 0 || missing.peek().size > 0) missing.set(found);
  }
  document.onChange((change) => {
    if (change.structure) look();
  });
  specs.subscribe(look);
  return missing;
}
