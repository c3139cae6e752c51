/** What is selected: any number of nodes, groups and points of links, or one link. */

import { readRoutes } from './reroutes.js';
import { batch, signal } from './signal.js';

/** @import { LinkId, NodeId, ReadonlyDocument } from '../types/document.d.ts' */
/** @import { Selection } from '../types/selection.d.ts' */
/** @import { Signal } from '../types/signal.d.ts' */

/**
 * @param {ReadonlyDocument} document what leaves it leaves the selection too
 * @returns {Selection}
 */
export function createSelection(document) {
  /** @type {Signal<ReadonlySet<NodeId>>} */
  const ids = signal(new Set());
  /** @type {Signal<ReadonlySet<number>>} */
  const groups = signal(new Set());
  /** @type {Signal<ReadonlySet<number>>} */
  const points = signal(new Set());
  /** @type {Signal<LinkId | null>} */
  const link = signal(null);

  /**
   * @param {Iterable<NodeId>} nodes
   * @param {Iterable<number>} [frames]
   * @param {Iterable<number>} [dots]
   * @param {LinkId | null} [chosen]
   */
  function choose(nodes, frames = [], dots = [], chosen = null) {
    batch(() => {
      assign(ids, nodes);
      assign(groups, frames);
      assign(points, dots);
      link.set(chosen);
    });
  }

  document.onChange((change) => {
    if (!change.structure && change.groups.size === 0) return;
    // Other levels have nodes of the same ids.
    if (change.level) return choose([]);
    const chosen = link.peek();
    const live = points.peek().size > 0 ? readRoutes(document.rest).points : new Map();
    choose(
      [...ids.peek()].filter((id) => document.nodes.has(id)),
      [...groups.peek()].filter((id) => document.groups.has(id)),
      [...points.peek()].filter((id) => live.has(id)),
      chosen !== null && document.links.has(chosen) ? chosen : null,
    );
  });

  return {
    ids,
    groups,
    points,
    link,
    set: (nodes, more = {}) => choose(nodes, more.groups, more.points),
    toggle: (id) => choose(toggled(ids.peek(), id), groups.peek(), points.peek()),
    toggleGroup: (id) => choose(ids.peek(), toggled(groups.peek(), id), points.peek()),
    togglePoint: (id) => choose(ids.peek(), groups.peek(), toggled(points.peek(), id)),
    selectLink: (id) => choose([], [], [], id),
    clear: () => choose([]),
  };
}

/** @template T @param {Signal<ReadonlySet<T>>} chosen @param {Iterable<T>} wanted */
function assign(chosen, wanted) {
  const next = new Set(wanted);
  const before = chosen.peek();
  if (next.size !== before.size || [...next].some((each) => !before.has(each))) chosen.set(next);
}

/** @template T @param {ReadonlySet<T>} set @param {T} item */
function toggled(set, item) {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}
