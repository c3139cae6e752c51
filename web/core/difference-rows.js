/** A difference as a list that can be read: one row for each thing that differs. */

import { isBorder } from './subgraph-border.js';

/** @import { Level, NodeId } from '../types/document.d.ts' */
/** @import { FieldChange, LevelDifference, NodeChange, WireChange } from '../types/difference.d.ts' */
/** @import { GraphNode, Group } from '../types/document.d.ts' */

/**
 * @typedef {object} NodeRow
 * @property {'node'} what
 * @property {'added' | 'removed' | 'changed'} kind
 * @property {Readonly<GraphNode>} node as it is, or was
 * @property {NodeChange | null} change
 * @property {readonly FieldChange[]} values
 * @property {readonly Aspect[]} aspects what else differs
 * @property {readonly WireChange[]} wires
 */
/** @typedef {{ what: 'group', kind: 'added' | 'removed' | 'changed', group: Readonly<Group>, before: Readonly<Group> | null }} GroupRow */
/** @typedef {'renamed' | 'moved' | 'resized' | 'mode' | 'collapsed' | 'color' | 'details'} Aspect */
/** @typedef {NodeRow | GroupRow} Row */

/**
 * Nodes that were merely moved come last: they are the least of it.
 * @param {LevelDifference} difference
 * @param {Level} after
 * @returns {Row[]}
 */
export function differenceRows({ nodes, groups, wires }, after) {
  /** @type {Map<NodeId, WireChange[]>} */
  const into = new Map();
  for (const wire of wires) into.set(wire.to, [...(into.get(wire.to) ?? []), wire]);
  const present = new Map(after.nodes.map((node) => [node.id, node]));
  const replaced = new Set(nodes.added.map(({ id }) => id));
  /** @type {NodeRow[]} */
  const rows = [];
  const push = (
    /** @type {NodeRow['kind']} */ kind,
    /** @type {Readonly<GraphNode>} */ node,
    /** @type {NodeChange | null} */ change,
  ) => {
    const gone = kind === 'removed' && replaced.has(node.id);
    const own = gone ? [] : (into.get(node.id) ?? []);
    if (!gone) into.delete(node.id);
    rows.push({
      what: 'node',
      kind,
      node,
      change,
      values: change?.values ?? [],
      aspects: aspectsOf(change),
      wires: own,
    });
  };
  for (const node of nodes.added) push('added', node, null);
  for (const node of nodes.removed) push('removed', node, null);
  for (const change of nodes.changed) push('changed', change.after, change);
  // Nodes whose inputs alone are fed by others.
  for (const id of [...into.keys()]) {
    const node = present.get(id);
    if (node) push('changed', node, null);
  }
  /** @type {GroupRow[]} */
  const frames = [
    ...groups.added.map((group) => groupRow('added', group, null)),
    ...groups.removed.map((group) => groupRow('removed', group, null)),
    ...groups.changed.map(({ before, after: group }) => groupRow('changed', group, before)),
  ];
  const shown = rows.filter(({ node }) => !isBorder(node));
  return [...shown.filter((row) => !isMinor(row)), ...frames, ...shown.filter(isMinor)];
}

/** @param {GroupRow['kind']} kind @param {Readonly<Group>} group @param {Readonly<Group> | null} before @returns {GroupRow} */
const groupRow = (kind, group, before) => ({ what: 'group', kind, group, before });

/** Whether a node is but in another place, or of another size. @param {NodeRow} row */
export const isMinor = ({ kind, values, aspects, wires }) =>
  kind === 'changed' &&
  values.length === 0 &&
  wires.length === 0 &&
  aspects.every((aspect) => ['moved', 'resized', 'details'].includes(aspect));

/** @param {NodeChange | null} change @returns {Aspect[]} */
function aspectsOf(change) {
  if (!change) return [];
  const { fields } = change;
  const some = (/** @type {(keyof GraphNode)[]} */ ...names) => names.some((name) => fields.includes(name));
  /** @type {[Aspect, boolean][]} */
  const all = [
    ['renamed', some('title')],
    ['mode', some('mode')],
    ['color', some('color')],
    ['collapsed', some('collapsed')],
    ['moved', some('x', 'y')],
    ['resized', some('width', 'height')],
    ['details', some('savedInputs', 'savedOutputs', 'rest')],
  ];
  return all.filter(([, is]) => is).map(([aspect]) => aspect);
}
