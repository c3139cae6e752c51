/** What is selected: any number of nodes, or one link. */

import { batch, signal } from './signal.js';

/** @import { LinkId, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Selection } from '../types/selection.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/**
 * @param {ReadonlyDocument} document nodes and links that leave it leave the selection too
 * @returns {Selection}
 */
export function createSelection(document) {
  /** @type {Signal<ReadonlySet<NodeId>>} */
  const ids = signal(new Set());
  /** @type {Signal<LinkId | null>} */
  const link = signal(null);

  /** @param {Iterable<NodeId>} nodes @param {LinkId | null} chosen */
  function choose(nodes, chosen) {
    const next = new Set(nodes);
    batch(() => {
      if (!sameSet(next, ids.peek())) ids.set(next);
      link.set(chosen);
    });
  }

  document.onChange((change) => {
    if (!change.structure) return;
    const chosen = link.peek();
    choose(
      [...ids.peek()].filter((id) => document.nodes.has(id)),
      chosen !== null && document.links.has(chosen) ? chosen : null,
    );
  });

  return {
    ids,
    link,
    set: (nodes) => choose(nodes, null),
    toggle(id) {
      const next = new Set(ids.peek());
      if (!next.delete(id)) next.add(id);
      choose(next, null);
    },
    selectLink: (id) => choose([], id),
    clear: () => choose([], null),
  };
}

/** @param {ReadonlySet<NodeId>} a @param {ReadonlySet<NodeId>} b */
function sameSet(a, b) {
  return a.size === b.size && [...a].every((id) => b.has(id));
}
